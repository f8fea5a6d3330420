r"""Gradient descent on a loss that is quadratic only near its minimum: bounded between $2/L$ and $2/\mu$."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import final
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
LEVELS = 5
"""Halvings that one run decides: 31 rates per cell cost little more than one."""
LARGEST = 1e100
"""Reported in place of a distance that has overflowed."""


def two_cycle_thresholds(
    *,
    strong_convexities: list[float],
    start: float,
    threshold_steps: int,
    halvings: int,
    lost_distance: float,
    unbounded_distance: float,
    cycles: list[list[float]],
    cycle_steps: int,
    drawn_strong_convexity: float,
    drawn_learning_rates: list[float],
    drawn_points: int,
    drawn_steps: int,
) -> Observations:
    r"""Measure where $\tfrac\mu2 x^2 + \log\cosh x$ loses convergence and where boundedness, and the cycles between.

    Convergence is lost at $2/L = 2/(1 + \mu)$, boundedness at $2/\mu$ (never for $\mu = 0$). In between the iterates
    settle on $\pm x_c$ (see ``cycle_amplitude``), where the multiplier $1 - \eta(\mu + \mathrm{sech}^2 x_c)$ lies in
    (-1, 1). ``cycles`` lists pairs of strong convexity and learning rate; ``drawn_learning_rates`` are the ends of what
    is drawn.
    """
    return (
        _thresholds(
            np.array(strong_convexities),
            start,
            threshold_steps,
            halvings,
            lost_distance=lost_distance,
            unbounded_distance=unbounded_distance,
        )
        + _cycles(np.array(cycles), start, cycle_steps)
        + _bifurcation(
            drawn_strong_convexity,
            np.linspace(min(drawn_learning_rates), max(drawn_learning_rates), drawn_points),
            start,
            drawn_steps,
        )
    )


def cycle_amplitude(strong_convexity: ArrayLike, learning_rate: ArrayLike) -> Array:
    r"""Return the amplitude $x_c$ of the symmetric cycle, the positive root of $(2/\eta - \mu)x = \tanh x$.

    It exists for $2/(1 + \mu) < \eta < 2/\mu$; the result is 0 below that range and infinite above.
    """
    slope = np.atleast_1d(2.0 / np.asarray(learning_rate) - np.asarray(strong_convexity))
    bent = np.where((slope > 0) & (slope < 1), slope, 1.0)
    root = bisect(lambda x: bent * x > np.tanh(x), 0.0, 1.0 / bent, halvings=60)
    return np.where(slope >= 1, 0.0, np.where(slope > 0, root, np.inf))


def unbounded_rate(strong_convexity: float, start: float, steps: int, distance: float) -> float:
    r"""Return the smallest rate at which a run of N steps exceeds a distance D, $\eta_N = (2 + \gamma)/\mu$.

    Where $\tanh$ is saturated a step gives $|x'| = (1 + \gamma)|x| + \eta$ with $\gamma = \eta\mu - 2$, so that
    $N\ln(1 + \gamma) + \ln\bigl(|x_0| + \tfrac{2 + \gamma}{\mu\gamma}\bigr) = \ln D$ at the threshold. The left side
    rises with $\gamma$ beyond $1/N$; the part of the curve before that is left out, where the constant term that the
    logarithm neglects still counts. $\eta_N \to 2/\mu$ as $N \to \infty$.
    """

    def exceeds(gamma: Array) -> NDArray[np.bool_]:
        offset = (2.0 + gamma) / (strong_convexity * gamma)
        return steps * np.log1p(gamma) + np.log(abs(start) + offset) > math.log(distance)

    gamma = bisect(exceeds, 1.0 / steps, distance ** (1.0 / steps) - 1.0, halvings=60)[0]
    return (2.0 + float(gamma)) / strong_convexity


def _thresholds(
    strong_convexity: Array, start: float, steps: int, halvings: int, *, lost_distance: float, unbounded_distance: float
) -> Observations:
    """Bisect both thresholds at once: a cell is a strong convexity and a distance that the last point must exceed."""
    curved = strong_convexity[strong_convexity > 0]
    loss = LogCosh(np.concatenate([strong_convexity, curved]))
    distance = np.repeat([lost_distance, unbounded_distance], [len(strong_convexity), len(curved)])

    def leaves(rates: Array) -> NDArray[np.bool_]:
        return ~(np.abs(final(loss.gradient, np.full(rates.shape, start), rates, steps)) <= distance)

    low = np.concatenate([1.0 / (1.0 + strong_convexity), 1.0 / curved])
    high = np.concatenate([3.0 / (1.0 + strong_convexity), 4.0 / curved])
    measured = bisect(leaves, low, high, halvings=halvings, levels=LEVELS)
    observations = [
        Observation("convergence_threshold", rate, 2.0 / (1.0 + mu), {"strong_convexity": mu, "steps": steps})
        for mu, rate in zip(strong_convexity, measured[: len(strong_convexity)], strict=True)
    ]
    for mu, rate in zip(curved.tolist(), measured[len(strong_convexity) :], strict=True):
        at = {"strong_convexity": mu, "steps": steps}
        predicted = unbounded_rate(mu, start, steps, unbounded_distance)
        observations += [
            Observation("divergence_threshold", rate, predicted, at),
            Observation("divergence_limit_ratio", rate * mu / 2.0, 1.0, at),
        ]
    return Observations.of(observations)


def _cycles(cycles: Array, start: float, steps: int) -> Observations:
    strong_convexity, rates = cycles.T
    loss = LogCosh(strong_convexity)
    end = final(loss.gradient, np.full(len(rates), start), rates, steps)
    after = final(loss.gradient, end, rates, 1)
    predicted = cycle_amplitude(strong_convexity, rates)
    residual = np.abs(end + after) / np.maximum(1.0, predicted)
    observations = []
    for index, (mu, rate) in enumerate(cycles.tolist()):
        at = {"strong_convexity": mu, "learning_rate": rate}
        observations += [
            Observation("cycle_amplitude", _capped(abs(end[index])), predicted[index], at),
            Observation("period_two_residual", _capped(residual[index]), 0.0, at),
        ]
    return Observations.of(observations)


def _bifurcation(strong_convexity: float, rates: Array, start: float, steps: int) -> Observations:
    series = rf"$\mu$ = {strong_convexity:g}"
    end = np.abs(final(LogCosh(strong_convexity).gradient, np.full(len(rates), start), rates, steps))
    every = np.linspace(rates[0], rates[-1], 200)
    branch = cycle_amplitude(strong_convexity, every)
    bounded, drawn = np.isfinite(branch), end <= LARGEST
    bounds = {r"$2/L$": 2.0 / (1.0 + strong_convexity)}
    if strong_convexity > 0:
        bounds[r"$2/\mu$"] = 2.0 / strong_convexity
    height = np.array([0.0, branch[bounded].max()])
    return Observations.of(
        curves=[
            Curve("amplitude", series, "measured", rates[drawn], end[drawn]),
            Curve("amplitude", series, "predicted", every[bounded], branch[bounded]),
            *(Curve("amplitude", label, "guide", np.full(2, bound), height) for label, bound in bounds.items()),
        ]
    )


def _capped(distance: float) -> float:
    return float(distance) if distance <= LARGEST else LARGEST
