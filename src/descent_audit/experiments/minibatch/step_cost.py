"""What one step costs against the size of its batch, and how far an equal budget of arithmetic carries."""

import time

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.minibatches import CountedArray, Tally
from descent_audit.dynamics.trajectories import Optimizer, final_state, iterate, snapshots, update_rule
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.theory.least_squares_moments import (
    descent_losses,
    iterated_losses,
    powered_losses,
    scaled_regression,
    second_moment_map,
)

Array = NDArray[np.float64]


def step_cost(
    *,
    optimizer: str,
    samples: list[int],
    dimension: int,
    batch_sizes: list[int],
    learning_rate: float,
    budget_samples: int,
    budget_dimension: int,
    smallest_scale: float,
    noise: float,
    budget_batch_size: int,
    passes: list[int],
    wall_time: bool,
    timed_samples: int,
    timed_batch_sizes: list[int],
    timed_steps: int,
) -> Observations:
    r"""Count the multiply-adds of a step, $2md$, and compare descents that read the data equally often.

    A budget of $b$ passes buys $b$ full steps or $bn/m$ steps on batches of $m$; losses are exact expectations. Wall
    times are measured only where ``wall_time`` says so, and nothing is decided by them.
    """
    rule = update_rule(optimizer)
    shares = [min(batch_sizes) / max(samples), 1.0]
    report = Observations.of(curves=[Curve("cost", "$m/n$", "guide", shares, shares)])
    for count in samples:
        report += _counted_steps(rule, count, dimension, batch_sizes, learning_rate)
    regression = scaled_regression(budget_samples, budget_dimension, smallest_scale, noise)
    report += _budgets(rule, regression, learning_rate, budget_batch_size, passes)
    if wall_time:
        sizes = [*timed_batch_sizes, timed_samples]
        report += _timed_steps(rule, timed_samples, dimension, sizes, learning_rate, timed_steps)
    return report


def counted_step(rule: Optimizer, loss: LeastSquares, batch_size: int, learning_rate: float) -> int:
    """Return the multiply-adds of the matrix products in one step on the first ``batch_size`` samples."""
    tally = Tally()
    batch = LeastSquares(CountedArray.of(loss.inputs, tally)[:batch_size], loss.targets[:batch_size])
    final_state(batch.gradient, np.zeros(loss.inputs.shape[1]), learning_rate, 1, rule)
    return tally.multiply_adds


def _counted_steps(rule: Optimizer, samples: int, dimension: int, sizes: list[int], rate: float) -> Observations:
    loss = LeastSquares(np.ones((samples, dimension)), np.ones(samples))
    full = counted_step(rule, loss, samples, rate)
    observations = [Observation("multiply_adds", full, 2 * samples * dimension, _at(samples, samples, "full"))]
    counts = [counted_step(rule, loss, size, rate) for size in sizes]
    for size, count in zip(sizes, counts, strict=True):
        at = _at(samples, size, "batch")
        observations += [
            Observation("multiply_adds", count, 2 * size * dimension, at),
            Observation("cost_ratio", full / count, samples / size, at),
            Observation("cheaper_than_full", float(count < full), 1.0, at),
        ]
    shares = np.array([*sizes, samples]) / samples
    series = f"counted, $n$ = {samples}"
    return Observations.of(
        observations,
        [Curve("cost", series, "measured", shares, np.array([*counts, full]) / full)],
    )


def _at(samples: int, size: int, step: str) -> dict[str, int | str]:
    return {"samples": samples, "batch_size": size, "step": step}


def _budgets(rule: Optimizer, loss: LeastSquares, rate: float, size: int, passes: list[int]) -> Observations:
    """Compare the exact expectation of mini-batch descent with full-batch descent, each computed in two ways."""
    start = np.zeros(loss.inputs.shape[1])
    shown = np.unique(np.rint(np.geomspace(1, max(passes), 40)).astype(int))
    budgets = np.union1d(passes, shown)
    per_pass = len(loss.targets) // size
    step, full_step = (second_moment_map(loss, rate, count) for count in (size, len(loss.targets)))
    batches = iterated_losses(loss, start, step, budgets * per_pass)
    powered = powered_losses(loss, start, step, budgets * per_pass)
    path = iterate(loss.gradient, start, rate, int(budgets.max()), rule)
    descent = loss.value(np.array(snapshots(path, budgets)))
    recursion = iterated_losses(loss, start, full_step, budgets)
    exact = descent_losses(loss, start, rate, budgets)
    observations = []
    for index in (int(np.searchsorted(budgets, budget)) for budget in passes):
        at = {"passes": int(budgets[index])}
        observations += [
            Observation("loss_after_budget_sgd", batches[index], powered[index], at),
            Observation("loss_after_budget_gd", descent[index], exact[index], {**at, "by": "descent"}),
            Observation("loss_after_budget_gd", recursion[index], exact[index], {**at, "by": "recursion"}),
            Observation("budget_loss_ratio", batches[index] / descent[index], powered[index] / exact[index], at),
        ]
    floor = float(loss.value(loss.minimizer))
    curves = []
    for series, measured, predicted in ((f"$m$ = {size}", batches, powered), ("$m = n$", descent, exact)):
        drawn = np.isin(budgets, shown) & (np.minimum(measured, predicted) > floor)
        curves.append(Curve("budget", series, "measured", budgets[drawn], measured[drawn] - floor))
        curves.append(Curve("budget", series, "predicted", budgets[drawn], predicted[drawn] - floor))
    return Observations.of(observations, curves)


def _timed_steps(
    rule: Optimizer, samples: int, dimension: int, sizes: list[int], rate: float, steps: int
) -> Observations:
    """Time a step on the first samples of the data: the median of ``steps`` single ones."""
    inputs, targets = np.ones((samples, dimension)), np.ones(samples)
    medians = []
    for size in sizes:
        batch = LeastSquares(inputs[:size], targets[:size])
        run = iterate(batch.gradient, np.zeros(dimension), rate, steps, rule)
        started = [time.perf_counter(), *(time.perf_counter() for _ in run)]
        medians.append(float(np.median(np.diff(started))))
    observations = [
        Observation("seconds_per_step", seconds, at={"samples": samples, "batch_size": size})
        for size, seconds in zip(sizes, medians, strict=True)
    ]
    shares = np.array(sizes) / samples
    return Observations.of(
        observations, [Curve("cost", f"time, $n$ = {samples}", "measured", shares, np.array(medians) / medians[-1])]
    )
