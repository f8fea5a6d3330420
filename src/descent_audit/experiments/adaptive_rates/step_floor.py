r"""RMSProp on a quadratic at a constant rate: an oscillation of amplitude $\eta/2$ at every curvature."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import scheduled
from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.adaptive_rates.adaptive_methods import Implementations
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]


def step_floor(
    *,
    method: Literal["rmsprop", "gradient_descent"],
    rmsprop_optimizer: str,
    baseline_optimizer: str,
    learning_rates: list[float],
    curvatures: list[float],
    second_decays: list[float],
    start: float,
    steps: int,
    window_steps: int,
    decay_learning_rate: float,
    decay_second_decay: float,
    decay_curvature: float,
    rate_ratios: list[float],
) -> Observations:
    r"""Measure the last oscillation of RMSProp on $\tfrac\lambda2x^2$, at a constant rate and at a decaying one.

    On $|x| = \eta/2$ with alternating sign $g^2$ is constant, v equals it, and every step is $\eta$ long: an exact
    two-cycle, $\epsilon = 0$. The rate $\eta_t = \eta r^{t/N}$ takes the amplitude down to about $\eta_N/2$.
    The floor is the largest $|x|$ over the last ``window_steps``, the residual the largest $|x_{t+2} - x_t|$ there;
    both are reported in units of the rate.
    """
    implementations = Implementations(rmsprop=rmsprop_optimizer, gradient_descent=baseline_optimizer)
    rates, slopes, decays = (
        np.array(axis) for axis in zip(*product(learning_rates, curvatures, second_decays), strict=True)
    )
    rule = implementations.rule(method, first_decay=0.0, second_decay=decays, epsilon=0.0)
    path = iterate(DiagonalQuadratic(slopes).gradient, np.full(len(rates), start), rates, steps, rule)
    shown = sample_steps(steps, 60, log=True)
    window, drawn = window_and_samples(path, steps, window_steps, shown)
    residuals = np.zeros(len(rates))
    if method == "gradient_descent":
        residuals = abs(start) * geometric_residual(rates * slopes, steps - window_steps + 1) / rates
    slow = implementations.rule(method, first_decay=0.0, second_decay=decay_second_decay, epsilon=0.0)
    ratios = np.array(rate_ratios)
    decaying = scheduled(
        lambda x, _: decay_curvature * x,
        np.full(len(ratios), start),
        lambda t: decay_learning_rate * ratios ** (t / steps),
        steps,
        slow,
    )
    last, falling = window_and_samples(decaying, steps, 1, shown)
    return (
        _floors(window, rates, slopes, decays, residuals)
        + _decayed(np.abs(last[-1]), decay_learning_rate * ratios, rate_ratios)
        + _drawn_constant(shown, drawn, rates, decays, abs(start))
        + _drawn_decaying(shown, falling, decay_learning_rate, rate_ratios, steps)
    )


def window_and_samples(
    path: Iterable[Array] | Iterator[Array], steps: int, window: int, shown: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return the last points of a run, ``(window, cells)``, and its points at the steps ``shown``; no other is kept."""
    last, samples, wanted = [], [], set(shown.tolist())
    for t, x in enumerate(path, 1):
        if t > steps - window:
            last.append(x)
        if t in wanted:
            samples.append(x)
    return np.array(last), np.array(samples)


def geometric_residual(relative_rates: Array, step: int) -> Array:
    r"""Return how far gradient descent from 1 moves from step t to t + 2: $|\rho^t(\rho^2 - 1)|$.

    $\rho = 1 - \eta\lambda$ is the factor of a step.
    """
    factor = 1.0 - relative_rates
    return np.abs(factor) ** step * np.abs(factor**2 - 1.0)


def _floors(window: Array, rates: Array, curvatures: Array, second_decays: Array, residuals: Array) -> Observations:
    floor = np.abs(window).max(axis=0) / rates
    residual = np.abs(window[2:] - window[:-2]).max(axis=0) / rates
    observations = []
    cells = zip(rates, curvatures, second_decays, floor, residual, residuals, strict=True)
    for rate, curvature, decay, height, rest, expected in cells:
        at = {"learning_rate": float(rate), "curvature": float(curvature), "second_decay": float(decay)}
        observations += [
            Observation("floor_over_eta", float(height), 0.5, at),
            Observation("period_two_residual", float(rest), float(expected), at),
        ]
    return Observations.of(observations)


def _decayed(ends: Array, final_rates: Array, ratios: list[float]) -> Observations:
    return Observations.of(
        Observation("decayed_floor_over_final_eta", float(end / rate), 0.5, {"rate_ratio": ratio})
        for end, rate, ratio in zip(ends, final_rates, ratios, strict=True)
    )


def _drawn_constant(
    shown: NDArray[np.int64], points: Array, rates: Array, second_decays: Array, start: float
) -> Observations:
    """Draw a run per learning rate, its marks taken in turn from every curvature, and half the rate as its line."""
    curves = []
    for rate in np.unique(rates)[::-1]:
        cells = np.flatnonzero((rates == rate) & (second_decays == second_decays[0]))
        each, series = np.arange(len(shown)), rf"$\eta$ = {rate:g}"
        size = np.abs(points[each, cells[each % len(cells)]])
        curves += [
            Curve("constant", series, "measured", shown[size > 0], size[size > 0]),
            Curve("constant", series, "predicted", shown[[0, -1]], np.full(2, rate / 2)),
        ]
    curves.append(Curve("constant", "start", "guide", shown[[0, -1]], [start, start]))
    return Observations.of(curves=curves)


def _drawn_decaying(
    shown: NDArray[np.int64], points: Array, learning_rate: float, ratios: list[float], steps: int
) -> Observations:
    curves = []
    for ratio, size in zip(ratios, np.abs(points).T, strict=True):
        series = rf"$r$ = {ratio:g}"
        curves += [
            Curve("decaying", series, "measured", shown[size > 0], size[size > 0]),
            Curve("decaying", series, "predicted", shown, learning_rate * ratio ** (shown / steps) / 2),
        ]
    return Observations.of(curves=curves)
