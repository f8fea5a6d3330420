"""The loss under mini-batch descent: up and down in each run, on average along an exact curve to a floor."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import random_descent
from descent_audit.dynamics.trajectories import Optimizer, iterate, update_rule
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import student_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.theory.least_squares_moments import (
    first_increase,
    iterated_losses,
    powered_losses,
    scaled_regression,
    second_moment_map,
    stationary_loss,
)
from descent_audit.theory.mean_square_stability import critical_rates, terms

Array = NDArray[np.float64]
RUNS, TRACES = "runs", "drawn runs"
BAND = 2.0
"""Half width of the drawn band, in standard errors."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Runs of ``steps`` steps from the origin, on batches of ``batch_size`` samples."""

    loss: LeastSquares
    rule: Optimizer
    learning_rate: float
    batch_size: int
    steps: int

    @property
    def start(self) -> Array:
        """The point ``(d,)`` from which every run starts."""
        return np.zeros(self.loss.inputs.shape[1])

    def losses(self, rng: Generator, runs: int) -> Array:
        """Return the loss of every run after 0, 1, ... steps, of shape ``(steps + 1, runs)``."""
        start = np.broadcast_to(self.start, (runs, len(self.start)))
        path = random_descent(self.loss, self.rule, rng, start, self.learning_rate, self.steps, self.batch_size)
        return np.stack([self.loss.value(start), *(self.loss.value(theta) for theta in path)])

    def full_batch_losses(self) -> Array:
        """Return the loss of full-batch descent after 0, 1, ... steps, of shape ``(steps + 1,)``."""
        path = iterate(self.loss.gradient, self.start, self.learning_rate, self.steps, self.rule)
        return np.stack([self.loss.value(self.start), *(self.loss.value(theta) for theta in path)])


