r"""How far the heavy ball may overshoot: within a budget, $1 - \beta \propto \sqrt\eta$."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.experiments.momentum.momentum_formulas import root_modulus
from descent_audit.experiments.momentum.momentum_runs import run_cells
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
LEVELS = 6
"""Halvings that one run decides: 63 momenta per cell cost little more than one."""


def budget_tradeoff(
    *,
    optimizer: str,
    criterion: Literal["overshoot", "stability"],
    budgets: list[float],
    relative_rates: list[float],
    largest_momentum: float,
    halvings: int,
    steps: int,
    fit_relative_rate: float,
) -> Observations:
    r"""Measure the largest momentum with which a mode that starts at 1 from rest overshoots 0 by a budget p at most.

    ``criterion`` says what must not be exceeded: the budget, $\max_t(-x_t) \le p$ in a run of ``steps``, or stability
    alone, $\rho(\beta, h) < 1$. The exponent of $1 - \beta_p$ is fitted over rates up to ``fit_relative_rate``.
    """
    rates, budget = (axis.ravel() for axis in np.meshgrid(relative_rates, budgets))
    highest = np.full(rates.size, largest_momentum)

    def exceeds(momentum: Array) -> NDArray[np.bool_]:
        if criterion == "stability":
            return root_modulus(momentum, rates) >= 1.0
        return ~(overshoot(optimizer, momentum, rates, steps) <= budget)

    measured = bisect(exceeds, 0.0, highest, halvings=halvings, levels=LEVELS)
    predicted = admissible_momentum(budget, rates, largest_momentum, steps)
    observations = [
        Observation("overshoot_without_momentum", overshoot(optimizer, 0.0, rates, steps).max(), 0.0),
    ]
    for p, h, found, formula in zip(budget.tolist(), rates.tolist(), measured, predicted, strict=True):
        at = {"budget": p, "relative_rate": h}
        observations += [
            Observation("largest_momentum", found, formula, at),
            Observation("largest_momentum_error", abs(found - formula), 0.0, at),
        ]
    curves = []
    for p in budgets:
        small = (budget == p) & (rates <= fit_relative_rate)
        if np.count_nonzero(small) > 1:
            slope = loglog_slope(rates[small], 1.0 - measured[small])
            observations.append(Observation("tradeoff_exponent", slope, 0.5, {"budget": p}))
        curves += _drawn(p, rates[budget == p], measured[budget == p])
    return Observations.of(observations, curves)


def overshoot(optimizer: str, momentum: ArrayLike, relative_rate: ArrayLike, steps: int) -> Array:
    r"""Return $\max_t(-x_t)_+$ of runs on a mode of curvature 1 from rest at 1; infinite where a run overflows."""
    lowest = run_cells(optimizer, lambda x: x, 1.0, relative_rate, momentum, steps).lowest
    return np.where(np.isnan(lowest), np.inf, np.maximum(-lowest, 0.0))


def mode_overshoot(momentum: ArrayLike, relative_rate: ArrayLike, steps: int) -> Array:
    r"""Return the overshoot of a mode from rest at 1 at whole steps, in closed form; rates are below 1.

    $x_t = \beta^{t/2}(\cos t\varphi + B\sin t\varphi)$ with $\cos\varphi = (1 + \beta - h)/(2\sqrt\beta)$ and
    $B = (1 - \beta - h)/(2\sqrt\beta\sin\varphi)$ where $\beta > (1 - \sqrt h)^2$; otherwise x never changes its sign.
    """
    beta, h = np.broadcast_arrays(*(np.asarray(one, dtype=float)[..., None] for one in (momentum, relative_rate)))
    turning = beta > (1.0 - np.sqrt(h)) ** 2
    root = np.sqrt(np.where(turning, beta, 1.0))
    cosine = np.clip((1.0 + beta - h) / (2.0 * root), -1.0, 1.0)
    angle, sine = np.arccos(cosine), np.sqrt(1.0 - cosine * cosine)
    t = np.arange(1, steps + 1)
    ratio = (1.0 - beta - h) / np.where(sine > 0, 2.0 * root * sine, np.inf)
    x = root**t * (np.cos(t * angle) + ratio * np.sin(t * angle))
    return np.where(turning[..., 0], np.maximum(-x.min(axis=-1), 0.0), 0.0)


def admissible_momentum(budget: Array, relative_rate: Array, highest: float, steps: int) -> Array:
    r"""Return $\beta_p(h)$, at which the closed form overshoots by the budget; all of shape ``(cells,)``."""
    low = (1.0 - np.sqrt(relative_rate)) ** 2
    return bisect(
        lambda momentum: mode_overshoot(momentum, relative_rate, steps) > budget,
        np.minimum(low, highest),
        np.full(low.shape, highest),
        halvings=30,
    )


def damping_ratio(budget: float) -> float:
    r"""Return $\zeta_p = -\ln p/\sqrt{\pi^2 + \ln^2 p}$, at which a damped oscillator overshoots by the budget p."""
    return -math.log(budget) / math.hypot(math.pi, math.log(budget))


def _drawn(budget: float, rates: Array, momentum: Array) -> list[Curve]:
    r"""Draw $1 - \beta_p$ and its limit for small rates, $2\zeta_p\sqrt h$."""
    line, series = np.geomspace(rates.min(), rates.max(), 40), rf"$p$ = {budget:g}"
    return [
        Curve("momentum", series, "measured", rates, 1.0 - momentum),
        Curve("momentum", series, "predicted", line, 2.0 * damping_ratio(budget) * np.sqrt(line)),
    ]
