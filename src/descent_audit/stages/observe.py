"""One claim, all its arms: observations and curves, or one shard of them."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from descent_audit.claims.claims import Arm
from descent_audit.measurement.observations import Curve
from descent_audit.records.made import Recipe, write_made
from descent_audit.records.storage import parameter_point, shard_path
from descent_audit.results import csv_text, frame
from descent_audit.stages.arms import Reports, check_shards, count_blocks, gather, shard_tallies, simulate
from descent_audit.stages.shards import read_shards, remove_older_shards, write_shard

POINT = ("x", "y", "low", "high", "value")
"""What the table of curves says of each point."""


def observations_table(claim: str, reports: Reports) -> pd.DataFrame:
    """Return the table of observations, sorted by arm, quantity and parameter point."""
    rows = [
        {"claim": claim, "arm": arm.name, **vars(one), "at": parameter_point(one.at)}
        for arm, report in reports
        for one in report.measured
    ]
    return frame("observations", sorted(rows, key=lambda row: (row["arm"], row["quantity"], row["at"])))


def curves_table(claim: str, reports: Reports) -> pd.DataFrame:
    """Return the table of curves, arms by name; what a control measures has the role ``control``."""
    ordered = sorted(reports, key=lambda report: report[0].name)
    points = (_points(claim, arm, curve) for arm, report in ordered for curve in report.curves)
    return frame("curves", chain.from_iterable(points))


def _points(claim: str, arm: Arm, curve: Curve) -> Iterator[dict[str, object]]:
    role = "control" if arm.kind == "control" and curve.role == "measured" else curve.role
    named = {"claim": claim, "arm": arm.name, "panel": curve.panel, "series": curve.series, "role": role}
    for point in zip(*(_entries(curve, key) for key in POINT), strict=True):
        yield {**named, **dict(zip(POINT, point, strict=True))}


def write_results(folder: Path, recipe: Recipe, reports: Reports) -> None:
    """Write both tables of a claim, the record of what they are made of, and the seal. Raises ``StorageError``."""
    claim = recipe.name
    tables = {"observations": observations_table(claim, reports), "curves": curves_table(claim, reports)}
    write_made(folder, recipe, {f"{name}/{claim}.csv": csv_text(table) for name, table in tables.items()})


def observe(
    recipe: Recipe, arms: Sequence[Arm], seed: int, folder: Path, shard: int | None = None, shards: int = 1
) -> Reports:
    """Write the tables of a claim and return what they hold; or write one shard of it alone, and return nothing.

    ``recipe`` is all that they are made of. The tables are gathered from the shards where there is more than one.
    Raises ``ConfigurationError`` for parameters that do not fit together or more shards than blocks, ``StorageError``
    for a file.
    """
    claim, made_of = recipe.name, recipe.digest
    if shards > 1:
        check_shards(claim, shards, count_blocks(claim, arms, seed))
    if shard is not None:
        path = shard_path(folder, claim, made_of, shard, shards)
        write_shard(path, made_of, shard_tallies(claim, arms, seed, shard, shards))
        return ()
    drawn = read_shards(folder, claim, made_of, shards) if shards > 1 else None
    reports = simulate(claim, arms, seed) if drawn is None else gather(claim, arms, seed, drawn)
    remove_older_shards(folder, claim, made_of)
    write_results(folder, recipe, reports)
    return reports


def _entries(curve: Curve, key: str) -> list[float]:
    """Return a number for each point of a curve, NaN where it has none under this key."""
    values = getattr(curve, key)
    entries = np.full(np.size(curve.x), np.nan) if values is None else np.atleast_1d(np.asarray(values, dtype=float))
    return [float(entry) for entry in entries]
