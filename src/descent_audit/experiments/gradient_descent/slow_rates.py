"""What a small learning rate costs: the number of steps grows like its inverse."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.iteration_counts import first_within
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
ROUNDING = 1e-9
"""Taken off a number of steps before it is rounded up, so that a whole number stays what it is."""


def small_rate_cost(
    *,
    smoothness: float,
    strong_convexity: float,
    accuracy: float,
    rate_decades: list[float],
    rate_points: int,
    further_learning_rates: list[float],
    fitted_rates: int,
    cost: Literal["steps", "flow_time"],
) -> Observations:
    r"""Count the steps to $\max_j |x_j| \le \varepsilon$ from (1, 1) on $\tfrac12(Lx_1^2 + \mu x_2^2)$ for many rates.

    The rates are ``rate_points`` in constant ratio between the two powers of ten in ``rate_decades``, the further
    ones and the best, $2/(L + \mu)$. The slope is fitted to the cost at the smallest of them, and predicted by that of
    the formula there: the steps k, or the time $\eta k$ of the gradient flow, in which a small rate costs nothing.
    $k\eta \to \ln(1/\varepsilon)/\mu$ as $\eta \to 0$ (Nesterov 2018, section 2.1).
    """
    best = 2.0 / (smoothness + strong_convexity)
    grid = np.logspace(min(rate_decades), max(rate_decades), rate_points)
    rates = np.sort([*grid, *further_learning_rates, best])
    curvatures = np.array([smoothness, strong_convexity])
    predicted = steps_to_accuracy(rates, curvatures, accuracy)
    counts = count_steps(rates, curvatures, accuracy, limit=int(np.max(predicted[np.isfinite(predicted)])) + 1)
    observations = []
    for rate, count, expected in zip(rates.tolist(), counts.tolist(), predicted.tolist(), strict=True):
        observations += [
            Observation("iterations", count, expected, {"learning_rate": rate}),
            Observation("flow_time", rate * count, rate * expected, {"learning_rate": rate}),
        ]
    spent, exact = (counts, predicted) if cost == "steps" else (rates * counts, rates * predicted)
    smallest = slice(0, fitted_rates)
    slope = loglog_slope(rates[:fitted_rates], exact[:fitted_rates])
    observations += [
        Observation("loglog_slope", loglog_slope(rates[smallest], spent[smallest]), slope, {"rates": fitted_rates}),
        Observation("best_rate", rates[np.argmin(counts)], best, {"rates": len(rates)}),
    ]
    series = rf"accuracy $\varepsilon$ = {accuracy:g}"
    every = np.geomspace(rates[0], rates[-1], 200)
    formula = steps_to_accuracy(every, curvatures, accuracy)
    curves = [
        Curve(cost, series, "measured", rates, spent),
        Curve(cost, series, "predicted", every, formula if cost == "steps" else every * formula),
    ]
    return Observations.of(observations, curves)


def steps_to_accuracy(rates: Array, curvatures: Array, accuracy: float) -> Array:
    r"""Return $\lceil \ln(1/\varepsilon) / (-\ln\max_j|1 - \eta\lambda_j|)\rceil$ of the shape of ``rates``.

    At least 1, and infinite where a mode does not decay.
    """
    factor = np.max(np.abs(1.0 - np.multiply.outer(rates, curvatures)), axis=-1)
    steps = -math.log(1.0 / accuracy) / np.log(np.clip(factor, 0.0, 1.0))
    return np.where(factor < 1.0, np.maximum(np.ceil(steps - ROUNDING), 1.0), np.inf)


def count_steps(rates: Array, curvatures: Array, accuracy: float, *, limit: int) -> NDArray[np.int64]:
    """Return the first step at which all coordinates lie within ``accuracy``, of the shape of ``rates``.

    Every coordinate shrinks from step to step: the slower one decides. A run that does not get there within ``limit``
    steps counts one more.
    """
    start = np.ones((len(rates), len(curvatures), 1))
    path = iterate(DiagonalQuadratic(curvatures[:, None]).gradient, start, rates[:, None, None], limit)
    return first_within(path, accuracy, start.shape[:-1]).max(axis=-1)
