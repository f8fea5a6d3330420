"""Where a number of the report comes from, and the command that computes just that number again.

``python -m descent_audit.trace ID`` prints the chain from the report back to parameters, seed and source;
``--recompute`` runs the arm behind the number and compares it with the table. The report shows the ID of every number.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from descent_audit.claims.catalogue import CONFIG, ROOT, Claim, check_scale, claim_names, load_claims
from descent_audit.claims.identifiers import Counted, Drawn, Observed, parse
from descent_audit.claims.validation import fault, unknown
from descent_audit.figures.kept import FOLDER
from descent_audit.records.made import check_made
from descent_audit.records.storage import StorageError, parameter_point, plain, read_json
from descent_audit.report.upkeep import fault_counts, reason_counts, speed_rows
from descent_audit.results import PLACE, read, read_sealed
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import modules, tabled

Chain = list[tuple[str, str]]
REFERENCE = ROOT / "reports" / "reference"
BENCHMARKS = ROOT / "benchmarks" / "results"
TABLES = {
    "statements.csv": "judgements.json and config/text/",
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
    line, row = find(read_sealed(results, "observations", claim.name), one)
    checks = read(results / "checks.csv")
    own = checks[checks[list(PLACE)].eq(row[list(PLACE)]).all(axis=1)]
    return [
        ("value", plain(row["value"])),
        *([("standard error", plain(row["standard_error"]))] if pd.notna(row["standard_error"]) else []),
        *([("replicates", plain(row["replicates"]))] if pd.notna(row["replicates"]) else []),
        ("predicted", plain(row["predicted"]) if pd.notna(row["predicted"]) else "no prediction"),
        *(("check", _check(check)) for _, check in own.iterrows()),
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
    path, table = counted_table(one.table, results)
    if table.empty:
        raise StorageError(f"{path}: found no rows for {one.table}, allowed: {TABLES[one.table]}")
    key = table.columns[0]
    found = table[table[key].eq(one.row)]
    if found.empty:
        raise unknown(str(path), key, one.row, table[key])
    if one.column not in table:
        raise unknown(str(path), "column", one.column, table.columns)
    return [
        ("value", plain(found[one.column].iloc[0])),
        ("counted in", f"{path}, line {found.index[0] + 2}, column {one.column}"),
        ("follows from", TABLES[one.table]),
    ]


def counted_table(table: str, results: Path) -> tuple[Path, pd.DataFrame]:
    """Return a table of counts and where it is read from. Raises ``StorageError``."""
    counts = {"faults.csv": fault_counts, "survivors.csv": reason_counts}
    if table in counts:
        return REFERENCE / "faults.csv", counts[table](read(REFERENCE / "faults.csv"))
    if table == "speed.csv":
        return BENCHMARKS, pd.DataFrame(speed_rows(BENCHMARKS))
    path = (REFERENCE if table in COMMITTED else results) / table
    return path, read(path)


def find(table: pd.DataFrame, one: Observed) -> tuple[int, pd.Series]:
    """Return the line in its file and the row of a number. Raises ``ConfigurationError`` where there is none."""
    for key in ("arm", "quantity", "at"):
        known, table = table[key].unique(), table[table[key].eq(getattr(one, key))]
        if table.empty and key == "at" and not one.at:
            raise fault(
                f"observations of {one.claim}",
                f"{one.arm}/{one.quantity}",
                "no point",
                f"{one.arm}/{one.quantity}[POINT] with POINT one of " + ", ".join(known),
            )
        if table.empty:
            raise unknown(f"observations of {one.claim}", key, getattr(one, key), known)
    return int(table.index[0]) + 2, table.iloc[0]


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
    manifest = read_manifest(results)
    if one.claim not in manifest["claims"]:
        raise unknown(str(results / "manifest.json"), "claims", one.claim, manifest["claims"])
    recipes = tabled(results, manifest["scale"])
    check_made(results, recipes.manifest)
    claim = recipes.claims[one.claim]
    if isinstance(one, Drawn):
        return drawn_chain(claim, results, manifest)
    scale = "" if manifest["scale"] == "full" else f" --scale {manifest['scale']}"
    command = f"python -m descent_audit.trace{scale} --recompute {shlex.quote(identifier)}"
    return [*observed_chain(one, claim, results, manifest), ("recompute", command)]


def read_manifest(results: Path) -> dict[str, Any]:
    """Return the manifest of a run. Raises ``StorageError``, which names a run at another scale where there is one."""
    path = results / "manifest.json"
    if not path.is_file():
        others = sorted(other.parent.name for other in results.parent.glob("*/manifest.json"))
        advice = f"; there is a run at another scale: --scale {others[0]}" if others else "; run snakemake --cores all"
        raise StorageError(f"{path}: found no finished run{advice}")
    manifest: dict[str, Any] = read_json(path)
    return manifest


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
        drift = f"a drift of {float(found) - float(stored):.3g}" if found else "no such number"
        sys.exit(f"recomputed: found {found or 'nothing'}, in the table: {stored} ({drift})")
    print(f"recomputed: {found}, equal to the last bit")


def _check(check: pd.Series) -> str:
    met = "met" if check["met"] else "not met"
    return f"{check['relation']}, allowed {plain(check['tolerance'])}: {met} (checks.csv)"


if __name__ == "__main__":
    main()
