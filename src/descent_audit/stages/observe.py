"""One claim, all its arms, as the pipeline runs it: observations and curves, or one shard of them.

``python -m descent_audit.stages.observe --claim NAME --scale full --results results/full`` reads ``config/`` as
``descent_audit.simulate`` does, which composes it with Hydra for a run by hand and takes overrides.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from descent_audit.claims.catalogue import check_scale, load_claims, root_seed, select_claims
from descent_audit.claims.claims import Arm
from descent_audit.claims.validation import fault
from descent_audit.measurement.observations import Curve
from descent_audit.records.storage import (
    CURVE_COLUMNS,
    OBSERVATION_COLUMNS,
    parameter_point,
    seal_text,
    shard_path,
    table_text,
    write_text,
)
from descent_audit.stages.arms import Reports, check_shards, count_blocks, gather, shard_tallies, simulate
from descent_audit.stages.programs import program
from descent_audit.stages.shards import read_shards, write_shard

POINT = ("x", "y", "low", "high", "value")
"""What the table of curves says of each point."""


def observation_rows(claim: str, reports: Reports) -> Iterator[dict[str, object]]:
    """Yield the rows of the observations table, sorted by arm, quantity and parameter point."""
    rows = [
        (arm.name, one.quantity, parameter_point(one.at), one) for arm, report in reports for one in report.measured
    ]
    for arm, quantity, at, one in sorted(rows, key=lambda row: row[:3]):
        numbers = {key: _float(getattr(one, key)) for key in ("value", "standard_error", "predicted")}
        yield {"claim": claim, "arm": arm, "quantity": quantity, "at": at, "replicates": one.replicates, **numbers}


def curve_rows(claim: str, reports: Reports) -> Iterator[dict[str, object]]:
    """Yield the rows of the curves table; what a control measures has the role ``control``."""
    for arm, report in sorted(reports, key=lambda report: report[0].name):
        for curve in report.curves:
            role = "control" if arm.kind == "control" and curve.role == "measured" else curve.role
            named = {"claim": claim, "arm": arm.name, "panel": curve.panel, "series": curve.series, "role": role}
            for point in zip(*(_entries(curve, key) for key in POINT), strict=True):
                yield {**named, **dict(zip(POINT, point, strict=True))}


def write_results(folder: Path, claim: str, reports: Reports) -> None:
    """Write both tables of a claim and their seal, the seal last. Raises ``StorageError``."""
    contents = {
        f"observations/{claim}.csv": table_text(OBSERVATION_COLUMNS, observation_rows(claim, reports)),
        f"curves/{claim}.csv": table_text(CURVE_COLUMNS, curve_rows(claim, reports)),
    }
    for name, text in contents.items():
        write_text(folder / name, text)
    write_text(folder / "seals" / f"{claim}.sha256", seal_text(contents))


def observe(
    claim: str, arms: Sequence[Arm], seed: int, folder: Path, shard: int | None = None, shards: int = 1
) -> Reports:
    """Write the tables of a claim and return what they hold; or write one shard of it alone, and return nothing.

    The tables are gathered from the shards where there is more than one. Raises ``ConfigurationError`` for parameters
    that do not fit together or more shards than blocks, ``StorageError`` for a file.
    """
    if shards > 1:
        check_shards(claim, shards, count_blocks(claim, arms, seed))
    if shard is not None:
        write_shard(shard_path(folder, claim, shard, shards), shard_tallies(claim, arms, seed, shard, shards))
        return ()
    drawn = read_shards(folder, claim, shards) if shards > 1 else None
    reports = simulate(claim, arms, seed) if drawn is None else gather(claim, arms, seed, drawn)
    write_results(folder, claim, reports)
    return reports


def check_shard(shard: object, shards: object) -> tuple[int | None, int]:
    """Return which shard of how many a job draws, ``None`` for all of them. Raises ``ConfigurationError``."""
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise fault("command line", "shards", repr(shards), "a whole number from 1")
    if shard is not None and (not isinstance(shard, int) or isinstance(shard, bool) or not 0 <= shard < shards):
        raise fault("command line", "shard", repr(shard), f"0 to {shards - 1}, or null for all of them")
    return shard, shards


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Run one claim of the pipeline; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claim", required=True)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--shard", type=int, help="the one to draw, from 0; all are gathered where it is not given")
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args(arguments)
    shard, shards = check_shard(options.shard, options.shards)
    for name, claim in load_claims(select_claims([options.claim])).items():
        observe(name, claim.arms(check_scale(options.scale)), root_seed(), options.results, shard, shards)


def _entries(curve: Curve, key: str) -> list[float]:
    """Return a number for each point of a curve, NaN where it has none under this key."""
    values = getattr(curve, key)
    entries = np.full(np.size(curve.x), np.nan) if values is None else np.atleast_1d(np.asarray(values, dtype=float))
    return [float(entry) for entry in entries]


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
