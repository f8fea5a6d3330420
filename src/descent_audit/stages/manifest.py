"""What a run was made of: digests of its tables, resolved configuration, code, package versions, platform, kernels.

``python -m descent_audit.stages.manifest --scale full --results results/full`` writes ``manifest.json``.
"""

import argparse
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from descent_audit.claims.catalogue import Claim, canonical
from descent_audit.claims.sources import PACKAGE, SOURCE, import_closure
from descent_audit.records.made import check_made, read_record, write_made
from descent_audit.records.storage import StorageError, digest, json_text
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import Recipes, judged, modules

PACKAGES = ("hydra-core", "jsonschema-rs", "matplotlib", "numpy", "omegaconf", "pypandoc_binary", "snakemake", "typst")
TABLES = ("checks.csv", "verdicts.csv", "statements.csv", "coverage.csv")


def manifest(results: Path, recipes: Recipes) -> dict[str, Any]:
    """Return the manifest of a run of some claims. Raises ``StorageError`` where a table cannot be read."""
    claims = {name: recipes.claims[name] for name in recipes.selected}
    try:
        digests = {name: digest((results / name).read_bytes()) for name in table_names(claims)}
    except OSError as error:
        raise StorageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return {
        "scale": recipes.scale,
        "seed": common_seed(results, recipes.selected),
        "tables": digests,
        "claims": {name: provenance(results, claim, recipes.scale) for name, claim in claims.items()},
        "sources": {path.relative_to(SOURCE).as_posix(): digest(path.read_bytes()) for path in sources(claims)},
        "packages": {name: version(name) for name in PACKAGES},
        "platform": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
        "kernels": kernels(),
    }


def kernels() -> dict[str, Any]:
    """Return what last digits depend on: the kernels that OpenBLAS is asked for, the vector extensions of NumPy."""
    vector = np.show_config(mode="dicts")["SIMD Extensions"]
    extensions = [*vector.get("baseline", ()), *vector.get("found", ())]
    return {"openblas": os.environ.get("OPENBLAS_CORETYPE", ""), "numpy": extensions}


def table_names(claims: Iterable[str]) -> list[str]:
    """Return the tables of a run of some claims, relative to its results."""
    return [*TABLES, *(f"{folder}/{name}.csv" for folder in ("observations", "curves") for name in claims)]


def common_seed(results: Path, names: Iterable[str]) -> int:
    """Return the root seed that the tables of some claims were made with. Raises ``StorageError`` for several."""
    seeds = sorted({read_record(results, name)["seed"] for name in names})
    if len(seeds) != 1:
        raise StorageError(f"{results}: found tables of {len(seeds)} seeds, allowed: one seed for a run")
    return int(seeds[0])


def provenance(results: Path, claim: Claim, scale: str) -> dict[str, Any]:
    """Return what the results of one claim were made of, by their record, and what is expected of them.

    Raises ``StorageError``.
    """
    made = read_record(results, claim.name)
    return {
        "config": made["arms"],
        "config_digest": digest(canonical(made["arms"]).encode("utf-8")),
        "expectations": digest(claim.judgement_slice(scale).encode("utf-8")),
        "code": made["code"],
    }


def sources(claims: Mapping[str, Claim]) -> list[Path]:
    """Return all source that makes the tables of a run of some claims, sorted."""
    stages = import_closure([f"{PACKAGE}.judge", f"{PACKAGE}.stages.tables"])
    return sorted({*stages, *(path for claim in claims.values() for path in modules(claim))})


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the manifest; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    options = parser.parse_args(arguments)
    recipes = judged(options.results, options.scale)
    check_made(options.results, recipes.tables)
    content = manifest(options.results, recipes)
    write_made(options.results, recipes.manifest, {"manifest.json": json_text(content)})


if __name__ == "__main__":
    main()
