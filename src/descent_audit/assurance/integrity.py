"""What no longer follows from what: a run's manifest against the files that are there now.

``python -m descent_audit.assurance.integrity --results results/full`` prints a line for every file that is not the
one that the run was made of, or that the run wrote. The exit code is 1 where a table was changed after it was
written; an edited configuration or source is a note, since a new run is the answer to it.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from descent_audit.claims.catalogue import ROOT, Claim, read_claims, root_seed
from descent_audit.claims.sources import PACKAGE, SOURCE, import_closure
from descent_audit.records.made import changed_values
from descent_audit.records.storage import digest, read_json
from descent_audit.stages.manifest import table_names
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import modules, simulation

SHOWN = 5
"""Claims that a line names before it counts the rest."""
FOLLOWS = {
    "observations": "checks.csv, verdicts.csv and statements.csv no longer follow from it",
    "curves": "figures/{claim}.svg no longer follows from it",
    "checks.csv": "it no longer follows from the observations, nor the report from it",
    "verdicts.csv": "it no longer follows from the checks, nor the report from it",
    "statements.csv": "it no longer follows from the verdicts, nor the report from it",
    "coverage.csv": "it no longer follows from the verdicts, nor the report from it",
}


def changed_tables(results: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every table that is gone, or that is not what the run wrote."""
    for name in table_names(manifest["claims"]):
        path = results / name
        found = digest(path.read_bytes()) if path.is_file() else None
        if found != manifest["tables"].get(name):
            folder, _, file = name.rpartition("/")
            follows = FOLLOWS[folder or file].format(claim=Path(file).stem)
            yield f"{path}: {'missing' if found is None else 'changed since the run wrote it'}; {follows}"


def changed_configuration(manifest: Mapping[str, Any], claims: Mapping[str, Claim]) -> Iterator[str]:
    """Yield a line for every parameter or expectation that is not the run's, and for another root seed."""
    scale = manifest["scale"]
    if root_seed() != manifest["seed"]:
        yield f"config/config.yaml: seed: {manifest['seed']} -> {root_seed()}; no sampled observation follows from it"
    for name, made in manifest["claims"].items():
        observations = f"observations/{name}.csv"
        if name not in claims:
            yield f"config/claim: {name}: missing; {observations} no longer follows from it"
            continue
        label, present = claims[name].file, simulation(claims[name], claims[name].arms(scale), root_seed())
        for key, old, new in changed_values(made["config"], present.parts["arms"]):
            yield f"{label}: {key}: {old} -> {new}; {observations} no longer follows from it"
        if made["expectations"] != digest(claims[name].judgement_slice(scale).encode("utf-8")):
            yield f"{label}: expect: changed; the verdict of {name} no longer follows from it"


def changed_sources(manifest: Mapping[str, Any], claims: Mapping[str, Claim]) -> Iterator[str]:
    """Yield a line for every source file that is not the run's, with the tables that were made by it."""
    stages = {stage: set(import_closure([f"{PACKAGE}.{stage}"])) for stage in ("judge", "stages.tables")}
    behind = {name: modules(claim) for name, claim in claims.items() if name in manifest["claims"]}
    for name, made in manifest["sources"].items():
        path = SOURCE / name
        found = digest(path.read_bytes()) if path.is_file() else None
        if found != made:
            tables = [
                *_some([f"observations/{claim}.csv" for claim, paths in behind.items() if path in paths]),
                *(["checks.csv and all verdicts"] if path in stages["judge"] else []),
                *(["verdicts.csv, statements.csv"] if path in stages["stages.tables"] - stages["judge"] else []),
            ]
            change = "missing" if found is None else "changed since the run"
            yield f"{path.relative_to(ROOT)}: {change}; no longer follows from it: {', '.join(tables) or 'any table'}"


def _some(names: Sequence[str]) -> list[str]:
    """Return the first names, and the number of the others."""
    rest = len(names) - SHOWN
    return [*names[:SHOWN], *([f"observations of {rest} more claims"] if rest > 0 else [])]


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Print the findings; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    options = parser.parse_args(arguments)
    if not (options.results / "manifest.json").is_file():
        print(f"{options.results}: no run is complete here")
        return
    manifest, claims = read_json(options.results / "manifest.json"), read_claims()
    tampered = list(changed_tables(options.results, manifest))
    notes = [*changed_configuration(manifest, claims), *changed_sources(manifest, claims)]
    print("\n".join([*tampered, *notes]) or f"{options.results}: every table follows from what is here")
    if tampered:
        sys.exit(f"{len(tampered)} tables are not what the run wrote; to make them again: snakemake --cores all -F")


if __name__ == "__main__":
    main()
