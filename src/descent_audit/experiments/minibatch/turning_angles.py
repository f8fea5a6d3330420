"""How sharply successive steps turn: full-batch descent along its path, small batches near the minimum."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import random_descent
from descent_audit.dynamics.trajectories import Optimizer, iterate, update_rule
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import student_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.measurement.tallies import Tally, moments, tally
from descent_audit.theory.sign_design_moments import moments_at, step_correlation, variance_factor
from descent_audit.theory.turning import (
    angles_between,
    flow_turning,
    largest_turn,
    mean_cosine,
    reversal_probability,
)

Array = NDArray[np.float64]
HORIZON = 2000.0
"""Time up to which the turning of the flow is integrated: it has stopped turning long before."""
DRAWN = 60


def turning_angles(
    *,
    optimizer: str,
    dimension: int,
    smallest_scale: float,
    noise: float,
    learning_rates: list[float],
    travel: float,
    fitted_rates: int,
    batch_size: int,
    batch_learning_rates: list[float],
    batch_travel: float,
    runs: int,
    block_size: int,
    scalar_relative_rates: list[float],
    scalar_dimensions: list[int],
    scalar_noise: float,
    pairs: int,
    pair_block_size: int,
) -> Sampling:
    r"""Measure angles between successive steps of descent on the sign design, and of a stationary scalar model.

    Full batch, below $1/L$: the largest angle is bounded by that of the eigenvalues $1 - \eta\lambda$, and the whole
    path turns as far as gradient flow. Batches: after t steps $E\,s_t\cdot s_{t+1} = \varrho\,E\|s_t\|^2$, with the
    $\varrho$ of ``step_correlation``. Scalar model $x' = x - h(x + \xi)$: steps have the correlation $-h/2$.
    """
    design = SignDesign(dimension, smallest_scale, noise)
    check_batch_sizes("batch_size", [batch_size], design.samples)
    if max(learning_rates) >= 1.0:
        raise OutOfRange(
            "learning_rates", max(learning_rates), "below 1, the inverse of L: beyond it there is no bound"
        )
    rule = update_rule(optimizer)
    batches = [
        Cell(
            _batches(rate),
            runs,
            block_size,
            partial(_turns, design, rule, rate, math.ceil(batch_travel / rate), batch_size),
        )
        for rate in batch_learning_rates
    ]
    scalars = [
        Cell(_scalar(h, d), pairs, pair_block_size, partial(_pairs, h, d, scalar_noise))
        for h in scalar_relative_rates
        for d in scalar_dimensions
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = _smooth(design, learning_rates, travel, fitted_rates)
        for rate in batch_learning_rates:
            steps = math.ceil(batch_travel / rate)
            found += _correlated(tallies[_batches(rate)], design, rate, steps, batch_size)
        for h in scalar_relative_rates:
            for d in scalar_dimensions:
                found += _reversed(tallies[_scalar(h, d)], h, d)
        return found + _drawn_means(tallies, batch_learning_rates)

    return Sampling([*batches, *scalars], report)


def overshooting_turns(
    *, dimension: int, smallest_scale: float, learning_rates: list[float], steps: int
) -> Observations:
    """Report the largest and the last angle between successive steps of full-batch descent, in degrees."""
    design = SignDesign(dimension, smallest_scale, 0.0)
    observations, curves = [], []
    for rate in learning_rates:
        angles = np.degrees(path_angles(design, rate, steps))
        at, shown = {"learning_rate": rate}, np.arange(1, min(steps - 1, DRAWN) + 1)
        observations += [
            Observation("largest_angle", float(angles.max()), at=at),
            Observation("last_angle", float(angles[-1]), at=at),
        ]
        curves.append(Curve("angles", f"$\\eta L = {rate:g}$", "measured", shown, angles[shown - 1]))
    return Observations.of(observations, curves)


def path_angles(design: SignDesign, learning_rate: float, steps: int) -> Array:
    """Return the angles between successive steps of descent from the origin in radians, ``(steps - 1,)``.

    In coordinates of the distance from the minimum, which keep their digits however close it is.
    """
    loss = DiagonalQuadratic(design.curvatures)
    start = -design.minimizer
    points = np.stack([start, *iterate(loss.gradient, start, learning_rate, steps)])
    moved = np.diff(points, axis=0)
    return angles_between(moved[:-1], moved[1:])


def _batches(rate: float) -> str:
    return f"batches, learning_rate={rate}"


def _scalar(relative_rate: float, dimension: int) -> str:
    return f"pairs, relative_rate={relative_rate}, dimension={dimension}"


def _turns(
    design: SignDesign, rule: Optimizer, rate: float, steps: int, batch_size: int, rng: Generator, count: int
) -> Tally:
    """Take two steps of every run after so many; sum the product, its excess over the prediction, and the angle."""
    start = np.zeros((count, design.dimension))
    path = random_descent(design.loss, rule, rng, start, rate, steps + 2, batch_size)
    last = [theta for step, theta in enumerate(path, 1) if step >= steps]
    first, second = last[1] - last[0], last[2] - last[1]
    factor = variance_factor(design.samples, batch_size)
    (squares,) = moments_at(design, -design.minimizer, lambda _: rate, factor, [steps])
    correlation = step_correlation(design, squares, rate, factor)
    excess = np.sum(first * second, axis=-1) - correlation * np.sum(first * first, axis=-1)
    angles = np.degrees(angles_between(first, second))
    return tally(count, {**moments("excess", excess), **moments("angle", angles)})


def _pairs(relative_rate: float, dimension: int, noise: float, rng: Generator, count: int) -> Tally:
    """Draw pairs of successive steps of the scalar model from its stationary law."""
    x = math.sqrt(relative_rate / (2.0 - relative_rate)) * rng.standard_normal((count, dimension))
    first = -relative_rate * (x + noise * rng.standard_normal((count, dimension)))
    second = -relative_rate * (x + first + noise * rng.standard_normal((count, dimension)))
    product = np.sum(first * second, axis=-1)
    cosine = product / (np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1))
    return tally(count, {"reversals": np.count_nonzero(product < 0.0), **moments("cosine", cosine)})


def _smooth(design: SignDesign, rates: list[float], travel: float, fitted: int) -> Observations:
    observations, curves, largest, bounds = [], [], [], []
    for rate in sorted(rates):
        angles = path_angles(design, rate, math.ceil(travel / rate))
        bounds.append(largest_turn(1.0 - rate, 1.0 - rate * float(design.curvatures.min())))
        largest.append(float(angles.max()))
        observations.append(Observation("angle_over_bound", largest[-1] / bounds[-1], at={"learning_rate": rate}))
        if rate == min(rates):
            total = flow_turning(design.curvatures, design.minimizer, HORIZON)
            observations.append(Observation("total_turning", float(angles.sum()), total, {"learning_rate": rate}))
        shown = sample_steps(min(len(angles) - 1, 2 * DRAWN), DRAWN)
        curves.append(Curve("angles", f"$\\eta L = {rate:g}$", "measured", shown + 1, np.degrees(angles[shown])))
    slow = sorted(rates)[:fitted]
    observations.append(Observation("angle_exponent", loglog_slope(slow, largest[:fitted]), 1.0))
    curves += [
        Curve("means", "full batch, largest", "measured", sorted(rates), np.degrees(largest)),
        Curve("means", "full batch, largest", "predicted", sorted(rates), np.degrees(bounds)),
    ]
    return Observations.of(observations, curves)


def _correlated(found: Tally, design: SignDesign, rate: float, steps: int, batch_size: int) -> Observations:
    at = {"learning_rate": rate}
    error = float(found.standard_error("angle")) if found.replicates > 1 else None
    observations = [Observation("mean_batch_angle", float(found.mean("angle")), None, at, error, found.replicates)]
    if batch_size < design.samples:
        mean, spread = float(found.mean("excess")), float(found.standard_error("excess"))
        observations.append(Observation("step_correlation", mean, 0.0, at, spread, found.replicates))
    return Observations.of(observations)


def _reversed(found: Tally, relative_rate: float, dimension: int) -> Observations:
    at = {"relative_rate": relative_rate, "dimension": dimension}
    if dimension == 1:
        expected = found.replicates * reversal_probability(relative_rate)
        return Observations.of(
            [Observation("reversals", int(found["reversals"]), expected, at, replicates=found.replicates)]
        )
    mean, error = float(found.mean("cosine")), float(found.standard_error("cosine"))
    predicted = mean_cosine(relative_rate, dimension)
    return Observations.of([Observation("mean_cosine", mean, predicted, at, error, found.replicates)])


def _drawn_means(tallies: Mapping[str, Tally], rates: list[float]) -> Observations:
    found = [tallies[_batches(rate)] for rate in rates]
    mean = np.array([float(one.mean("angle")) for one in found])
    marks = Curve("means", "small batches, mean", "measured", rates, mean)
    if found[0].replicates > 1:
        error = np.array([float(one.standard_error("angle")) for one in found])
        marks = marks.within(student_interval(mean, error, found[0].replicates).where(error > 0.0))
    return Observations.of(
        curves=[marks, Curve("means", "right angle", "guide", [min(rates), max(rates)], [90.0, 90.0])]
    )
