r"""The heavy ball on a gentle slope before a steep wall: it stays off it for $\beta \le (1 - \sqrt{\eta a})^2$."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.experiments.momentum.momentum_runs import Ends, grid, run_cells, short
from descent_audit.landscapes.wall import QuarticWall
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
SMALLEST_CROSSING = 1e-300
"""A run whose largest point lies below has not crossed: where it underflows, rounding may leave a subnormal x > 0."""
SETTLED = 1e-3
"""A run is back at the minimum if point and velocity end within this distance of 0."""


def wall_crossing(
    *,
    optimizer: str,
    slope_curvature: float,
    stiffness: float,
    start_distance: float,
    diverged_distance: float,
    learning_rates: list[float],
    rate_cells: int,
    momentum: list[float],
    momentum_cells: int,
    further_momentum: list[float],
    steps: int,
    knife_edge: float,
    scan_every: int,
    scan_momentum: list[float],
    scan_momentum_cells: int,
    critical_momentum: float,
    critical_learning_rates: list[float],
    critical_rate_cells: int,
    critical_steps: int,
    critical_stiffness: list[float],
    critical_distance: list[float],
    map_drawn: bool,
) -> Observations:
    r"""Map which runs cross into the wall and which diverge on it, and fit how the critical rate scales.

    Rates are in constant ratio between the ends ``learning_rates``, momenta equally spaced between the ends
    ``momentum``, with ``further_momentum`` added. Within ``knife_edge`` of the bound, in $\sqrt\beta$, a run may need
    longer to cross than it has. The first diverging momentum is sought at every ``scan_every``-th rate on a finer grid.
    At the light damping of ``critical_momentum`` the smallest diverging rate is sought for each stiffness b at the
    start distance D, and for each distance at the stiffness: $\eta_c \propto (ab)^{-1/2}D^{-1}$. With 0
    ``critical_rate_cells`` it is not.
    """
    rates = np.geomspace(learning_rates[0], learning_rates[-1], rate_cells)
    loss = QuarticWall(slope_curvature, stiffness)
    eta, beta = grid(rates, np.unique([*np.linspace(momentum[0], momentum[-1], momentum_cells), *further_momentum]))
    ends = run_cells(optimizer, loss.gradient, -start_distance, eta, beta, steps)
    border = largest_safe_momentum(eta, slope_curvature)
    report = _counts(beta, border, ends, diverged_distance, knife_edge)
    if map_drawn:
        report += _drawn_map(eta, beta, border, _crossed(ends, diverged_distance) + 1 * ends.exceeds(diverged_distance))
    eta, beta = grid(rates[::scan_every], np.linspace(scan_momentum[0], scan_momentum[-1], scan_momentum_cells))
    scan = run_cells(optimizer, loss.gradient, -start_distance, eta, beta, steps)
    report += _first_momenta(eta[:, 0], beta[0], scan.exceeds(diverged_distance))
    if not critical_rate_cells:
        return report
    walls = np.array([*critical_stiffness, *[stiffness] * len(critical_distance)])
    distances = np.array([*[start_distance] * len(critical_stiffness), *critical_distance])
    tried = np.geomspace(critical_learning_rates[0], critical_learning_rates[-1], critical_rate_cells)
    steep = QuarticWall(slope_curvature, walls)
    light = run_cells(optimizer, steep.gradient, -distances, tried[:, None], critical_momentum, critical_steps)
    critical = first_rates(tried, light.exceeds(diverged_distance))
    return report + _exponents(np.sqrt(slope_curvature * walls), distances, critical, len(critical_stiffness))


def convergence_islands(
    *,
    optimizer: str,
    slope_curvature: float,
    stiffness: float,
    start_distance: float,
    diverged_distance: float,
    learning_rates: list[float],
    rate_cells: int,
    scan_every: int,
    scan_momentum: list[float],
    scan_momentum_cells: int,
    steps: int,
) -> Observations:
    """Measure the share of the momenta above the first diverging one, over all rates, that come back to the minimum."""
    rates = np.geomspace(learning_rates[0], learning_rates[-1], rate_cells)[::scan_every]
    eta, beta = grid(rates, np.linspace(scan_momentum[0], scan_momentum[-1], scan_momentum_cells))
    ends = run_cells(optimizer, QuarticWall(slope_curvature, stiffness).gradient, -start_distance, eta, beta, steps)
    diverged = ends.exceeds(diverged_distance)
    beyond = np.logical_or.accumulate(diverged, axis=1)[:, :-1]
    back = (ends.within(SETTLED) & ~diverged)[:, 1:]
    share = back[beyond].mean() if beyond.any() else 0.0
    return Observations.of([Observation("island_fraction", share)])


def largest_safe_momentum(learning_rate: ArrayLike, slope_curvature: float) -> Array:
    r"""Return $(1 - \sqrt{\eta a})^2$, up to which the roots of the slope's mode are real and x keeps its sign."""
    return (1.0 - np.sqrt(np.asarray(learning_rate) * slope_curvature)) ** 2


