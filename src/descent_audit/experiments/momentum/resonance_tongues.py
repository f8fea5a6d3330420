r"""The heavy ball on a minimum with a steep and a gentle side: tongues of divergence inside the stable range."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import log_growth_rate, update_rule
from descent_audit.experiments.momentum.itineraries import Certificate, certificate, smallest_period, visited_sides
from descent_audit.experiments.momentum.momentum_formulas import root_modulus, safe_limit, stability_limit
from descent_audit.experiments.momentum.momentum_runs import grid, short
from descent_audit.landscapes.asymmetric import AsymmetricQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations

Array = NDArray[np.float64]
RENORMALISE = 10
"""Steps after which a run is scaled back to norm 1 and the logarithm of its norm added up."""
START = -1.0


def resonance_tongues(
    *,
    optimizer: str,
    curvature_ratios: list[float],
    growth_threshold: float,
    map_relative_rates: list[float],
    map_rate_cells: int,
    map_momentum: list[float],
    map_momentum_cells: int,
    map_steps: int,
    drawn_curvature_ratio: float,
    cell_curvature_ratio: float,
    cell_relative_rate: float,
    cell_momentum: float,
    cell_steps: int,
    burn_in_steps: int,
    itinerary_steps: int,
    longest_period: int,
    line_relative_rates: list[float],
    line_cells: int,
    line_steps: int,
) -> Observations:
    r"""Map the growth per step over $h = \eta b$ and $\beta$ from -1 at rest, and prove it for one cell.

    The loss is homogeneous, so that growth does not depend on the size of the start. A cell is unstable if it grows by
    more than ``growth_threshold`` in the logarithm, and frozen-stable if $h < 2(1 + \beta)$, where the quadratic of the
    steeper side is stable. The proof: from some step on the signs repeat with a period p, and one period is a matrix
    whose dominant eigenvalue is real, positive and above 1. A line of rates is drawn at the momentum of that cell. The
    lists of rates and ``map_momentum`` hold the ends of an axis.
    """
    rates = np.linspace(map_relative_rates[0], map_relative_rates[-1], map_rate_cells)
    momentum = np.linspace(map_momentum[0], map_momentum[-1], map_momentum_cells)
    h, beta = grid(rates, momentum)
    report = Observations()
    for ratio in curvature_ratios:
        growth = side_growth(optimizer, ratio, h, beta, map_steps)
        report += _fractions(ratio, h, beta, growth > growth_threshold)
        if ratio == drawn_curvature_ratio:
            report += _drawn_map(h, beta, growth, growth_threshold)
    sides = visited_sides(
        AsymmetricQuadratic(1.0 / cell_curvature_ratio, 1.0).gradient,
        np.array(START),
        cell_relative_rate,
        update_rule(optimizer, momentum=cell_momentum),
        steps=burn_in_steps + itinerary_steps,
        every=RENORMALISE,
    )
    proof = period_certificate(
        sides[burn_in_steps:], cell_curvature_ratio, cell_relative_rate, cell_momentum, longest_period
    )
    measured = side_growth(optimizer, cell_curvature_ratio, [cell_relative_rate], cell_momentum, cell_steps)[0]
    report += _certified(measured, proof, _point(cell_curvature_ratio, cell_relative_rate, cell_momentum))
    line = np.linspace(line_relative_rates[0], line_relative_rates[-1], line_cells)
    growth = side_growth(optimizer, cell_curvature_ratio, line, cell_momentum, line_steps)
    return report + _drawn_line(cell_curvature_ratio, cell_momentum, line, growth)


def growth_in_cells(*, optimizer: str, curvature_ratio: float, cells: list[list[float]], steps: int) -> Observations:
    """Measure the logarithmic growth per step in single cells, pairs of relative rate and momentum."""
    rates, momentum = np.array(cells).T
    growth = side_growth(optimizer, curvature_ratio, rates, momentum, steps)
    return Observations.of(
        (
            Observation("measured_growth", value, at=_point(curvature_ratio, *cell))
            for cell, value in zip(cells, growth, strict=True)
        ),
        [Curve("line", "cells", "measured", rates, growth)],
    )


def side_growth(
    optimizer: str, curvature_ratio: float, relative_rate: ArrayLike, momentum: ArrayLike, steps: int
) -> Array:
    """Return the mean logarithmic growth per step over the second half of runs from -1 at rest, cell by cell."""
    h, beta = np.broadcast_arrays(np.asarray(relative_rate, dtype=float), np.asarray(momentum, dtype=float))
    loss, rule = AsymmetricQuadratic(1.0 / curvature_ratio, 1.0), update_rule(optimizer, momentum=beta)
    return log_growth_rate(loss.gradient, np.full(h.shape, START), h, steps, rule, every=RENORMALISE)


def period_certificate(
    sides: NDArray[np.bool_], curvature_ratio: float, relative_rate: float, momentum: float, longest: int
) -> Certificate | None:
    r"""Return the certificate of a periodic itinerary, or ``None`` where no period up to ``longest`` is found.

    A step from a side of relative rate h is $\begin{pmatrix}1 - h & \beta\\ -h & \beta\end{pmatrix}$ on $(x, v)$.
    """
    period = smallest_period(sides, longest)
    if period is None:
        return None
    left, right = (
        np.array([[1.0 - h, momentum], [-h, momentum]]) for h in (relative_rate / curvature_ratio, relative_rate)
    )
    return certificate(sides[:period], left, right)


def _point(curvature_ratio: float, relative_rate: float, momentum: float) -> dict[str, float]:
    return {"curvature_ratio": curvature_ratio, "relative_rate": relative_rate, "momentum": momentum}


def _fractions(ratio: float, h: Array, beta: Array, unstable: NDArray[np.bool_]) -> Observations:
    frozen_stable, safe = h < stability_limit(beta), h < safe_limit(beta)
    at = {"curvature_ratio": ratio}
    return Observations.of(
        [
            Observation("unstable_fraction", unstable[frozen_stable].mean(), at=at),
            Observation("unstable_in_safe_region", int(np.count_nonzero(unstable & safe)), 0.0, at),
        ]
    )


def _certified(measured: float, proof: Certificate | None, at: dict[str, float]) -> Observations:
    """Report the growth of a cell, and what its certificate says where there is one."""
    if proof is None:
        return Observations.of([Observation("measured_growth", measured, at=at)])
    return Observations.of(
        [
            Observation("measured_growth", measured, np.log(proof.growth), at),
            Observation("certificate_growth", proof.growth, at=at),
            Observation("eigenvalue_phase", proof.phase, 0.0, at),
            Observation("itinerary_mismatches", proof.mismatches, 0.0, at),
            Observation("itinerary_period", proof.period, at=at),
        ]
    )


def _drawn_map(h: Array, beta: Array, growth: Array, threshold: float) -> Observations:
    """Draw the unstable cells; the first row and column stand empty, so that every other cell keeps its place."""
    drawn = growth > threshold
    shown = drawn | (h == h[0, 0]) | (beta == beta[0, 0])
    value = np.where(drawn, np.round(growth, 4), np.nan)
    line = np.linspace(beta[0, 0], beta[0, -1], 60)
    return Observations.of(
        curves=[
            Curve("map", "growth", "measured", short(h[shown]), short(beta[shown]), value[shown]),
            Curve("map", r"$2(1-\beta)$", "predicted", safe_limit(line), line),
            Curve("map", r"$2(1+\beta)$", "predicted", stability_limit(line), line),
        ]
    )


def _drawn_line(ratio: float, momentum: float, rates: Array, growth: Array) -> Observations:
    series = rf"$b/a$ = {ratio:g}"
    frozen = np.log(root_modulus(momentum, rates))
    return Observations.of(
        curves=[
            Curve("line", series, "measured", rates, growth),
            Curve("line", "one side", "predicted", rates, frozen),
        ]
    )
