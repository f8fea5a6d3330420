"""Mini-batch descent whose batch is the whole data set, side by side with full-batch descent."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain, tee

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.scheduled_runs import scheduled
from descent_audit.dynamics.schedules import constant
from descent_audit.dynamics.trajectories import Optimizer, iterate, last, update_rule
from descent_audit.landscapes.tanh_regression import TanhRegression
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import difference_gradient

Array = NDArray[np.float64]
Indices = NDArray[np.int_]
DIFFERENCE = 1e-5
"""Step of central differences: their truncation and their rounding are then about equal."""
Draw = Callable[[TanhRegression], Indices]


def full_batch_identity(
    *,
    optimizer: str,
    dimension: int,
    samples: list[int],
    replicas: list[int],
    left_out: int,
    replacement: bool,
    learning_rate: float,
    steps: int,
    exact_samples: int,
    exact_replicas: int,
    exact_steps: int,
    drawn_points: int,
    streams: Streams,
) -> Observations:
    r"""Measure $|\theta_{\mathrm{SGD}} - \theta_{\mathrm{GD}}|$ of runs whose batches hold $n$ − ``left_out`` samples.

    A batch drawn without replacement that leaves none out is the data set in another order: nothing but the rounding
    of its sum, of order $\sqrt n\,\varepsilon_{\mathrm{mach}}$, tells the runs apart. Nothing at all does where the
    indices are sorted first, or where sums are exact (Shewchuk 1997). Replicas have data of their own. At the end of
    descent the gradients of all are compared with differences of the loss.
    """
    rule = update_rule(optimizer)
    draw = partial(_batch, left_out=left_out, replacement=replacement)
    label = "with replacement" if replacement else f"{left_out} left out" if left_out else ""
    report = Observations()
    for n, count in zip(samples, replicas, strict=True):
        loss = _problem(streams, dimension, n, count)
        rng = streams.generator(f"batches, samples={n}")
        report += _rounded_sums(loss, rule, learning_rate, steps, partial(draw, rng), drawn_points, label)
    loss = _problem(streams, dimension, exact_samples, exact_replicas)
    batches = partial(draw, streams.generator("batches, exact sums"))
    return report + _exact_sums(loss, rule, learning_rate, exact_steps, batches)


def exact_gradient(loss: TanhRegression, theta: Array) -> Array:
    """Return the mean gradient with every component's sum rounded once, whatever the order of the samples."""
    gradients = loss.sample_gradients(theta)
    sums = [math.fsum(component) for component in gradients.reshape(-1, gradients.shape[-1])]
    return np.array(sums).reshape(theta.shape) / gradients.shape[-1]


def first_step_gap(loss: TanhRegression, batch: Indices) -> float:
    r"""Return the largest relative distance after one step from $\theta = 0$, where $g_i = -y_ix_i$."""

    def slope(data: TanhRegression) -> Array:
        return np.asarray(np.mean(data.targets[:, None, :] * data.inputs, axis=-1))

    full = slope(loss)
    return float((np.linalg.norm(slope(loss.batch(batch)) - full, axis=-1) / np.linalg.norm(full, axis=-1)).max())


def _problem(streams: Streams, dimension: int, samples: int, replicas: int) -> TanhRegression:
    """Draw normal inputs and targets, the same ones in all arms."""
    rng = replace(streams, arm="problem").generator(f"samples={samples}")
    return TanhRegression(rng.standard_normal((replicas, dimension, samples)), rng.standard_normal((replicas, samples)))


def _batch(rng: Generator, loss: TanhRegression, *, left_out: int, replacement: bool) -> Indices:
    replicas, samples = loss.targets.shape
    return draw_batches(rng, replicas, samples, samples - left_out, replacement=replacement)


def _rounded_sums(
    loss: TanhRegression,
    rule: Optimizer,
    rate: float,
    steps: int,
    draw: Draw,
    points: int,
    label: str,
) -> Observations:
    """Run descent side by side with the same batches in sorted and in drawn order."""
    replicas, dimension, samples = loss.inputs.shape
    start, schedule = np.zeros((replicas, dimension)), partial(constant, learning_rate=rate)

    batches = (draw(loss) for _ in range(steps))
    first = next(batches)
    to_sort, as_drawn = tee(chain([first], batches))

    def ordered(theta: Array, step: int) -> Array:
        return loss.batch(np.sort(next(to_sort), axis=-1)).gradient(theta)

    def shuffled(theta: Array, step: int) -> Array:
        return loss.batch(next(as_drawn)).gradient(theta)

    runs = (
        iterate(loss.gradient, start, rate, steps, rule),
        scheduled(ordered, start, schedule, steps, rule),
        scheduled(shuffled, start, schedule, steps, rule),
    )
    shown, drawn = sample_steps(steps, points, log=True), []
    descent = sorted_batches = drawn_batches = start
    for step, (descent, sorted_batches, drawn_batches) in enumerate(zip(*runs, strict=True), 1):  # noqa: B007
        if step in shown:
            drawn.append(float(_relative_gap(drawn_batches, descent).max()))
    gaps = _relative_gap(drawn_batches, descent)
    rounding = math.sqrt(samples) * np.finfo(float).eps
    at = {"samples": samples}
    observations = [
        Observation("ordered_gap", float(np.abs(sorted_batches - descent).max()), 0.0, at),
        Observation("shuffled_relative_gap", float(gaps.max()), 0.0, at),
        Observation("smallest_relative_gap", float(gaps.min()), 0.0, at),
        Observation("shuffled_gap_over_rounding", float(gaps.max()) / rounding, 0.0, at),
    ]
    visible = np.array(drawn) > 0.0
    return Observations.of(
        [*observations, Observation("first_step_gap", drawn[0], first_step_gap(loss, first), at)],
        [
            Curve("gap", label or f"$n$ = {samples}", "measured", shown[visible], np.array(drawn)[visible]),
            Curve("gap", r"$\sqrt{n}\,\varepsilon$", "guide", [1, steps], [rounding, rounding]),
        ],
    )


def _exact_sums(loss: TanhRegression, rule: Optimizer, rate: float, steps: int, draw: Draw) -> Observations:
    replicas, dimension, samples = loss.inputs.shape
    start, schedule = np.zeros((replicas, dimension)), partial(constant, learning_rate=rate)
    descent = last(iterate(lambda theta: exact_gradient(loss, theta), start, rate, steps, rule), start)
    batches = last(
        scheduled(lambda theta, step: exact_gradient(loss.batch(draw(loss)), theta), start, schedule, steps, rule),
        start,
    )
    rounded = last(iterate(loss.gradient, start, rate, steps, rule), start)
    gap = float(np.abs(batches - descent).max())
    error = float(np.linalg.norm(loss.gradient(descent) - difference_gradient(loss.value, descent, DIFFERENCE)))
    at = {"samples": samples}
    return Observations.of(
        [
            Observation("exact_sum_gap", gap, 0.0, at),
            Observation("rounded_sum_gap", _relative_gap(rounded, descent).max(), 0.0, at),
            Observation("gradient_error", error, 0.0, at),
        ]
    )


def _relative_gap(one: Array, other: Array) -> Array:
    """Return the distance over the norm of ``other``, of shape ``(replicas,)``."""
    return np.linalg.norm(one - other, axis=-1) / np.linalg.norm(other, axis=-1)
