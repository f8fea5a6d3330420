"""Descent that leaves its well at a rate below 2/L while its loss falls at every step."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, iterate, update_rule
from descent_audit.landscapes.lopsided_well import LopsidedWell
from descent_audit.measurement.observations import Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]


def descent_leaves(
    *,
    optimizer: str,
    smoothness: float,
    barrier: float,
    relative_starts: list[float],
    relative_rates: list[float],
    steps: int,
    seen_loss: float,
    halvings: int,
) -> Observations:
    r"""Follow descent at $\eta L$ = ``relative_rates`` from starts at so many times b on the far side of the well.

    The first step leads from $-d$ to $(\eta L - 1)d$. It crosses the barrier at b, and the run ends at the minimum
    beyond it, just where $\eta L > 1 + b/d$; otherwise no later step does. ``largest_loss_ratio`` is that of the loss
    after a step to the loss before it, while that is above ``seen_loss``. Raises ``OutOfRange`` for a start within b
    of the minimum, from which no rate below 2/L leads out, and beyond 3b, from which a run may come back.
    """
    well, rule = LopsidedWell(smoothness, barrier), update_rule(optimizer)
    found = []
    for start in relative_starts:
        if not 1.0 < start <= 3.0:
            raise OutOfRange("relative_starts", start, "above 1, at most 3")
        for rate in relative_rates:
            at = {"relative_start": start, "relative_rate": rate}
            path = _path(well, rule, -start * barrier, rate, steps)
            loss = well.value(path)
            seen = loss[:-1] > seen_loss
            end = well.other_minimum if rate > 1.0 + 1.0 / start else 0.0
            found += [
                Observation("crosses", float(path[-1] > barrier), float(end > 0.0), at),
                Observation("end", path[-1], end, at),
                Observation("largest_loss_ratio", float(np.max(loss[1:][seen] / loss[:-1][seen])), at=at),
            ]
    return Observations.of(found + _leaving_rates(well, rule, relative_starts, steps, halvings))


def _path(well: LopsidedWell, rule: Optimizer, start: float, relative_rate: float, steps: int) -> Array:
    first = np.array([start])
    return np.array([first, *iterate(well.gradient, first, relative_rate / well.smoothness, steps, rule)])[:, 0]


def _leaving_rates(
    well: LopsidedWell, rule: Optimizer, starts: list[float], steps: int, halvings: int
) -> list[Observation]:
    r"""Report the bisected $\eta L$ from which on a run leaves, one for each start: $1 + b/d$."""
    points = -well.barrier * np.array(starts)

    def leaves(relative_rates: Array) -> NDArray[np.bool_]:
        runs = iterate(well.gradient, points, relative_rates / well.smoothness, steps, rule)
        return np.any([x > well.barrier for x in runs], axis=0)

    rates = bisect(leaves, np.ones(len(starts)), 2.0, halvings=halvings)
    return [
        Observation("leaving_rate", rate, 1.0 + 1.0 / start, {"relative_start": start})
        for start, rate in zip(starts, rates, strict=True)
    ]