def sgd_mean_loss(
    *,
    optimizer: str,
    samples: int,
    dimension: int,
    smallest_scale: float,
    noise: float,
    learning_rate: float,
    batch_size: int,
    reference_batch_size: int,
    steps: int,
    checkpoint_steps: list[int],
    runs: int,
    block_size: int,
    drawn_runs: int,
    drawn_points: int,
    floor_steps: int,
) -> Sampling:
    r"""Compare the mean loss of many runs with the exact recursion of second moments, at some steps.

    The reference is $E\,\mathcal L(\theta_t)$ for batches of ``reference_batch_size`` samples: those that are drawn, or
    all of them, which is the loss of descent without noise. Upward steps are counted run by run.
    """
    check_batch_sizes("batch_size", [batch_size], samples)
    check_batch_sizes("reference_batch_size", [reference_batch_size], samples)
    if max(checkpoint_steps) > steps:
        raise OutOfRange("checkpoint_steps", max(checkpoint_steps), f"1 to {steps}, the steps of a run")
    loss = scaled_regression(samples, dimension, smallest_scale, noise)
    _check_rate(loss, learning_rate, batch_size)
    descent = Descent(loss, update_rule(optimizer), learning_rate, batch_size, steps)
    cells = [
        Cell(RUNS, runs, block_size, partial(_summed, descent)),
        Cell(TRACES, drawn_runs, drawn_runs, partial(_traces, descent, sample_steps(steps, drawn_points))),
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        step = second_moment_map(loss, learning_rate, reference_batch_size)
        exact = iterated_losses(loss, descent.start, step, range(steps + 1))
        return (
            _compared(tallies[RUNS], exact, sorted(checkpoint_steps))
            + _upward_steps(tallies[RUNS], descent)
            + near_minimum(loss, learning_rate, batch_size, floor_steps)
            + _drawn(descent, tallies, exact, drawn_points)
        )

    return Sampling(cells, report)


def sgd_near_minimum(
    *,
    samples: int,
    dimension: int,
    smallest_scale: float,
    noise: float,
    learning_rate: float,
    batch_size: int,
    floor_steps: int,
) -> Observations:
    r"""Report what the exact recursion says of the expected loss near the minimum and after ``floor_steps`` steps.

    Residuals at the minimum are what keeps the gradients of batches from vanishing there: without ``noise`` in the
    targets there is neither an increase nor a floor.
    """
    check_batch_sizes("batch_size", [batch_size], samples)
    loss = scaled_regression(samples, dimension, smallest_scale, noise)
    _check_rate(loss, learning_rate, batch_size)
    step = second_moment_map(loss, learning_rate, batch_size)
    late = float(powered_losses(loss, np.zeros(dimension), step, [floor_steps])[0])
    report = near_minimum(loss, learning_rate, batch_size, floor_steps)
    return report + Observations.of([Observation("late_loss", late, at={"steps": floor_steps})])


def near_minimum(loss: LeastSquares, learning_rate: float, batch_size: int, steps: int) -> Observations:
    r"""Report the expected change of the loss in one step from its minimum, and the floor, both above $\mathcal L^*$.

    The change is predicted by $\frac{\eta^2}2\mathrm{tr}(H\Sigma)$, the floor by ``steps`` steps of the recursion.
    """
    lowest = float(loss.value(loss.minimizer))
    step = second_moment_map(loss, learning_rate, batch_size)
    once, late = powered_losses(loss, loss.minimizer, step, [1, steps]) - lowest
    change, floor = first_increase(loss, learning_rate, batch_size), stationary_loss(loss, step)
    return Observations.of(
        [
            Observation("start_at_minimum_change", float(once), change),
            Observation("noise_floor", floor, float(late)),
        ]
    )


def _check_rate(loss: LeastSquares, learning_rate: float, batch_size: int) -> None:
    """Raise ``OutOfRange`` for a rate at which the mean loss has no limit."""
    limit = float(critical_rates(terms(loss, [batch_size]))[0])
    if not learning_rate < limit:
        raise OutOfRange("learning_rate", learning_rate, f"below {limit:.6g}, the limit of stability in mean square")


def _summed(descent: Descent, rng: Generator, count: int) -> Tally:
    """Sum losses and their squares over the runs, step by step, and count upward steps."""
    losses = descent.losses(rng, count)
    upward = np.diff(losses, axis=0) > 0.0
    counts = {"upward": np.count_nonzero(upward), "runs_upward": np.count_nonzero(upward.any(axis=0))}
    return tally(count, {**moments("loss", losses.T), **counts})


def _traces(descent: Descent, shown: NDArray[np.int_], rng: Generator, count: int) -> Tally:
    return tally(count, {"losses": descent.losses(rng, count)[shown]})


def _compared(found: Tally, exact: Array, checkpoints: list[int]) -> Observations:
    mean, error = found.mean("loss"), found.standard_error("loss")
    scores = (mean[1:] - exact[1:]) / error[1:]
    observations = [
        Observation("mean_loss", mean[at], exact[at], {"step": at}, float(error[at]), found.replicates)
        for at in checkpoints
    ]
    judged, ends, band = scores[np.array(checkpoints) - 1], [1, len(exact) - 1], np.full(2, BAND)
    return Observations.of(
        observations,
        [
            Curve("score", "mean over runs", "measured", checkpoints, judged).within(
                student_interval(judged, 1.0, found.replicates)
            ),
            Curve("score", "upper", "guide", ends, band),
            Curve("score", "lower", "guide", ends, -band),
        ],
    )


def _upward_steps(found: Tally, descent: Descent) -> Observations:
    """Report how often the loss of a run rises, and the largest rise in full-batch descent over its first loss."""
    smooth = descent.full_batch_losses()
    steps = found.replicates * descent.steps
    return Observations.of(
        [
            Observation("increase_fraction", float(found["upward"]) / steps, replicates=steps),
            Observation(
                "runs_with_increase", float(found["runs_upward"]) / found.replicates, replicates=found.replicates
            ),
            Observation("gd_largest_increment", float(np.diff(smooth).max()) / float(smooth[0])),
        ]
    )


def _drawn(descent: Descent, tallies: Mapping[str, Tally], exact: Array, points: int) -> Observations:
    shown, every = sample_steps(descent.steps, points), np.arange(descent.steps + 1)
    lowest = float(descent.loss.value(descent.loss.minimizer))
    traces, mean = tallies[TRACES]["losses"] - lowest, tallies[RUNS].mean("loss") - lowest
    floor = stationary_loss(descent.loss, second_moment_map(descent.loss, descent.learning_rate, descent.batch_size))
    around = mean_interval(tallies[RUNS], "loss").at(shown).where(shown > 0).through(lambda loss: loss - lowest)
    return Observations.of(
        curves=[
            *(Curve("loss", "single runs", "guide", shown, trace) for trace in traces.T),
            Curve("loss", "mean over runs", "measured", shown, mean[shown]).within(around),
            Curve("loss", "mean over runs", "predicted", every, exact - lowest),
            Curve("loss", "full batch", "predicted", every, descent.full_batch_losses() - lowest),
            Curve("loss", "floor", "predicted", [0, descent.steps], [floor, floor]),
        ]
    )
