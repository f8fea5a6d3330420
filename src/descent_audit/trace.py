"""Where a number of the report comes from, and the command that computes just that number again.

``python -m descent_audit.trace ID`` prints the chain from the report back to parameters, seed and source;
``--recompute`` runs the arm behind the number and compares it with the table. The report shows the ID of every number.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from descent_audit.claims.catalogue import CONFIG, ROOT, Claim, check_scale, claim_names, load_claims, read_claims
from descent_audit.claims.identifiers import Counted, Drawn, Observed, parse
from descent_audit.claims.validation import unknown
from descent_audit.figures.kept import FOLDER
from descent_audit.records.storage import (
    OBSERVATION_COLUMNS,
    Row,
    StorageError,
    number,
    parameter_point,
    plain,
    read_json,
    read_sealed,
    read_table,
)
from descent_audit.report.upkeep import committed, fault_counts, reason_counts, speed_rows
from descent_audit.stages.manifest import modules
from descent_audit.stages.programs import program

Chain = list[tuple[str, str]]
REFERENCE = ROOT / "reports" / "reference"
BENCHMARKS = ROOT / "benchmarks" / "results"
TABLES = {
    "statements.csv": "judgements.json and config/statements.yaml",
    "verdicts.csv": "judgements.json and config/claim/",
    "coverage.csv": "statements.csv",
    "calibration.csv": "runs of every claim that draws random numbers, under many root seeds: make calibrate",
    "stability.csv": "runs of every claim in other arithmetic and with other versions: make stability",
    "faults.csv": "faults put into a copy of the code one at a time, counted by place: make faults",
    "survivors.csv": "faults that no verdict notices, counted by reason: make faults",
    "speed.csv": "runs taken in turn, a file for each platform: make benchmark",
}
"""The tables of counts, and what each follows from."""
COMMITTED = ("calibration.csv", "stability.csv")
"""Those that are kept with the source."""


def observed_chain(one: Observed, claim: Claim, results: Path, manifest: dict[str, Any]) -> Chain:
    """Return the chain of a measured number. Raises ``ConfigurationError`` for an unknown arm, quantity or point."""
    rows = read_sealed(results, "observations", claim.name, OBSERVATION_COLUMNS)
    line, row = find(rows, one)
    checks = [
        check
        for check in read_table(results / "checks.csv")
        if all(check[key] == row[key] for key in ("claim", "arm", "quantity", "at"))
    ]
    return [
        ("value", row["value"]),
        *([("standard error", row["standard_error"])] if row["standard_error"] else []),
        *([("replicates", row["replicates"])] if row["replicates"] else []),
        ("predicted", row["predicted"] or "no prediction"),
        *(("check", _check(check)) for check in checks),
        ("measured in", f"{results / 'observations' / claim.name}.csv, line {line}; equal to its seal"),
        *origin(claim, one.arm, manifest),
    ]


def origin(claim: Claim, arm: str, manifest: dict[str, Any]) -> Chain:
    """Return what the results of an arm follow from: parameters, seed, experiment, source."""
    made = manifest["claims"][claim.name]
    parameters = {key: value for key, value in made["config"][arm].items() if key != "_target_"}
    return [
        ("experiment", made["config"][arm]["_target_"]),
        *((f"  {key}", str(value)) for key, value in parameters.items()),
        ("seed", f"{manifest['seed']}, spawned for claim {claim.name}, arm {arm}"),
        ("parameters", f"{claim.file}, sha256 {made['config_digest']}"),
        ("code", f"{len(modules(claim))} files of the package, sha256 {made['code']}"),
        ("packages", ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())),
    ]


def drawn_chain(claim: Claim, results: Path, manifest: dict[str, Any]) -> Chain:
    """Return the chain of a figure."""
    figure, kept = (folder / "figures" / claim.name for folder in (results, results / FOLDER))
    return [
        ("figure", f"{figure}.svg; snakemake figures draws it as PDF and PNG too"),
        ("drawn from", f"{results / 'curves' / claim.name}.csv, key figure of {claim.file}"),
        *origin(claim, "claim", manifest),
        (
            "recompute",
            f"rm -f {kept}.* && snakemake --cores all {figure}.svg --force --config scale={manifest['scale']}",
        ),
    ]


def counted_chain(one: Counted, results: Path) -> Chain:
    """Return the chain of a cell of a table. Raises ``ConfigurationError`` for an unknown table, row or column."""
    if one.table not in TABLES:
        raise unknown("command line", "ID", one.table, TABLES)
    path, rows = table_rows(one.table, results)
    if not rows:
        raise StorageError(f"{path}: found no rows for {one.table}, allowed: {TABLES[one.table]}")
    key = next(iter(rows[0]))
    found = [(line, row) for line, row in enumerate(rows, 2) if row[key] == one.row]
    if not found:
        raise unknown(str(path), key, one.row, [row[key] for row in rows])
    line, row = found[0]
    if one.column not in row:
        raise unknown(str(path), "column", one.column, row)
    return [
        ("value", str(row[one.column])),
        ("counted in", f"{path}, line {line}, column {one.column}"),
        ("follows from", TABLES[one.table]),
    ]


def table_rows(table: str, results: Path) -> tuple[Path, Sequence[Mapping[str, Any]]]:
    """Return the rows of a table of counts and where they are read from. Raises ``StorageError``."""
    counts = {"faults.csv": fault_counts, "survivors.csv": reason_counts}
    if table in counts:
        return REFERENCE / "faults.csv", counts[table](committed(REFERENCE, "faults"))
    if table == "speed.csv":
        return BENCHMARKS, speed_rows(BENCHMARKS)
    path = (REFERENCE if table in COMMITTED else results) / table
    return path, read_table(path)


def find(rows: Sequence[Row], one: Observed) -> tuple[int, Row]:
    """Return the line in its file and the row of a number. Raises ``ConfigurationError`` where there is none."""
    found = list(enumerate(rows, 2))
    for key in ("arm", "quantity", "at"):
        known = {row[key] for _, row in found}
        found = [(line, row) for line, row in found if row[key] == getattr(one, key)]
        if not found:
            raise unknown(f"observations of {one.claim}", key, getattr(one, key), known)
    return found[0]


def recomputed(one: Observed, claim: Claim, manifest: dict[str, Any]) -> str:
    """Run the arm behind a number, and return the number as the table writes it; empty where it is not reported."""
    from descent_audit.stages.arms import simulate  # NumPy, where the chain alone needs none

    arms = [arm for arm in claim.arms(manifest["scale"]) if arm.name == one.arm]
    (_, report), *_ = simulate(claim.name, arms, manifest["seed"])
    same = (found for found in report.measured if (found.quantity, parameter_point(found.at)) == (one.quantity, one.at))
    return next((plain(float(found.value)) for found in same), "")


def trace(identifier: str, results: Path) -> Chain:
    """Return the chain of a number or a figure. Raises ``ConfigurationError`` or ``StorageError``."""
    one = parse(identifier)
    if isinstance(one, Counted):
        return counted_chain(one, results)
    if one.claim not in claim_names(CONFIG):
        raise unknown("command line", "ID", one.claim, claim_names(CONFIG))
    manifest, claim = read_json(results / "manifest.json"), read_claims([one.claim])[one.claim]
    if claim.name not in manifest["claims"]:
        raise unknown(str(results / "manifest.json"), "claims", claim.name, manifest["claims"])
    if isinstance(one, Drawn):
        return drawn_chain(claim, results, manifest)
    scale = "" if manifest["scale"] == "full" else f" --scale {manifest['scale']}"
    command = f"python -m descent_audit.trace{scale} --recompute {shlex.quote(identifier)}"
    return [*observed_chain(one, claim, results, manifest), ("recompute", command)]


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Print the chain; exit code 1 for a fault (one line) and for a number that is not found again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("id", metavar="ID", help="claim/arm/quantity[point], table.csv/row/column, or a claim")
    parser.add_argument("--scale", default="full")
    parser.add_argument("--results", type=Path, help="the folder of the run; results/<scale> where it is not given")
    parser.add_argument("--recompute", action="store_true", help="run the arm behind the number")
    options = parser.parse_args(arguments)
    results = options.results or Path("results") / check_scale(options.scale)
    chain = [("number", options.id), *trace(options.id, results)]
    width = max(len(label) for label, _ in chain)
    print("\n".join(f"{label:<{width}}  {text}" for label, text in chain))
    one = parse(options.id)
    if options.recompute and isinstance(one, Observed):
        claim = load_claims([one.claim])[one.claim]
        check_recomputed(recomputed(one, claim, read_json(results / "manifest.json")), dict(chain)["value"])


def check_recomputed(found: str, stored: str) -> None:
    """Print what was found again; exit with one line where it is not the number of the table."""
    if found != stored:
        drift = f"a drift of {number(found) - number(stored):.3g}" if found else "no such number"
        sys.exit(f"recomputed: found {found or 'nothing'}, in the table: {stored} ({drift})")
    print(f"recomputed: {found}, equal to the last bit")


def _check(check: Row) -> str:
    met = "met" if check["met"] == "true" else "not met"
    return f"{check['relation']}, allowed {check['tolerance'] or 'exactly'}: {met} (checks.csv)"


if __name__ == "__main__":
    main()
