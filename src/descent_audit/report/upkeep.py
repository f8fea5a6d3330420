"""What the report says of the audit itself: which faults it notices, how stable it is, and what it costs.

All was measured before, by ``make faults``, ``calibrate``, ``stability`` and ``benchmark``, and is committed; a run of
the audit reads it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from descent_audit.records.storage import Row, StorageError, number, read_json, read_table
from descent_audit.report.wording import shown_number

COMMITTED = {
    "calibration": ("claim", "seeds", "same_verdict", "controls_rejected", "laws", "adjusted_p"),
    "stability": ("variation", "numpy", "claims", "same_verdict", "numbers", "moved", "beyond", "changed"),
    "faults": ("source", "module", "outcome", "seen_by", "because"),
}
"""Committed tables, and their columns that the report reads."""
MACHINE = ("platform", "cores", "packages", "claims", "scale")
"""What a file of benchmarks says of where it was measured."""
MEASURED = ("what", "median", "low", "high", "rounds", "aim")
SPEED = {
    "whole": (*MEASURED, "over"),
    "stages": ("stage", "times", "each", "seconds", "share"),
    "kernels": (*MEASURED, "over"),
    "growth": ("what", "against", "smallest", "largest", "first", "last", "unit", "exponent"),
    "interaction": MEASURED,
}
"""Tables of a file of benchmarks, and their columns that the report reads."""
MATTERING = ("noticed", "unnoticed", "unexplained")
"""Outcomes of faults that change a number of a claim and are not equivalent."""


def committed(folder: Path, name: str) -> list[Row]:
    """Return the rows of a committed table. Raises ``StorageError`` for one that lacks a column."""
    return read_table(folder / f"{name}.csv", COMMITTED[name])


def fault_counts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how many faults were tried, matter, change a verdict, and are seen by ``make verify`` alone, by place."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        folder, slash, _ = row["module"].partition("/")
        groups.setdefault(f"{row['source']}, {folder if slash else 'modules of their own'}", []).append(row)
    return [
        {
            "faults": place,
            "tried": len(group),
            "matter": sum(row["outcome"] in MATTERING for row in group),
            "noticed": sum(row["outcome"] == "noticed" for row in group),
            "verify": sum(row["outcome"] in MATTERING and row["seen_by"] == "verify" for row in group),
        }
        for place, group in sorted(groups.items(), key=lambda group: (not group[0].startswith("written"), group[0]))
    ]


def reason_counts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return why faults that matter go unnoticed, and how many for each reason, the commonest first."""
    reasons = Counter(row["because"] or "not explained" for row in rows if row["outcome"] in MATTERING[1:])
    ordered = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return [{"row": str(place), "reason": reason, "count": count} for place, (reason, count) in enumerate(ordered, 1)]


def calibration_rows(rows: Sequence[Row], claims: Iterable[str]) -> list[dict[str, Any]]:
    """Return the table of runs under many seeds, for claims that still exist, with numbers as readers see them."""
    return [{**row, "uniform": shown_number(number(row["adjusted_p"]), 2)} for row in rows if row["claim"] in claims]


def verdicts_elsewhere(rows: Iterable[Row]) -> dict[str, dict[str, str]]:
    """Return by claim, then by variation, the verdicts that are not those of the reference run."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        for claim, _, verdict in (entry.partition("=") for entry in row["changed"].split(";") if entry):
            found.setdefault(claim, {})[row["variation"]] = verdict
    return found


def speed(folder: Path) -> list[dict[str, Any]]:
    """Return what was measured, a platform each, in the order of their names. Raises ``StorageError``.

    Every row has a name of its own under ``row``: platform, table and number.
    """
    return [_measured(path) for path in sorted(folder.glob("*.json"))]


def speed_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of all tables of all platforms. Raises ``StorageError``."""
    return [row for platform in speed(folder) for name in SPEED for row in platform[name]]


def _measured(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(path)
    for key in (*MACHINE, *SPEED):
        if key not in found:
            raise StorageError(f"{path}: found no key {key!r}, allowed: {', '.join((*MACHINE, *SPEED))}")
    for name, columns in SPEED.items():
        for place, row in enumerate(found[name], 1):
            for column in columns:
                if column not in row:
                    raise StorageError(f"{path}: {name}.{place}: found no {column!r}, allowed: {', '.join(columns)}")
        found[name] = [{"row": f"{path.stem} {name} {place}", **row} for place, row in enumerate(found[name], 1)]
    return found
