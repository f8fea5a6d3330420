"""How fast mini-batch descent converges: to a floor, like 1/t at a decaying rate, and geometrically without noise."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import random_descent
from descent_audit.dynamics.trajectories import Optimizer, update_rule
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.measurement.tallies import Tally, moments, positive_mean_interval, tally
from descent_audit.theory.sign_design_moments import (
    contraction,
    excess_path,
    mean_excess,
    moments_path,
    stationary_moments,
    variance_factor,
)

Array = NDArray[np.float64]
Rate = Callable[[int], float]
FITTED = 21
"""Steps, in constant ratio over the last decade, through which an exponent is fitted."""
SMOOTHNESS = 1.0


def noisy_rates(
    *,
    optimizer: str,
    dimension: int,
    smallest_scale: float,
    noise: float,
    batch_size: int,
    learning_rate: float,
    constant_steps: int,
    decay_product: float,
    decay_offset: int,
    decay_steps: int,
    accuracies: list[float],
    quiet_window: list[int],
    full_batch_window: list[int],
    checkpoint_steps: list[int],
    runs: int,
    block_size: int,
    drawn_points: int,
) -> Sampling:
    r"""Follow the mean loss above its minimum at a constant rate and at $\eta_t = a/(t_0 + t)$.

    ``decay_product`` is $a\mu$. The constant rate ends at the fixed point of the second moments. At the decaying one,
    $a\mu > \tfrac12$, the mean excess times t tends to
    $C = \tfrac12\phi\sigma^2\sum_k\frac{(a\lambda_k)^2}{2a\lambda_k - 1}$. Without ``noise`` in the labels it falls
    by the factor q of ``contraction`` per step, and full-batch descent at $1/L$ by $(1 - \mu/L)^2$. Batches of all
    samples draw nothing: their runs are the recursion itself.
    """
    design = SignDesign(dimension, smallest_scale, noise)
    check_batch_sizes("batch_size", [batch_size], design.samples)
    if not decay_product > 0.5:
        raise OutOfRange("decay_product", decay_product, "above 0.5: below it the flattest coordinate has another law")
    if max(checkpoint_steps) > min(constant_steps, decay_steps):
        raise OutOfRange("checkpoint_steps", max(checkpoint_steps), f"1 to {min(constant_steps, decay_steps)}")
    factor, rule = variance_factor(design.samples, batch_size), update_rule(optimizer)
    decay = decaying(design, decay_product, decay_offset)
    schedules: dict[str, Rate] = {"constant": lambda _: learning_rate, "decaying": decay}
    cells = [
        Cell(name, runs, block_size, partial(_excess_of_runs, design, rule, rate, sorted(checkpoint_steps), batch_size))
        for name, rate in schedules.items()
        if batch_size < design.samples
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        paths = {
            "constant": excess_path(design, -design.minimizer, schedules["constant"], factor, constant_steps),
            "decaying": excess_path(design, -design.minimizer, decay, factor, decay_steps),
            "full batch": excess_path(design, -design.minimizer, lambda _: 1.0 / SMOOTHNESS, 0.0, full_batch_window[1]),
        }
        found = _laws(design, paths, factor, learning_rate, decay_product, decay_offset)
        found += _factors(design, paths["full batch"], factor, learning_rate, quiet_window, full_batch_window)
        found += _step_ratios(paths["decaying"], paths["full batch"], accuracies, batch_size / design.samples)
        for name, one in tallies.items():
            found += _compared(one, paths[name], name, sorted(checkpoint_steps))
        return found + _drawn(paths, drawn_points, accuracies)

    return Sampling(cells, report)


def interpolating_steps(
    *, dimension: int, smallest_scale: float, batch_size: int, learning_rate: float, accuracies: list[float], steps: int
) -> Observations:
    r"""Compare steps to an accuracy without noise in the labels, on batches and in full.

    The ratio tends to $2\ln(1-\mu/L)/\ln q$, with q the contraction per step.
    """
    design = SignDesign(dimension, smallest_scale, 0.0)
    factor = variance_factor(design.samples, batch_size)
    batches = excess_path(design, -design.minimizer, lambda _: learning_rate, factor, steps)
    full = excess_path(design, -design.minimizer, lambda _: 1.0 / SMOOTHNESS, 0.0, steps)
    flat = float(design.curvatures.min())
    expected = 2.0 * math.log(1.0 - flat) / math.log(contraction(design, learning_rate, factor))
    counts = [(accuracy, first_below(batches, accuracy), first_below(full, accuracy)) for accuracy in accuracies]
    return Observations.of(
        [Observation("step_ratio", a / b, expected, {"accuracy": accuracy}) for accuracy, a, b in counts],
        [Curve("steps", "batches, no noise", "measured", accuracies, [a for _, a, _ in counts])],
    )


def short_rate(
    *,
    dimension: int,
    smallest_scale: float,
    noise: list[float],
    batch_size: int,
    decay_product: float,
    decay_offset: int,
    decay_steps: int,
) -> Observations:
    r"""Fit the exponent in t of the flattest $M_d$ where $a\mu < \tfrac12$: $-2a\mu$, with and without noise."""
    if not 0.0 < decay_product < 0.5:
        raise OutOfRange("decay_product", decay_product, "above 0 and below 0.5: from there on the noise decides")
    found = []
    for sigma in noise:
        design = SignDesign(dimension, smallest_scale, sigma)
        factor, rate = variance_factor(design.samples, batch_size), decaying(design, decay_product, decay_offset)
        path = moments_path(design, -design.minimizer, rate, factor, decay_steps)
        flattest = np.array([squares[-1] for squares in path])
        slope = last_decade_slope(flattest, decay_offset)
        found.append(Observation("flattest_exponent", slope, -2.0 * decay_product, {"noise": sigma}))
    return Observations.of(found)


def decaying(design: SignDesign, product: float, offset: int) -> Rate:
    r"""Return $\eta_t = a/(t_0 + t)$ with $a\mu$ = ``product``; the first step has $t = 0$."""
    scale = product / float(design.curvatures.min())
    return lambda step: scale / (offset + step)


def first_below(path: Array, accuracy: float) -> int:
    """Return the first step after which a path is at most ``accuracy``. Raises ``OutOfRange`` where it never is."""
    if not path.min() <= accuracy:
        raise OutOfRange("accuracies", accuracy, f"at least {path.min():.3g}, which the run reaches")
    return int(np.argmax(path <= accuracy))


def last_decade_slope(path: Array, offset: int) -> float:
    r"""Return the slope of $\ln$ path in $\ln(t + t_0)$ over the last decade of t."""
    last = len(path) - 1
    steps = np.unique(np.rint(np.geomspace(last / 10, last, FITTED)).astype(int))
    return loglog_slope(steps + offset, path[steps])


def _excess_of_runs(
    design: SignDesign, rule: Optimizer, rate: Rate, checkpoints: list[int], batch_size: int, rng: Generator, count: int
) -> Tally:
    """Run mini-batch descent from the origin and sum the loss above the minimum at the checkpoints."""
    start = np.zeros((count, design.dimension))
    path = random_descent(design.loss, rule, rng, start, lambda step: rate(step - 1), checkpoints[-1], batch_size)
    shown = [design.loss.value(theta) - design.lowest for step, theta in enumerate(path, 1) if step in checkpoints]
    return tally(count, moments("excess", np.stack(shown, axis=-1)))


def _laws(
    design: SignDesign, paths: Mapping[str, Array], factor: float, rate: float, product: float, offset: int
) -> Observations:
    floor = float(mean_excess(design, stationary_moments(design, rate, factor)))
    scaled = product / float(design.curvatures.min()) * design.curvatures
    constant = 0.5 * factor * design.noise**2 * float(np.sum(scaled**2 / (2.0 * scaled - 1.0)))
    decay = paths["decaying"]
    return Observations.of(
        [
            Observation("constant_floor", float(paths["constant"][-1]), floor),
            Observation("decay_constant", (len(decay) - 1 + offset) * float(decay[-1]), constant),
            Observation("decay_exponent", last_decade_slope(decay, offset), -1.0),
        ]
    )


def _factors(
    design: SignDesign, full: Array, factor: float, rate: float, quiet_window: list[int], full_window: list[int]
) -> Observations:
    """Report the factors per step by which the mean excess falls without noise, and that of full-batch descent."""
    quiet = SignDesign(design.dimension, design.smallest_scale, 0.0)
    path = excess_path(quiet, -quiet.minimizer, lambda _: rate, factor, quiet_window[1])
    flat = float(design.curvatures.min())
    return Observations.of(
        [
            Observation("interpolating_factor", _per_step(path, quiet_window), contraction(quiet, rate, factor)),
            Observation("full_batch_factor", _per_step(full, full_window), (1.0 - flat / SMOOTHNESS) ** 2),
        ]
    )


def _per_step(path: Array, window: list[int]) -> float:
    first, last = window
    return float((path[last] / path[first]) ** (1.0 / (last - first)))


def _step_ratios(decay: Array, full: Array, accuracies: list[float], share: float) -> Observations:
    """Report steps of the decaying schedule over those of full-batch descent, and the same in passes over the data."""
    found = []
    for accuracy in accuracies:
        ratio, at = first_below(decay, accuracy) / first_below(full, accuracy), {"accuracy": accuracy}
        found += [Observation("step_ratio", ratio, at=at), Observation("work_ratio", share * ratio, at=at)]
    counts = {"decaying rate": decay, "full batch": full}
    return Observations.of(
        found,
        [
            Curve("steps", name, "measured", accuracies, [first_below(path, accuracy) for accuracy in accuracies])
            for name, path in counts.items()
        ],
    )


def _compared(found: Tally, exact: Array, name: str, checkpoints: list[int]) -> Observations:
    mean, error = found.mean("excess"), found.standard_error("excess")
    marks = Curve("excess", f"{name} rate", "measured", checkpoints, mean)
    return Observations.of(
        [
            Observation(
                "mean_excess",
                mean[place],
                exact[step],
                {"schedule": name, "step": step},
                float(error[place]),
                found.replicates,
            )
            for place, step in enumerate(checkpoints)
        ],
        [marks.within(positive_mean_interval(found, "excess"))],
    )


def _drawn(paths: Mapping[str, Array], points: int, accuracies: list[float]) -> Observations:
    labels = {"constant": "constant rate", "decaying": "decaying rate", "full batch": "full batch"}
    curves = []
    for name, path in paths.items():
        steps = sample_steps(len(path) - 1, points, log=True)
        steps = steps[path[steps] > 0.01 * min(accuracies)]
        curves.append(Curve("excess", labels[name], "predicted", steps, path[steps]))
    return Observations.of(curves=curves)
