r"""The heavy ball on a smooth strongly convex loss: a cycle at the tuning that is best for quadratics."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import states, update_rule
from descent_audit.experiments.momentum.momentum_formulas import safe_limit, stability_limit
from descent_audit.experiments.momentum.momentum_runs import grid, run_cells, short
from descent_audit.landscapes.flat_stretch import FlatStretch
from descent_audit.measurement.observations import Curve, Observation, Observations

Array = NDArray[np.float64]
PERIOD = 3
"""Length of the cycle; so many last points must all be near the minimum."""


def safe_region(
    *,
    optimizer: str,
    steep_curvature: float,
    flat_curvature: float,
    stretch: list[float],
    learning_rate: float,
    momentum: float,
    starts: list[float],
    start_cells: int,
    steps: int,
    converged_distance: float,
    map_relative_rates: list[float],
    map_rate_cells: int,
    map_momentum: list[float],
    map_momentum_cells: int,
    map_start_cells: int,
    map_steps: int,
    slow_momentum: float,
    drawn_steps: int,
) -> Observations:
    r"""Measure from how many starts the heavy ball cycles for ever, and map where it fails to converge.

    The curvature falls from L to $\mu$ between the ends of ``stretch`` (see ``FlatStretch``). A start fails if one of
    the last three points is further than ``converged_distance`` from the minimum. ``starts``, ``map_momentum`` and
    ``map_relative_rates`` ($\eta L$) hold the ends of an axis; with 0 ``map_rate_cells`` there is no map. From
    ``slow_momentum`` on a run of the map may be too short, and is not counted among the failures that the quadratic of
    the largest curvature would exclude.
    """
    loss = FlatStretch(steep_curvature, flat_curvature, *stretch)
    tried = _axis(starts, start_cells)
    last = last_points(optimizer, loss, learning_rate, momentum, tried, steps)
    cycling = failing(last, converged_distance)
    cycle = three_cycle(loss, learning_rate, momentum)
    report = Observations.of([Observation("cycling_fraction", cycling.mean(), at={"learning_rate": learning_rate})])
    if cycling.any() and cycle is not None:
        first = tried[cycling.argmax()]
        rule = update_rule(optimizer, momentum=momentum)
        path = [first, *(x for x, _ in states(loss.gradient, first, learning_rate, drawn_steps, rule))]
        report += _cycle_points(last[:, cycling], cycle, np.array(path))
    if not map_rate_cells:
        return report
    h, beta = grid(_axis(map_relative_rates, map_rate_cells), _axis(map_momentum, map_momentum_cells))
    begun = _axis(starts, map_start_cells)
    ends = last_points(optimizer, loss, h[..., None] / loss.smoothness, beta[..., None], begun, map_steps)
    return report + _map(h, beta, failing(ends, converged_distance), slow_momentum)


def cycle_within_stability(
    *,
    optimizer: str,
    steep_curvature: float,
    flat_curvature: float,
    stretch: list[float],
    learning_rate: float,
    momentum: float,
    baseline_learning_rate: float,
    starts: list[float],
    start_cells: int,
    steps: int,
    converged_distance: float,
) -> Observations:
    r"""Compare $\eta L$ with $2(1 + \beta)$, and the starts from which the heavy ball and gradient descent fail.

    Gradient descent is the rule without momentum at a rate of its own, ``baseline_learning_rate``.
    """
    loss = FlatStretch(steep_curvature, flat_curvature, *stretch)
    tried = _axis(starts, start_cells)
    heavy = last_points(optimizer, loss, learning_rate, momentum, tried, steps)
    plain = last_points(optimizer, loss, baseline_learning_rate, 0.0, tried, steps)
    at = {"learning_rate": learning_rate, "momentum": momentum}
    ratio = learning_rate * loss.smoothness / float(stability_limit(momentum))
    return Observations.of(
        [
            Observation("rate_over_stability_limit", ratio, at=at),
            Observation("cycling_fraction", failing(heavy, converged_distance).mean(), at=at),
            Observation("descent_failures", int(np.count_nonzero(failing(plain, converged_distance))), 0.0),
        ]
    )


def _axis(ends: list[float], cells: int) -> Array:
    return np.linspace(ends[0], ends[-1], cells)


def last_points(
    optimizer: str, loss: FlatStretch, learning_rate: ArrayLike, momentum: ArrayLike, start: ArrayLike, steps: int
) -> Array:
    """Return the points after each of the last three steps, of shape ``(3, ...)`` with the cells' common shape."""
    ends = run_cells(optimizer, loss.gradient, start, learning_rate, momentum, steps - PERIOD)
    rule = update_rule(optimizer, momentum=np.asarray(momentum, dtype=float))
    rates = np.asarray(learning_rate, dtype=float)
    return np.array([x for x, _ in states(loss.gradient, ends.point, rates, PERIOD, rule, ends.velocity)])


