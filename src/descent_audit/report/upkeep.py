"""What the report says of the audit itself: which faults it notices, how stable it is, and what it costs.

All was measured before, by ``make faults``, ``calibrate``, ``stability`` and ``benchmark``, and is committed; a run of
the audit reads it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from descent_audit.records.storage import StorageError, read_json
from descent_audit.report.wording import shown_number

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
COUNTED = ("tried", "matter", "noticed", "verify")


def fault_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many faults were tried, matter, change a verdict, and are seen by ``make verify`` alone, by place.

    The written ones come first.
    """
    room = table["module"].str.partition("/")
    place = table["source"] + ", " + room[0].where(room[1].ne(""), "modules of their own")
    matters = table["outcome"].isin(MATTERING)
    flags = pd.DataFrame(
        {
            "faults": place,
            "tried": 1,
            "matter": matters,
            "noticed": table["outcome"].eq("noticed"),
            "verify": matters & table["seen_by"].eq("verify"),
        }
    )
    counts = flags.groupby("faults", as_index=False).sum().astype(dict.fromkeys(COUNTED, int))
    generated = ~counts["faults"].str.startswith("written")
    return counts.loc[generated.sort_values(kind="stable").index].reset_index(drop=True)


def reason_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return why faults that matter go unnoticed, and how many for each reason, the commonest first."""
    unnoticed = table[table["outcome"].isin(MATTERING[1:])]
    reasons = unnoticed["because"].replace("", "not explained").rename("reason")
    counts = reasons.value_counts().reset_index().sort_values(["count", "reason"], ascending=[False, True])
    return counts.assign(row=[str(place) for place in range(1, len(counts) + 1)])[["row", "reason", "count"]]


def calibration_rows(table: pd.DataFrame, claims: Iterable[str]) -> pd.DataFrame:
    """Return the table of runs under many seeds, for claims that still exist, with numbers as readers see them."""
    own = table[table["claim"].isin(list(claims))]
    return own.assign(uniform=[shown_number(value, 2) for value in own["adjusted_p"]])


def verdicts_elsewhere(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return by claim, then by variation, the verdicts that are not those of the reference run."""
    found: dict[str, dict[str, str]] = {}
    for variation, changed in zip(table["variation"], table["changed"], strict=True):
        for claim, _, verdict in (entry.partition("=") for entry in changed.split(";") if entry):
            found.setdefault(claim, {})[variation] = verdict
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
