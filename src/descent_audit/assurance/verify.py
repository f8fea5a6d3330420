"""A run against the committed reference: what changed, verdicts first, then numbers beyond their own tolerance.

On the platform of the reference, with its packages and kernels, all numbers that experiments report must be the same
to the last bit: those that expectations compare, and then predictions, standard errors and what is only shown.

``python -m descent_audit.assurance.verify --results results/full`` compares; with ``--update`` it makes the run the
reference and writes what changed into ``CHANGELOG.md``.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from descent_audit.claims.catalogue import ROOT
from descent_audit.records.storage import (
    OBSERVATION_COLUMNS,
    Row,
    json_text,
    number,
    read_json,
    read_sealed,
    read_table,
    read_text,
    reading_manifest,
    table_text,
    write_text,
)
from descent_audit.stages.programs import program

REFERENCE = ROOT / "reports" / "reference"
CHANGELOG = ROOT / "CHANGELOG.md"
LISTED = 20
"""Changed numbers that the changelog names before it counts the rest."""
TABLES = {
    "verdicts.csv": ("claim", "verdict"),
    "statements.csv": ("id", "verdict"),
    "checks.csv": ("claim", "arm", "quantity", "at", "relation", "tolerance", "value", "met"),
    "observations.csv": OBSERVATION_COLUMNS,
}
"""The columns that the reference keeps of each table; the last one holds the observations of all claims."""
ENVIRONMENT = "environment.json"
"""Packages, platform and kernels of the reference."""
CHECK_KEY = TABLES["checks.csv"][:5]
PLACE = CHECK_KEY[:4]
"""What names an observation."""


def environment(results: Path) -> dict[str, Any]:
    """Return the package versions, the platform and the numerical kernels of a run, from its manifest.

    Raises ``StorageError`` for a manifest that another version has written.
    """
    manifest = read_json(results / "manifest.json")
    with reading_manifest():
        return {key: manifest[key] for key in ("scale", "packages", "platform", "kernels")}


def kept(results: Path) -> dict[str, list[Row]]:
    """Return what a reference keeps of a run, by table. Raises ``StorageError`` where one cannot be read."""
    tables = {name: read_table(results / name) for name in TABLES if name != "observations.csv"}
    claims = [row["claim"] for row in tables["verdicts.csv"]]
    observed = [row for name in claims for row in read_sealed(results, "observations", name, OBSERVATION_COLUMNS)]
    return {**tables, "observations.csv": observed}


def changed_verdicts(old: Iterable[Row], new: Iterable[Row], key: str) -> Iterator[str]:
    """Yield a line for every verdict that is not what it was, or that is there in one of the tables only."""
    before, after = ({row[key]: row["verdict"] for row in rows} for rows in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name}: {before.get(name, 'absent')} -> {after.get(name, 'absent')}"


def changed_numbers(old: Iterable[Row], new: Iterable[Row], *, bitwise: bool) -> Iterator[str]:
    """Yield a line for every number that drifted.

    ``bitwise``: any other digit is a drift. Else a number may move within its own tolerance: by what ``close``
    allows, or anywhere on its side of a bound.
    """
    before, after = (_numbered(rows) for rows in (old, new))
    for key in sorted(before.keys() | after.keys()):
        place = " ".join(part for part in key if part)
        if key not in before or key not in after:
            yield f"{place}: {'new' if key in after else 'gone'}"
        elif _drifted(before[key], after[key], bitwise):
            values = before[key]["value"], after[key]["value"]
            yield f"{place}: {values[0] or 'none'} -> {values[1] or 'none'} (tolerance {after[key]['tolerance']})"


def changed_observations(old: Iterable[Row], new: Iterable[Row], compared: Iterable[Row]) -> Iterator[str]:
    """Yield a line for every other cell of an observation, but for the values that the checks ``compared`` hold."""
    before, after = ({_place(row): row for row in rows} for rows in (old, new))
    checked = {_place(row) for row in compared}
    for key in sorted(before.keys() | after.keys()):
        place = " ".join(part for part in key if part)
        if key in before and key in after:
            for column in OBSERVATION_COLUMNS:
                values = before[key][column], after[key][column]
                if values[0] != values[1] and not (column == "value" and key in checked):
                    yield f"{place}, {column}: {values[0] or 'none'} -> {values[1] or 'none'}"
        elif key not in checked:
            yield f"{place}: {'new' if key in after else 'gone'}"


def _place(row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in PLACE)


def _numbered(rows: Iterable[Row]) -> dict[tuple[str, ...], Row]:
    """Return checks by what they are about; the second and later ones on one number also by their count."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for row in rows:
        key = tuple(row[column] for column in CHECK_KEY)
        found[(*key, str(seen[key] or ""))] = row
        seen[key] += 1
    return found


def _drifted(old: Row, new: Row, bitwise: bool) -> bool:
    if old["met"] != new["met"]:
        return True
    if bitwise or old["value"] == new["value"]:
        return old["value"] != new["value"]
    if new["relation"] not in ("close", "equal"):
        return False
    return not abs(number(new["value"]) - number(old["value"])) <= number(new["tolerance"])


def differences(results: Path, reference: Path, *, bitwise: bool) -> dict[str, list[str]]:
    """Return the changed lines by headline. Raises ``StorageError`` where a table cannot be read."""
    old, new = {name: read_table(reference / name) for name in TABLES}, kept(results)
    observed = old["observations.csv"], new["observations.csv"]
    compared = [*old["checks.csv"], *new["checks.csv"]]
    return {
        "Verdicts of claims": list(changed_verdicts(old["verdicts.csv"], new["verdicts.csv"], "claim")),
        "Verdicts of statements": list(changed_verdicts(old["statements.csv"], new["statements.csv"], "id")),
        "Numbers": list(changed_numbers(old["checks.csv"], new["checks.csv"], bitwise=bitwise)),
        "Predictions, errors and numbers that are only shown": list(changed_observations(*observed, compared))
        if bitwise
        else [],
    }


def update(results: Path, reference: Path) -> None:
    """Make a run the reference. Raises ``StorageError``."""
    for name, rows in kept(results).items():
        write_text(reference / name, table_text(TABLES[name], rows))
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
    if options.update and not all((options.reference / name).is_file() for name in (*TABLES, ENVIRONMENT)):
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
