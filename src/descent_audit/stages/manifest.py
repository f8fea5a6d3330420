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

from descent_audit.claims.catalogue import Claim, check_scale, read_claims, root_seed, select_claims
from descent_audit.claims.sources import PACKAGE, SOURCE, code_digest, import_closure
from descent_audit.records.storage import StorageError, digest, json_text, write_text
from descent_audit.stages.programs import program

PACKAGES = ("hydra-core", "jsonschema-rs", "matplotlib", "numpy", "omegaconf", "pypandoc_binary", "snakemake", "typst")
TABLES = ("checks.csv", "verdicts.csv", "statements.csv", "coverage.csv")


def manifest(results: Path, scale: str, claims: Mapping[str, Claim]) -> dict[str, Any]:
    """Return the manifest of a run of some claims. Raises ``StorageError`` where a table cannot be read."""
    try:
        digests = {name: digest((results / name).read_bytes()) for name in table_names(claims)}
    except OSError as error:
        raise StorageError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return {
        "scale": scale,
        "seed": root_seed(),
        "tables": digests,
        "claims": {name: provenance(claim, scale) for name, claim in claims.items()},
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


def provenance(claim: Claim, scale: str) -> dict[str, Any]:
    """Return what the results of one claim follow from: parameters, what is expected, and code."""
    return {
        "config": config(claim, scale),
        "config_digest": digest(claim.simulation_slice(scale).encode("utf-8")),
        "expectations": digest(claim.judgement_slice(scale).encode("utf-8")),
        "code": code_digest(modules(claim)),
    }


def config(claim: Claim, scale: str) -> dict[str, Any]:
    """Return the resolved parameters of every arm."""
    return {arm.name: {"_target_": arm.target, **arm.parameters} for arm in claim.arms(scale)}


def modules(claim: Claim) -> tuple[Path, ...]:
    """Return all source that makes the claim's observations, sorted."""
    return tuple(sorted({*import_closure([f"{PACKAGE}.stages.observe"]), *claim.modules()}))


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
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    options = parser.parse_args(arguments)
    claims = read_claims(select_claims(options.claims))
    content = manifest(options.results, check_scale(options.scale), claims)
    write_text(options.results / "manifest.json", json_text(content))


if __name__ == "__main__":
    main()
