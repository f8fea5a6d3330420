"""A run against the committed reference: what changed, verdicts first, then numbers beyond their own tolerance.

On the platform of the reference, with its packages and kernels, all numbers that experiments report must be the same
to the last bit: those that expectations compare, and then predictions, standard errors and what is only shown.

``python -m descent_audit.assurance.verify --results results/full`` compares; with ``--update`` it makes the run the
reference and writes what changed into ``CHANGELOG.md``.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from descent_audit.claims.catalogue import ROOT
from descent_audit.records.made import short
from descent_audit.records.storage import digest, json_text, plain, read_json, read_text, reading_manifest, write_text
from descent_audit.results import PLACE, csv_text, frame, read, read_sealed
from descent_audit.results import TABLES as RESULTS
from descent_audit.stages.programs import program

REFERENCE = ROOT / "reports" / "reference"
CHANGELOG = ROOT / "CHANGELOG.md"
LISTED = 20
"""Changed numbers that the changelog names before it counts the rest."""
TABLES = {
    "verdicts": ("claim", "section", "verdict", "worst_quantity", "control_failed", "counterexample_shown"),
    "statements": ("id", "section", "force", "verdict", "contradicted_by", "refuted_by", "limits", "claims"),
    "coverage": tuple(RESULTS["coverage"]),
    "checks": (*PLACE, "relation", "tolerance", "value", "met"),
    "observations": tuple(RESULTS["observations"]),
    "outlines": tuple(RESULTS["outlines"]),
}
"""The columns that the reference keeps of each table; the last two are of all claims, and outlines of their curves."""
SERIES = ("claim", "arm", "panel", "series", "role")
"""What names a curve."""
DIGITS = ("worst_quantity", "sha256")
"""Columns that last digits decide: compared on the same platform alone."""
ENVIRONMENT = "environment.json"
"""Packages, platform and kernels of the reference."""
FILES = (*(f"{name}.csv" for name in TABLES), ENVIRONMENT)
READ = ("verdicts", "statements", "coverage", "checks")
KEYS = {"verdicts": ("claim",), "statements": ("id",), "coverage": ("section",), "outlines": SERIES}
"""What names a row of the tables that are compared cell by cell."""
CHECK_KEY = (*PLACE, "relation")
NEW_OR_GONE = {"left_only": "gone", "right_only": "new"}
"""Words for a row that only one of two joined tables has."""


def environment(results: Path) -> dict[str, Any]:
    """Return the package versions, the platform and the numerical kernels of a run, from its manifest.

    Raises ``StorageError`` for a manifest that another version has written.
    """
    manifest = read_json(results / "manifest.json")
    with reading_manifest():
        return {key: manifest[key] for key in ("scale", "packages", "platform", "kernels")}


def kept(results: Path) -> dict[str, pd.DataFrame]:
    """Return what a reference keeps of a run, by table. Raises ``StorageError`` where one cannot be read."""
    tables = {name: read(results / f"{name}.csv")[list(TABLES[name])] for name in READ}
    names = tables["verdicts"]["claim"]
    observed = [read_sealed(results, "observations", name) for name in names]
    curves = [outlines(read_sealed(results, "curves", name)) for name in names]
    whole = {"observations": observed, "outlines": curves}
    return {**tables, **{name: pd.concat(parts, ignore_index=True) for name, parts in whole.items()}}


def outlines(curves: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every curve of a claim: how many points it has, and the digest of all that is drawn of them."""
    rows = [
        {
            **dict(zip(SERIES, named, strict=True)),
            "points": len(points),
            "sha256": digest(csv_text(points).encode("utf-8")),
        }
        for named, points in curves.groupby(list(SERIES), sort=True)
    ]
    return frame("outlines", rows)