def edge_cells(momentum: Array, border: Array, knife_edge: float) -> int:
    r"""Return how many of the ascending momenta lie in $(b, (\sqrt b + k)^2]$, over the bounds b of all rates."""
    first, last = (np.searchsorted(momentum, end, "right") for end in (border, (np.sqrt(border) + knife_edge) ** 2))
    return int(np.sum(last - first))


def first_rates(rates: Array, diverged: Truth) -> Array:
    """Return for each column of ``diverged``, of shape ``(rates, cells)``, the first rate; NaN where there is none."""
    return np.where(diverged.any(axis=0), rates[diverged.argmax(axis=0)], np.nan)


def _crossed(ends: Ends, bound: float) -> Truth:
    return ends.exceeds(bound) | (ends.highest > SMALLEST_CROSSING)


def _counts(beta: Array, border: Array, ends: Ends, bound: float, knife_edge: float) -> Observations:
    diverged, crossed = ends.exceeds(bound), _crossed(ends, bound)
    safe, clear = beta <= border, np.sqrt(beta) > np.sqrt(border) + knife_edge
    edge = edge_cells(beta[0], border[:, 0], knife_edge)
    return Observations.of(
        [
            Observation("crossings_in_safe_set", int(np.count_nonzero(crossed & safe)), 0.0),
            Observation("divergences_in_safe_set", int(np.count_nonzero(diverged & safe)), 0.0),
            Observation("missed_crossings", int(np.count_nonzero(clear & ~crossed)), 0.0),
            Observation("knife_edge_cells", int(np.count_nonzero(~safe & ~clear)), edge),
            Observation("diverged_fraction", diverged.mean()),
        ]
    )


def _drawn_map(eta: Array, beta: Array, border: Array, outcome: NDArray[np.int_]) -> Observations:
    return Observations.of(
        curves=[
            Curve("map", "outcome", "measured", short(eta), short(beta), outcome.ravel()),
            Curve("map", "bound", "predicted", eta[:, 0], border[:, 0]),
        ]
    )


def _first_momenta(rates: Array, momentum: Array, diverged: Truth) -> Observations:
    """Report the smallest diverging momentum of each rate that has one, of ``diverged`` ``(rates, momenta)``."""
    somewhere = diverged.any(axis=1)
    first = momentum[diverged.argmax(axis=1)][somewhere]
    return Observations.of(
        [
            Observation("diverging_rates", len(first)),
            Observation("first_momentum_rises", int(np.count_nonzero(np.diff(first) > 0)), 0.0),
            Observation("divergences_at_smallest_rate", int(np.count_nonzero(diverged[0])), 0.0),
            *(
                Observation("first_diverging_momentum", value, at={"learning_rate": rate})
                for rate, value in zip(short(rates[somewhere]), first, strict=True)
            ),
        ],
        [Curve("map", "scan", "measured", rates[somewhere], first)],
    )


def _exponents(root: Array, distance: Array, rates: Array, walls: int) -> Observations:
    r"""Fit the exponents of the critical rate; the first ``walls`` cells vary the wall, the others the distance."""
    scale = root * distance
    line = np.array([scale.min(), scale.max()])
    return Observations.of(
        [
            Observation("exponent_wall", 0.5 * loglog_slope(root[:walls], rates[:walls]), -0.5),
            Observation("exponent_distance", loglog_slope(distance[walls:], rates[walls:]), -1.0),
        ],
        [
            Curve("critical", "$b$ varied", "measured", scale[:walls], rates[:walls]),
            Curve("critical", "$D$ varied", "measured", scale[walls:], rates[walls:]),
            Curve("critical", "slope −1", "guide", line, rates[0] * scale[0] / line),
        ],
    )
