"""Up to which learning rate mini-batch descent on least squares is stable in mean square, batch size by batch size."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import batch_descent, random_descent
from descent_audit.dynamics.trajectories import Optimizer, last, update_rule
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import Interval, median_ranks
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import check_batch_sizes
from descent_audit.measurement.tallies import Tally, moments, positive_mean_interval, tally
from descent_audit.numerics.enumeration import subsets, tuples
from descent_audit.theory.least_squares_moments import iterated_losses, scaled_regression, second_moment_map
from descent_audit.theory.mean_square_stability import bisected_rates, critical_rates, spectral_radii, terms

Array = NDArray[np.float64]
Indices = NDArray[np.int_]
LARGEST = 1e100
"""What a loss counts for where it is larger or no number."""
EDGES = np.linspace(-12.0, 68.0, 1281)
"""Edges of the histogram of losses, in decades; what is beyond counts in the last bin. Medians are interpolated."""


class Regression(NamedTuple):
    """The data of the problem, as numbers that name it."""

    samples: int
    dimension: int
    smallest_scale: float
    noise: float


@dataclass(frozen=True, eq=False)
class Runs:
    r"""Descent at a constant rate on batches of one size, from $\theta^* + (1, \dots, 1)$."""

    loss: LeastSquares
    rule: Optimizer
    learning_rate: float
    batch_size: int
    steps: int
    shown: Indices

    @property
    def start(self) -> Array:
        """The point ``(d,)`` from which every run starts."""
        return self.loss.minimizer + 1.0

    def expected(self, steps: Indices) -> Array:
        """Return the expected loss after each of ``steps``, from the exact recursion."""
        step = second_moment_map(self.loss, self.learning_rate, self.batch_size)
        return iterated_losses(self.loss, self.start, step, steps)


def sgd_mean_square_limit(
    *,
    optimizer: str,
    samples: int,
    dimension: int,
    smallest_scale: float,
    noise: float,
    batch_sizes: list[int],
    bracket_learning_rates: list[float],
    halvings: int,
    run_batch_size: int,
    below_factor: float,
    just_above_factor: float,
    above_factor: float,
    steps: int,
    runs: int,
    block_size: int,
    drawn_points: int,
) -> Sampling:
    r"""Bisect the learning rate at which the second moment stops being contracted, and run descent below and above.

    The critical rate of a batch size is $1/\lambda_{\max}(A^{-1}B_m)$ in the terms of ``mean_square_stability``. Runs
    are at multiples of the critical rate of single samples; their losses are in units of the loss at the start.
    """
    check_batch_sizes("batch_sizes", batch_sizes, samples)
    check_batch_sizes("run_batch_size", [run_batch_size], samples)
    regression = Regression(samples, dimension, smallest_scale, noise)
    loss, rule = scaled_regression(*regression), update_rule(optimizer)
    limits = partial(_limits, regression, tuple(bracket_learning_rates), halvings)
    single = limits((1,)).measured[0]
    shown = sample_steps(steps, drawn_points)[1:]
    factors = {"below": below_factor, "just_above": just_above_factor, "above": above_factor}
    runs_at = {
        name: Runs(loss, rule, factor * single, run_batch_size, steps, shown) for name, factor in factors.items()
    }
    cells = [Cell(f"rate={name}", runs, block_size, partial(_losses, at)) for name, at in runs_at.items()]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        return (
            _critical_rates(loss, batch_sizes, limits((*batch_sizes, samples)))
            + _enumerated_steps(loss, rule, single)
            + _run_losses(runs_at, tallies)
            + _growth(loss, runs_at["above"])
        )

    return Sampling(cells, report)


class Limits(NamedTuple):
    """Critical rates by batch size: bisected and in closed form."""

    measured: tuple[float, ...]
    predicted: tuple[float, ...]


@lru_cache(maxsize=32)
def _limits(regression: Regression, bracket: tuple[float, ...], halvings: int, sizes: tuple[int, ...]) -> Limits:
    found = terms(scaled_regression(*regression), sizes)
    measured = bisected_rates(found, "bracket_learning_rates", bracket, halvings)
    return Limits(tuple(measured.tolist()), tuple(critical_rates(found).tolist()))


def _critical_rates(loss: LeastSquares, batch_sizes: list[int], limits: Limits) -> Observations:
    classical, samples = 2.0 / loss.smoothness, len(loss.targets)
    observations = [
        Observation("critical_rate", measured, predicted, {"batch_size": size})
        for size, measured, predicted in zip(batch_sizes, limits.measured, limits.predicted, strict=False)
    ]
    observations.append(Observation("critical_rate_full_batch", limits.measured[-1], classical))
    sizes = np.geomspace(1.0, samples, 60)
    return Observations.of(
        observations,
        [
            Curve("limit", "mean square", "measured", batch_sizes, limits.measured[:-1]),
            Curve("limit", "mean square", "predicted", sizes, critical_rates(terms(loss, sizes))),
            Curve("limit", "$2/L$", "guide", [1.0, samples], [classical, classical]),
        ],
    )


def _enumerated_steps(loss: LeastSquares, rule: Optimizer, rate: float) -> Observations:
    """Compare the recursion with the mean loss over all pairs of single samples, and over all batches of two."""
    samples = len(loss.targets)
    pairs = ((piece, 1) for piece in tuples(samples, 2))
    batches = ((piece, 2) for piece in subsets(samples, 2))
    observations = []
    for pieces, steps, size, total in ((pairs, 2, 1, samples**2), (batches, 1, 2, samples * (samples - 1) // 2)):
        at = Runs(loss, rule, rate, size, steps, np.array([steps]))
        mean = sum(_summed_loss(at, piece, width) for piece, width in pieces) / total
        error = mean / float(at.expected(at.shown)[0]) - 1.0
        observations.append(Observation("enumeration_error", abs(error), 0.0, {"batch_size": size, "steps": steps}))
    return Observations.of(observations)


def _summed_loss(runs: Runs, batches: Indices, size: int) -> float:
    """Return the sum of the last losses over rows of samples, ``size`` of them for each step."""
    start = np.broadcast_to(runs.start, (len(batches), len(runs.start)))
    path = batch_descent(
        runs.loss, runs.rule, start, runs.learning_rate, runs.steps, lambda k: batches[:, (k - 1) * size : k * size]
    )
    return float(np.sum(runs.loss.value(last(path, start))))


def _losses(runs: Runs, rng: Generator, count: int) -> Tally:
    """Sum the losses at the drawn steps and count them by decades."""
    start = np.broadcast_to(runs.start, (count, len(runs.start)))
    path = random_descent(runs.loss, runs.rule, rng, start, runs.learning_rate, runs.steps, runs.batch_size)
    drawn, counts = [], []
    for step, theta in enumerate(path, 1):
        if step in runs.shown:
            losses = np.nan_to_num(runs.loss.value(theta), nan=LARGEST, posinf=LARGEST).clip(max=LARGEST)
            decades = np.log10(np.maximum(losses, 10.0 ** EDGES[0])).clip(max=EDGES[-1])
            drawn.append(losses)
            counts.append(np.histogram(decades, EDGES)[0])
    return tally(count, {**moments("loss", np.array(drawn).T), "histogram": np.array(counts)})


def median_loss(counts: Array) -> float:
    """Return the median from a histogram of decades, interpolated within its bin."""
    cumulative, half = np.concatenate([[0.0], np.cumsum(counts)]), 0.5 * float(np.sum(counts))
    index = int(np.searchsorted(cumulative, half)) - 1
    share = (half - cumulative[index]) / counts[index]
    return float(10.0 ** (EDGES[index] + share * (EDGES[index + 1] - EDGES[index])))


def median_interval(histograms: Array) -> Interval:
    """Return the intervals of the medians ``(steps,)`` from histograms of decades ``(steps, bins)``.

    Their ends are the outer edges of the bins that hold the two order statistics.
    """
    ranks = median_ranks(int(histograms[0].sum()))
    bins = np.array([np.searchsorted(np.cumsum(counts), ranks) for counts in histograms])
    first, last = bins.clip(max=histograms.shape[-1] - 1).T
    return Interval(10.0 ** EDGES[first], 10.0 ** EDGES[last + 1])


def middle_of_bin(loss: float) -> float:
    """Return the middle, in decades, of the histogram's bin of a loss: the median where all runs end at that loss."""
    index = int(np.digitize(math.log10(loss), EDGES))
    return float(10.0 ** np.mean(EDGES[index - 1 : index + 1]))