def failing(last: Array, distance: float) -> NDArray[np.bool_]:
    """Say of each run whether one of its last points is further than ``distance`` from 0, or not a number."""
    return ~(np.abs(last).max(axis=0) <= distance)


def three_cycle(loss: FlatStretch, learning_rate: float, momentum: float) -> Array | None:
    r"""Return the points of a cycle that visits left, right and left of the stretch, or ``None`` where there is none.

    They solve $p_{j+1} - (1 + \beta - \eta L)p_j + \beta p_{j-1} = \eta d_j$, where $d_j = (L - \mu)(r - l)$ for the
    second, on the right, and 0 for the others: the slope there is $Lx - d_j$ (Lessard, Recht and Packard 2016).
    """
    after = np.roll(np.eye(3), 1, axis=1)
    matrix = after - (1.0 + momentum - learning_rate * loss.smoothness) * np.eye(3) + momentum * after.T
    missing = (loss.smoothness - loss.strong_convexity) * (loss.right - loss.left)
    forces = learning_rate * missing * np.array([0.0, 1.0, 0.0])
    points = np.asarray(np.linalg.solve(matrix, forces), dtype=np.float64)
    consistent = points[0] < loss.left and points[1] >= loss.right and points[2] < loss.left
    return points if consistent else None


def _cycle_points(last: Array, cycle: Array, path: Array) -> Observations:
    """Compare the sorted last points of all cycling starts, ``(3, starts)``, with the cycle, and report the worst."""
    ordered, predicted = np.sort(last, axis=0), np.sort(cycle)
    worst = np.argmax(np.abs(ordered - predicted[:, None]), axis=1)
    steps = np.arange(len(path))
    shift = np.argmin(np.abs(cycle - path[-1])) - steps[-1]
    return Observations.of(
        [
            Observation("cycle_points", ordered[index, worst[index]], predicted[index], {"point": index + 1})
            for index in range(PERIOD)
        ],
        [
            Curve("cycle", "iterates", "measured", steps, path),
            Curve("cycle", "cycle of the linear system", "predicted", steps, cycle[(steps + shift) % PERIOD]),
            Curve("cycle", "minimum", "guide", steps[[0, -1]], [0.0, 0.0]),
        ],
    )


def _map(h: Array, beta: Array, failures: NDArray[np.bool_], slow_momentum: float) -> Observations:
    """Count the failing starts in the safe region and, short of ``slow_momentum``, in the frozen-stable one."""
    safe = h < safe_limit(beta)
    frozen_stable = (h < stability_limit(beta)) & (beta < slow_momentum)
    line = np.linspace(beta[0, 0], beta[0, -1], 60)
    return Observations.of(
        [
            Observation("failures_in_safe_region", int(np.count_nonzero(failures[safe])), 0.0),
            Observation("frozen_stable_failures", failures[frozen_stable].mean()),
        ],
        [
            Curve("map", "failing", "measured", short(h), short(beta), np.round(failures.mean(axis=-1), 3).ravel()),
            Curve("map", r"$2(1-\beta)$", "predicted", safe_limit(line), line),
            Curve("map", r"$2(1+\beta)$", "predicted", stability_limit(line), line),
        ],
    )