def joined(old: pd.DataFrame, new: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return both tables side by side, rows by their keys in order; ``side`` says which of them has a row."""
    return old.merge(new, on=list(keys), how="outer", suffixes=("_old", "_new"), indicator="side", sort=True)


def changed_verdicts(old: pd.DataFrame, new: pd.DataFrame, key: str) -> Iterator[str]:
    """Yield a line for every verdict that is not what it was, or that is there in one of the tables only."""
    both = joined(old, new, [key]).fillna({"verdict_old": "absent", "verdict_new": "absent"})
    for row in both[both["verdict_old"] != both["verdict_new"]].itertuples():
        yield f"{getattr(row, key)}: {row.verdict_old} -> {row.verdict_new}"


def changed_cells(old: pd.DataFrame, new: pd.DataFrame, keys: Sequence[str], *, bitwise: bool) -> Iterator[str]:
    """Yield a line for every row that is gone or new, and for every other cell that changed but for verdicts.

    Columns that last digits decide are compared where ``bitwise``.
    """
    columns = [name for name in old if name not in (*keys, "verdict") and (bitwise or name not in DIGITS)]
    for row in joined(old, new, keys).itertuples():
        place = " ".join(part for part in (getattr(row, key) for key in keys) if part)
        if row.side != "both":
            yield f"{place}: {NEW_OR_GONE[row.side]}"
            continue
        for column in columns:
            values = _cell(getattr(row, f"{column}_old")), _cell(getattr(row, f"{column}_new"))
            if values[0] != values[1]:
                yield f"{place}, {column}: {short(values[0])} -> {short(values[1])}"


def changed_numbers(old: pd.DataFrame, new: pd.DataFrame, *, bitwise: bool) -> Iterator[str]:
    """Yield a line for every number that drifted.

    ``bitwise``: any other digit is a drift. Else a number may move within its own tolerance: by what ``close``
    allows, or anywhere on its side of a bound.
    """
    for row in joined(_numbered(old), _numbered(new), (*CHECK_KEY, "count")).itertuples():
        place = " ".join(part for part in (*(getattr(row, key) for key in CHECK_KEY), str(row.count or "")) if part)
        if row.side != "both":
            yield f"{place}: {NEW_OR_GONE[row.side]}"
        elif _drifted(row, bitwise):
            yield f"{place}: {_cell(row.value_old)} -> {_cell(row.value_new)} (tolerance {_cell(row.tolerance_new)})"


def changed_observations(old: pd.DataFrame, new: pd.DataFrame, compared: pd.DataFrame) -> Iterator[str]:
    """Yield a line for every other cell of an observation, but for the values that the checks ``compared`` hold."""
    checked = set(compared[list(PLACE)].itertuples(index=False, name=None))
    for row in joined(_once(old), _once(new), tuple(PLACE)).itertuples():
        key = tuple(getattr(row, part) for part in PLACE)
        place = " ".join(part for part in key if part)
        if row.side == "both":
            for column in (name for name in TABLES["observations"] if name not in PLACE):
                values = _cell(getattr(row, f"{column}_old")), _cell(getattr(row, f"{column}_new"))
                if values[0] != values[1] and not (column == "value" and key in checked):
                    yield f"{place}, {column}: {values[0]} -> {values[1]}"
        elif key not in checked:
            yield f"{place}: {NEW_OR_GONE[row.side]}"


def _once(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last row of every observation."""
    return table.drop_duplicates(list(PLACE), keep="last")


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Return checks with a count that tells the second and later ones on one number."""
    return table.assign(count=table.groupby(list(CHECK_KEY)).cumcount())


def _cell(value: object) -> str:
    return "none" if pd.isna(value) else plain(value)


def _drifted(row: Any, bitwise: bool) -> bool:
    old, new = row.value_old, row.value_new
    same = old == new or (pd.isna(old) and pd.isna(new))
    if row.met_old != row.met_new:
        return True
    if bitwise or same:
        return not same
    if row.relation not in ("close", "equal"):
        return False
    return not abs(new - old) <= row.tolerance_new


def differences(results: Path, reference: Path, *, bitwise: bool) -> dict[str, list[str]]:
    """Return the changed lines by headline. Raises ``StorageError`` where a table cannot be read."""
    old = {name: read(reference / f"{name}.csv", columns) for name, columns in TABLES.items()}
    new = kept(results)
    observed = old["observations"], new["observations"]
    compared = pd.concat([old["checks"], new["checks"]])
    cells = {name: list(changed_cells(old[name], new[name], keys, bitwise=bitwise)) for name, keys in KEYS.items()}
    return {
        "Verdicts of claims": list(changed_verdicts(old["verdicts"], new["verdicts"], "claim")),
        "Verdicts of statements": list(changed_verdicts(old["statements"], new["statements"], "id")),
        "Numbers": list(changed_numbers(old["checks"], new["checks"], bitwise=bitwise)),
        "Predictions, errors and numbers that are only shown": list(changed_observations(*observed, compared))
        if bitwise
        else [],
        "Other cells of verdicts, statements and coverage": [
            *(f"verdicts: {line}" for line in cells["verdicts"]),
            *(f"statements: {line}" for line in cells["statements"]),
            *(f"coverage: {line}" for line in cells["coverage"]),
        ],
        "Curves": cells["outlines"],
    }


def update(results: Path, reference: Path) -> None:
    """Make a run the reference. Raises ``StorageError``."""
    for name, table in kept(results).items():
        write_text(reference / f"{name}.csv", csv_text(table))
    write_text(reference / ENVIRONMENT, json_text(environment(results)))


def changelog_entry(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what changed as lines of the changelog; none where nothing did."""
    return [
        line
        for headline, changes in found.items()
        if changes
        for line in (
            f"- **Reference. {headline}:** {len(changes)} changed.",
            *(f"  - {change}" for change in changes[:LISTED]),
            *([f"  - and {len(changes) - LISTED} more"] if len(changes) > LISTED else []),
        )
    ]


def with_entry(changelog: str, day: str, entry: Sequence[str]) -> str:
    """Return the changelog with lines put first under the heading of a day, which is made where it is missing."""
    heading, text = f"## {day}\n", "\n".join(entry) + "\n"
    before, found, after = changelog.partition(heading)
    if found:
        return f"{before}{heading}\n{text}{after}"
    title, first, rest = changelog.partition("\n## ")
    return f"{title}\n{heading}\n{text}{first}{rest}"


def report(found: Mapping[str, Sequence[str]], *, bitwise: bool) -> str:
    """Return the comparison as text; it says how equality was meant."""
    meant = "bit for bit (same platform, versions, kernels)", "within tolerances (another platform, version or kernel)"
    lines = [f"Compared {meant[not bitwise]}."]
    for headline, changes in found.items():
        lines += [f"{headline}: {len(changes)} changed", *(f"  {change}" for change in changes)]
    return "\n".join(lines)


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Compare or update; exit code 1 where anything changed, one line for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--changelog", type=Path, default=CHANGELOG)
    options = parser.parse_args(arguments)
    if options.update and not all((options.reference / name).is_file() for name in FILES):
        update(options.results, options.reference)
        print(f"{options.reference}: a new reference, there was no whole one")
        return
    bitwise = read_json(options.reference / ENVIRONMENT) == environment(options.results)
    found = differences(options.results, options.reference, bitwise=bitwise)
    if options.update:
        changelog = read_text(options.changelog)
        update(options.results, options.reference)
        if entry := changelog_entry(found):
            write_text(options.changelog, with_entry(changelog, date.today().isoformat(), entry))
    print(report(found, bitwise=bitwise))
    sys.exit(1 if any(found.values()) and not options.update else 0)


if __name__ == "__main__":
    main()