def _run_losses(runs_at: Mapping[str, Runs], tallies: Mapping[str, Tally]) -> Observations:
    """Report mean and median loss after the last step, over the loss at the start, and draw both."""
    means, medians, expected, middles, curves = {}, {}, {}, {}, []
    for name, runs in runs_at.items():
        found, first = tallies[f"rate={name}"], float(runs.loss.value(runs.start))
        mean = found["loss"] / found.replicates / first
        median = np.array([median_loss(counts) for counts in found["histogram"]]) / first
        means[name], medians[name] = float(mean[-1]), float(median[-1])
        exact = np.nan_to_num(runs.expected(runs.shown), nan=LARGEST, posinf=LARGEST) / first
        expected[name] = float(exact[-1])
        certain = runs.batch_size == len(runs.loss.targets)
        middles[name] = middle_of_bin(expected[name] * first) / first if certain else None
        panel, label = "above" if name == "above" else "limit_runs", name.replace("_", " ")
        around_mean, around_median = (
            Interval(one.low / first, one.high / first).where(not certain)
            for one in (positive_mean_interval(found, "loss"), median_interval(found["histogram"]))
        )
        curves += [
            Curve(panel, f"mean, {label}", "measured", runs.shown, mean).within(around_mean),
            Curve(panel, f"median, {label}", "measured", runs.shown, median).within(around_median),
        ]
        if name != "just_above":
            drawn = exact < LARGEST / first
            curves.append(Curve(panel, f"expectation, {label}", "predicted", runs.shown[drawn], exact[drawn]))
    replicates = tallies["rate=below"].replicates
    return Observations.of(
        [
            Observation("mean_loss_below", means["below"], expected["below"], replicates=replicates),
            Observation("median_loss_below", medians["below"], middles["below"], replicates=replicates),
            Observation("mean_loss_just_above", means["just_above"], expected["just_above"], replicates=replicates),
            Observation("median_loss_just_above", medians["just_above"], middles["just_above"], replicates=replicates),
            Observation("mean_loss_above", means["above"], expected["above"], replicates=replicates),
            Observation("median_loss_above", medians["above"], middles["above"], replicates=replicates),
        ],
        curves,
    )


def _growth(loss: LeastSquares, above: Runs) -> Observations:
    """Report the growth of the second moment per step and the learning rate over 2/L, in the runs above the limit."""
    radius = spectral_radii(terms(loss, [above.batch_size]), [above.learning_rate])[0]
    return Observations.of(
        [
            Observation("mean_square_growth", float(radius)),
            Observation("rate_over_stability_limit", 0.5 * above.learning_rate * loss.smoothness),
        ]
    )
