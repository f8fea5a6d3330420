r"""Gradient descent on a quadratic: stable below $2/L$, growing by $|1-\eta L|$ per step above it."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.quadratic import (
    DiagonalQuadratic,
    Quadratic,
    geometric_spectrum,
    plane_rotation,
    random_orthogonal,
    rotated_hessian,
)
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
RENORMALISE = 20
"""Steps after which a growing iterate is scaled back to norm 1 and the logarithm of its norm added up."""


def divergence_threshold(
    *,
    smoothness: list[float],
    condition_number: float,
    dimension: int,
    start: Literal["random", "ones"],
    steps: list[int],
    halvings: int,
    beyond_learning_rate: float,
    beyond_steps: int,
    dense_steps: int,
    dense_window_steps: int,
    dense_halvings: int,
    growth_relative_rates: list[float],
    growth_steps: int,
    drawn_relative_rates: list[float],
    drawn_steps: int,
    streams: Streams,
) -> Observations:
    r"""Measure where $\|x_N\| > \|x_0\|$ begins, in a diagonal and in a rotated basis, and the growth beyond.

    The threshold of a run of N steps is $\eta^*_N = (1 + |c|^{-1/N})/L$, c the top component of the unit start,
    exact up to the lower modes left at the last step; it tends to $2/L$ (Nesterov 2018, section 2.1).
    """
    drawn = np.ones(dimension) if start == "ones" else streams.generator("start").standard_normal(dimension)
    x0 = drawn / np.linalg.norm(drawn)
    top = np.array(smoothness)
    spectra = np.stack([geometric_spectrum(value / condition_number, value, dimension) for value in smoothness])
    loss = DiagonalQuadratic(spectra)
    return (
        _thresholds(loss, top, x0, steps=steps, halvings=halvings)
        + _growth_beyond(loss, top, x0, beyond_learning_rate, beyond_steps)
        + _dense_threshold(
            geometric_spectrum(1 / condition_number, 1.0, dimension),
            streams,
            dense_steps,
            dense_window_steps,
            dense_halvings,
        )
        + _growth_factors(growth_relative_rates, growth_steps)
        + _drawn_distances(drawn_relative_rates, drawn_steps)
    )


def no_top_component(
    *,
    curvatures: list[float],
    learning_rate: float,
    steps: int,
    rotation: float,
    seeded_relative_rates: list[float],
    seeded_steps: int,
) -> Observations:
    r"""Start exactly on the flat axis, where no rate diverges, and on the same axis in a rotated basis.

    There the product $Hx_0$ is rounded and leaves about one unit $u = 2^{-53}$ in the top mode, so that the iterate
    exceeds its start after about $\ln(1/u)/\ln(\eta L - 1)$ steps.
    """
    aligned = DiagonalQuadratic(np.array(curvatures))
    flat = np.array([0.0, 1.0])
    distance = float(np.linalg.norm(final(aligned.gradient, flat, learning_rate, steps)))
    basis = plane_rotation(rotation)
    rotated = Quadratic(rotated_hessian(np.array(curvatures), basis))
    observations = [Observation("final_distance", distance, at={"learning_rate": learning_rate, "steps": steps})]
    for rate in seeded_relative_rates:
        path = iterate(rotated.gradient, basis @ flat, rate / max(curvatures), seeded_steps)
        escape = next((k for k, x in enumerate(path, 1) if not np.linalg.norm(x) <= 1.0), seeded_steps)
        predicted = math.log(2.0**53) / math.log(rate - 1.0)
        observations.append(Observation("escape_step", escape, predicted, {"relative_rate": rate}))
    return Observations.of(observations)


def _thresholds(loss: DiagonalQuadratic, top: Array, x0: Array, *, steps: list[int], halvings: int) -> Observations:
    starts = np.broadcast_to(x0, loss.curvatures.shape)
    observations, bias = [], []
    for count in steps:

        def grows(rates: Array, count: int = count) -> NDArray[np.bool_]:
            return ~(np.linalg.norm(final(loss.gradient, starts, rates[:, None], count), axis=-1) <= 1.0)

        measured = bisect(grows, 1.0 / top, 3.0 / top, halvings=halvings)
        predicted = (1.0 + abs(x0[-1]) ** (-1.0 / count)) / top
        bias.append((count, measured[0] * top[0] / 2 - 1))
        observations += [
            Observation("threshold_ratio", ratio, 1.0, {"smoothness": value, "steps": count})
            for value, ratio in zip(top, measured / predicted, strict=True)
        ]
    lengths = np.geomspace(min(steps), max(steps), 60)
    formula = 0.5 * (abs(x0[-1]) ** (-1.0 / lengths) - 1.0)
    curves = [
        Curve("bias", "bisected threshold", "measured", *zip(*bias, strict=True)),
        Curve("bias", "finite-run formula", "predicted", lengths, formula),
    ]
    return Observations.of(observations, curves)


def _growth_beyond(loss: DiagonalQuadratic, top: Array, x0: Array, rate: float, steps: int) -> Observations:
    x, total = np.broadcast_to(x0, loss.curvatures.shape), np.zeros(len(top))
    for done in range(0, steps, RENORMALISE):
        x = final(loss.gradient, x, rate, min(RENORMALISE, steps - done))
        norm = np.linalg.norm(x, axis=-1)
        x, total = x / norm[:, None], total + np.log(norm)
    modes = np.log(np.abs(x0)) + steps * np.log(np.abs(1 - rate * loss.curvatures))
    predicted = 0.5 * np.logaddexp.reduce(2 * modes, axis=-1)
    return Observations.of(
        Observation(
            "log_growth_beyond", value, expected, {"learning_rate": rate, "smoothness": curvature, "steps": steps}
        )
        for curvature, value, expected in zip(top, total, predicted, strict=True)
    )


def _dense_threshold(spectrum: Array, streams: Streams, steps: int, window: int, halvings: int) -> Observations:
    rng = streams.generator("dense")
    basis = random_orthogonal(len(spectrum), rng)
    loss = Quadratic(rotated_hessian(spectrum, basis))
    start = rng.standard_normal(len(spectrum))

    def grows(rate: Array) -> NDArray[np.bool_]:
        earlier = final(loss.gradient, start, float(rate[0]), steps - window)
        later = final(loss.gradient, earlier, float(rate[0]), window)
        return np.array([not np.linalg.norm(later) <= np.linalg.norm(earlier) < np.inf])

    threshold = bisect(grows, 1.0, 3.0, halvings=halvings)[0]
    return Observations.of([Observation("dense_threshold_times_L", threshold * spectrum[-1], 2.0, {"steps": steps})])


def _growth_factors(relative_rates: list[float], steps: int) -> Observations:
    loss, start = DiagonalQuadratic(np.array([1.0, 0.1])), np.ones(2)
    observations = []
    for rate in relative_rates:
        half = final(loss.gradient, start, rate, steps // 2)
        end = final(loss.gradient, half, rate, steps - steps // 2)
        log_growth = (math.log(abs(end[0])) - math.log(abs(half[0]))) / (steps - steps // 2)
        observations.append(Observation("growth_factor", math.exp(log_growth), abs(1 - rate), {"relative_rate": rate}))
    return Observations.of(observations)


def _drawn_distances(relative_rates: list[float], steps: int) -> Observations:
    rates, shown = np.array(relative_rates), sample_steps(steps, 21)
    path = [np.ones(len(rates)), *iterate(lambda x: x, np.ones(len(rates)), rates, steps)]
    curves = []
    for index, rate in enumerate(relative_rates):
        series, every = rf"$\eta L$ = {rate:g}", np.arange(steps + 1)
        curves.append(Curve("distance", series, "measured", shown, [abs(path[k][index]) for k in shown]))
        curves.append(Curve("distance", series, "predicted", every, abs(1 - rate) ** every.astype(float)))
    return Observations.of(curves=curves)
