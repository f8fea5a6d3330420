"""Noisy descent on a parabola under a schedule: the floor that the noise holds the iterate at, and its freezing."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import scheduled
from descent_audit.dynamics.schedules import DECAYS, constant
from descent_audit.dynamics.trajectories import Gradient, update_rule
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import deviation_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, moments, tally

Array = NDArray[np.float64]
REFERENCE = "constant"
"""The schedule that the others are compared with."""
DRAWN = 41
"""Sampled steps of a drawn curve."""


def decay_noise_floor(
    *,
    optimizer: str,
    curvature: float,
    noise: float,
    start: float,
    learning_rate: float,
    final_ratio: float,
    schedules: list[str],
    steps: int,
    replicas: int,
    block_size: int,
    sign_learning_rate: float,
) -> Sampling:
    r"""Measure where $x' = (1 - \eta_t\lambda)x - \eta_t\sigma\xi$ ends under each schedule, and count sign changes.

    $x_N$ is normal with mean and variance of ``normal_law``, so that $\sum(x_N - m_N)^2/V_N$ over n replicas is
    $\chi^2_n$. The floor is the mean square distance from the minimum, $V_N + m_N^2$; its reduction is that of the
    constant rate over that of a decay.
    """
    check_schedules(schedules)
    rates = {name: schedule_rates(name, learning_rate, final_ratio, steps) for name in [REFERENCE, *schedules]}
    cells = {
        name: Cell(
            f"schedule={name}",
            replicas,
            block_size,
            partial(_descend, optimizer=optimizer, curvature=curvature, noise=noise, start=start, rates=own),
        )
        for name, own in rates.items()
    }

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = {name: tallies[cell.name] for name, cell in cells.items()}
        laws = {name: normal_law(own, curvature, noise, start) for name, own in rates.items()}
        fast = {name: schedule_rates(name, sign_learning_rate, final_ratio, steps) for name in rates}
        return (
            _variances(found, laws)
            + _floors(found, laws)
            + _sign_changes(fast, optimizer, curvature, start)
            + _drawn_deviations(found, laws)
        )

    return Sampling(list(cells.values()), report)


def overshooting_start(
    *,
    optimizer: str,
    curvature: float,
    start: float,
    learning_rate: float,
    final_ratio: float,
    schedules: list[str],
    steps: int,
    drawn_steps: int,
) -> Observations:
    r"""Report $x_1/x_0 = 1 - \eta_0\lambda$ without noise: below 0 where the first step overshoots."""
    check_schedules(schedules)
    observations, curves, shown = [], [], np.arange(min(drawn_steps, steps) + 1)
    for name in schedules:
        rates = schedule_rates(name, learning_rate, final_ratio, steps)
        path = noise_free_path(rates, optimizer, curvature, start)
        ratio = path[1] / path[0]
        observations.append(Observation("first_step_ratio", ratio, 1.0 - rates[0] * curvature, {"schedule": name}))
        mean, _ = normal_law(rates, curvature, 0.0, start)
        curves.append(Curve("overshoot", name, "measured", shown, path[shown]))
        curves.append(Curve("overshoot", name, "predicted", shown, mean[shown]))
    return Observations.of(observations, curves)


def freezing_decay(
    *,
    optimizer: str,
    curvature: float,
    start: float,
    learning_rate: float,
    final_ratio: float,
    schedules: list[str],
    steps: int,
) -> Observations:
    r"""Report the share of the distance that is left without noise, $|m_N/x_0| = \prod|1 - \eta_t\lambda|$.

    ``residual_over_constant`` is that share over the one of a constant rate.
    """
    check_schedules(schedules)
    observations, curves, residuals, shown = [], [], {}, sample_steps(steps, DRAWN)
    for name in [REFERENCE, *schedules]:
        rates = schedule_rates(name, learning_rate, final_ratio, steps)
        measured = np.abs(noise_free_path(rates, optimizer, curvature, start) / start)
        expected = np.abs(normal_law(rates, curvature, 0.0, start)[0] / start)
        residuals[name] = left, formula = float(measured[-1]), float(expected[-1])
        at = {"schedule": name}
        observations.append(Observation("frozen_residual", left, formula, at))
        if name != REFERENCE:
            base, base_formula = residuals[REFERENCE]
            observations.append(Observation("residual_over_constant", left / base, formula / base_formula, at))
        curves.append(Curve("freezing", name, "measured", shown, measured[shown]))
        curves.append(Curve("freezing", name, "predicted", shown, expected[shown]))
    return Observations.of(observations, curves)


def check_schedules(schedules: list[str]) -> None:
    """Raise ``OutOfRange`` for a schedule that is not a decay: the constant rate is always there."""
    for name in schedules:
        if name not in DECAYS:
            raise OutOfRange("schedules", name, ", ".join(DECAYS))


def schedule_rates(name: str, learning_rate: float, ratio: float, steps: int) -> Array:
    """Return the rates of all steps, of shape ``(steps,)``."""
    step = np.arange(steps)
    return constant(step, learning_rate) if name == REFERENCE else DECAYS[name](step, learning_rate, ratio, steps)


def normal_law(rates: Array, curvature: float, noise: float, start: float) -> tuple[Array, Array]:
    r"""Return mean and variance of $x_0, \ldots, x_N$, each of shape ``(steps + 1,)``.

    $m_t = x_0\prod_{s<t}(1 - \eta_s\lambda)$; $V_{t+1} = (1 - \eta_t\lambda)^2V_t + \eta_t^2\sigma^2$ from $V_0 = 0$.
    """
    factors = 1.0 - rates * curvature
    mean = start * np.concatenate([[1.0], np.cumprod(factors)])
    variance = [0.0]
    for factor, rate in zip(factors.tolist(), rates.tolist(), strict=True):
        variance.append(factor * factor * variance[-1] + (rate * noise) ** 2)
    return mean, np.array(variance)


def noise_free_path(rates: Array, optimizer: str, curvature: float, start: float) -> Array:
    """Return the points of a run without noise, of shape ``(steps + 1,)``."""
    x0 = np.array([start])
    path = scheduled(lambda x, _: curvature * x, x0, lambda k: float(rates[k - 1]), len(rates), update_rule(optimizer))
    return np.array([x0, *path])[:, 0]


def noisy_slope(rng: Generator, curvature: float, noise: float) -> Gradient:
    r"""Return the gradient $\lambda x + \sigma\xi$, standard normal $\xi$ drawn at every call; none at $\sigma = 0$."""

    def gradient(x: Array) -> Array:
        slope = curvature * x
        return slope + noise * rng.standard_normal(x.shape) if noise else slope

    return gradient


def _descend(
    rng: Generator, count: int, *, optimizer: str, curvature: float, noise: float, start: float, rates: Array
) -> Tally:
    """Return the moments of ``count`` replicas at the drawn steps, the last one among them."""
    slope = noisy_slope(rng, curvature, noise)
    x, shown = np.full(count, start), {int(step) for step in sample_steps(len(rates), DRAWN)}
    points = [x]
    path = scheduled(lambda x, _: slope(x), x, lambda k: float(rates[k - 1]), len(rates), update_rule(optimizer))
    points += [x for step, x in enumerate(path, 1) if step in shown]
    return tally(count, moments("x", np.array(points).T))


def _variances(found: Mapping[str, Tally], laws: Mapping[str, tuple[Array, Array]]) -> Observations:
    """Report the sum of squared deviations over the variance; where there is no noise there is no such sum."""
    observations = []
    for name, one in found.items():
        mean, variance = laws[name][0][-1], laws[name][1][-1]
        if variance > 0:
            squares = one["x_squared"][-1] - 2.0 * mean * one["x"][-1] + one.replicates * mean**2
            observations.append(
                Observation(
                    "variance_statistic",
                    squares / variance,
                    one.replicates,
                    {"schedule": name},
                    replicates=one.replicates,
                )
            )
    return Observations.of(observations)


def _floors(found: Mapping[str, Tally], laws: Mapping[str, tuple[Array, Array]]) -> Observations:
    """Report the root mean square distance from the minimum, and the constant rate's mean square over each decay's."""
    squares = {name: float(one["x_squared"][-1] / one.replicates) for name, one in found.items()}
    expected = {name: float(mean[-1] ** 2 + variance[-1]) for name, (mean, variance) in laws.items()}
    observations = []
    for name, square in squares.items():
        at = {"schedule": name}
        rms, formula, count = math.sqrt(square), math.sqrt(expected[name]), found[name].replicates
        observations.append(Observation("floor", rms, formula, at, replicates=count))
        if name != REFERENCE:
            ratio, prediction = squares[REFERENCE] / square, expected[REFERENCE] / expected[name]
            observations.append(Observation("floor_reduction", ratio, prediction, at, replicates=count))
    return Observations.of(observations)


def _sign_changes(rates: Mapping[str, Array], optimizer: str, curvature: float, start: float) -> Observations:
    r"""Report how often a run without noise changes sign: at every step with $\eta_t\lambda > 1$."""
    observations = []
    for name, own in rates.items():
        negative = np.signbit(noise_free_path(own, optimizer, curvature, start))
        changes = int(np.count_nonzero(negative[1:] != negative[:-1]))
        expected = int(np.count_nonzero(own * curvature > 1.0))
        observations.append(Observation("sign_changes", changes, expected, {"schedule": name}))
    return Observations.of(observations)


def _drawn_deviations(found: Mapping[str, Tally], laws: Mapping[str, tuple[Array, Array]]) -> Observations:
    """Draw the standard deviation against the step, from the first one on; without noise there is none to draw."""
    curves = []
    for name, one in found.items():
        steps = len(laws[name][1]) - 1
        shown, every = sample_steps(steps, DRAWN)[1:], sample_steps(steps, 151)[1:]
        mean, square = one.mean("x")[1:], one.mean("x_squared")[1:]
        if laws[name][1][-1] > 0:
            measured = np.sqrt(np.maximum(square - mean * mean, 0.0))
            around = deviation_interval(measured, one.replicates)
            curves.append(Curve("deviation", name, "measured", shown, measured).within(around))
            curves.append(Curve("deviation", name, "predicted", every, np.sqrt(laws[name][1][every])))
    return Observations.of(curves=curves)
