r"""The heavy ball on a quadratic mode: stable below $2(1 + \beta)$, damping only beyond $1 + \sqrt\beta$."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate, log_growth_rate, update_rule
from descent_audit.experiments.momentum.momentum_formulas import (
    complex_range,
    damping_crossover,
    root_modulus,
    stability_limit,
)
from descent_audit.experiments.momentum.momentum_runs import grid, short
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
RENORMALISE = 20
"""Steps after which a run is scaled back to norm 1 and the logarithm of its norm added up."""
LEVELS = 8
"""Halvings that one run decides: 255 rates cost little more than one."""
THRESHOLD_RATES = (1.0, 4.5)
CROSSOVER_RATES = (1.0, 2.0)
"""The brackets of the two bisections, relative rates."""


def stability_region(
    *,
    optimizer: str,
    prediction: Literal["heavy_ball", "gradient_descent"],
    threshold_momentum: list[float],
    threshold_steps: list[int],
    halvings: int,
    map_momentum: list[float],
    map_momentum_cells: int,
    map_relative_rates: list[float],
    map_rate_cells: int,
    map_steps: int,
    crossover_momentum: list[float],
    crossover_steps: int,
    flip_momentum: list[float],
    flip_relative_rate: float,
    flip_steps: int,
) -> Observations:
    r"""Measure where a mode becomes unstable, how fast it shrinks or grows, and where momentum damps it.

    From rest at 1; $h = \eta\lambda$ is the relative rate. ``prediction`` says which closed form the measured numbers
    are held against: that of the heavy ball, or that of plain gradient descent, $\beta = 0$. ``map_momentum`` and
    ``map_relative_rates`` hold the ends of the two axes of the map.
    """
    assumed = np.ones(1) if prediction == "heavy_ball" else np.zeros(1)
    momentum = np.linspace(map_momentum[0], map_momentum[-1], map_momentum_cells)
    rates = np.linspace(map_relative_rates[0], map_relative_rates[-1], map_rate_cells)
    return (
        _thresholds(optimizer, assumed, threshold_momentum, threshold_steps, halvings)
        + _rates(optimizer, assumed, momentum, rates, map_steps)
        + _crossovers(optimizer, crossover_momentum, crossover_steps, halvings)
        + sign_flips(
            optimizer=optimizer,
            flip_momentum=flip_momentum,
            flip_relative_rate=flip_relative_rate,
            flip_steps=flip_steps,
        )
    )


def growth_at_rates(*, optimizer: str, momentum: list[float], relative_rates: list[float], steps: int) -> Observations:
    r"""Measure the logarithmic growth per step for every momentum at every relative rate; $\ln\rho(\beta, h)$."""
    rates, beta = grid(relative_rates, momentum)
    columns = (beta, rates, mode_growth(optimizer, beta, rates, steps), np.log(root_modulus(beta, rates)))
    return Observations.of(
        Observation("log_growth", measured, predicted, {"momentum": value, "relative_rate": rate})
        for value, rate, measured, predicted in zip(*(column.ravel() for column in columns), strict=True)
    )


def sign_flips(
    *, optimizer: str, flip_momentum: list[float], flip_relative_rate: float, flip_steps: int
) -> Observations:
    """Count the changes of sign between successive iterates that are not zero, from rest at 1."""
    beta = np.array(flip_momentum)
    rule = update_rule(optimizer, momentum=beta)
    path = [np.ones(len(beta)), *iterate(lambda x: x, np.ones(len(beta)), flip_relative_rate, flip_steps, rule)]
    signs = np.sign(path)
    return Observations.of(
        Observation(
            "sign_flips",
            int(np.count_nonzero(np.diff(column[column != 0]))),
            at={"momentum": value, "relative_rate": flip_relative_rate},
        )
        for value, column in zip(flip_momentum, signs.T, strict=True)
    )


def mode_growth(optimizer: str, momentum: Array, relative_rate: Array, steps: int) -> Array:
    r"""Return the measured $\ln\hat\rho$ of a mode of curvature 1 in the common shape of momentum and relative rate."""
    beta, rates = np.broadcast_arrays(momentum, relative_rate)
    rule = update_rule(optimizer, momentum=beta)
    return log_growth_rate(lambda x: x, np.ones(beta.shape), rates, steps, rule, every=RENORMALISE)


def _thresholds(optimizer: str, assumed: Array, momentum: list[float], steps: list[int], halvings: int) -> Observations:
    observations = []
    for count in dict.fromkeys(steps):
        beta = np.array([value for value, own in zip(momentum, steps, strict=True) if own == count])

        def grows(rates: Array, count: int = count, beta: Array = beta) -> NDArray[np.bool_]:
            return ~(mode_growth(optimizer, beta, rates, count) <= 0.0)

        measured = bisect(
            grows, *(np.full(len(beta), end) for end in THRESHOLD_RATES), halvings=halvings, levels=LEVELS
        )
        observations += [
            Observation("stability_threshold", rate, predicted, {"momentum": value, "steps": count})
            for value, rate, predicted in zip(beta, measured, stability_limit(assumed * beta), strict=True)
        ]
    return Observations.of(observations)


def _rates(optimizer: str, assumed: Array, momentum: Array, relative_rates: Array, steps: int) -> Observations:
    h, beta = grid(relative_rates, momentum)
    measured = np.exp(mode_growth(optimizer, beta, h, steps))
    formula = root_modulus(assumed * beta, h)
    error, apart = np.abs(measured - formula), np.abs(root_modulus(beta, h) - formula)
    line = np.linspace(momentum[0], momentum[-1], 60)
    borders = {
        r"$(1-\sqrt{\beta})^2$": complex_range(line)[0],
        r"$1+\sqrt{\beta}$": damping_crossover(line),
        r"$(1+\sqrt{\beta})^2$": complex_range(line)[1],
        r"$2(1+\beta)$": stability_limit(line),
    }
    return Observations.of(
        [Observation("growth_rate_error", error.max(), apart.max(), {"steps": steps})],
        [
            Curve("map", r"$\rho$", "measured", short(h), short(beta), np.round(measured, 4).ravel()),
            *(Curve("map", label, "predicted", border, line) for label, border in borders.items()),
        ],
    )


def _crossovers(optimizer: str, momentum: list[float], steps: int, halvings: int) -> Observations:
    beta = np.array(momentum)

    def damps(rates: Array) -> NDArray[np.bool_]:
        return mode_growth(optimizer, beta, rates, steps) < np.log(np.abs(1.0 - rates))

    measured = bisect(damps, *(np.full(len(beta), end) for end in CROSSOVER_RATES), halvings=halvings, levels=LEVELS)
    return Observations.of(
        Observation("damping_crossover", rate, predicted, {"momentum": value, "steps": steps})
        for value, rate, predicted in zip(momentum, measured, damping_crossover(beta), strict=True)
    )
