"""What the report says of the audit itself: which faults it notices, and what it costs.

Both were measured before, by ``make faults`` and ``make benchmark``, and are committed; a run of the audit reads them.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from descent_audit.storage import Row, StorageError, read_json

SPEED = ("whole", "stages", "kernels", "growth", "interaction")
"""Tables of a file of benchmarks."""
MATTERING = ("noticed", "unnoticed", "unexplained")
"""Outcomes of faults that change a number of a claim and are not equivalent."""


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
    return [{"row": str(number), "reason": reason, "count": count} for number, (reason, count) in enumerate(ordered, 1)]


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
    for name in SPEED:
        if name not in found:
            raise StorageError(f"{path}: found no table {name!r}, allowed: {', '.join(SPEED)}")
        found[name] = [{"row": f"{path.stem} {name} {number}", **row} for number, row in enumerate(found[name], 1)]
    return found
