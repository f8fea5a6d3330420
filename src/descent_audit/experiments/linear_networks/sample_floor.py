"""More samples than inputs leave a floor whose share of the zero predictor's loss follows a Beta law."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.experiments.linear_networks.floor_training import (
    Descent,
    floor_extremes,
    floor_sums,
    gap_observations,
    step_observations,
    trained_to_floor,
)
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.statistics import FALSE_ALARM
from descent_audit.measurement.tallies import Tally, positive_mean_interval, tally
from descent_audit.networks.floors import least_squares_floor, orthonormal_inputs, zero_predictor_loss
from descent_audit.networks.linear import LinearNetwork
from descent_audit.networks.training import check_steps
from descent_audit.theory.beta_law import beta_density, beta_quantile, largest_distance, probability_counts

Array = NDArray[np.float64]


def sample_excess_floor(
    *,
    optimizer: str,
    dimensions: list[int],
    training_samples: list[int],
    learning_rate: float,
    steps: int,
    replicas: int,
    relative_target: float,
    relative_accuracy: float,
    check_every: int,
    block_size: int,
    law_samples: list[int],
    law_draws: int,
    law_block_size: int,
    histogram_bins: int,
) -> Sampling:
    r"""Train on n Gaussian labels for white inputs up to the exact floor, and draw the law of the floor's share.

    With P the projector on the row space of X the floor is $\frac1{2n}\|Y(I - P)\|_F^2$, and for Gaussian Y
    independent of X its share of $\mathcal L_0$ is $\mathrm{Beta}(\tfrac12 k(n-d), \tfrac12 kd)$: a squared norm over
    the sum with another, independent one. Cells of the law draw Gaussian X too, and train nothing.
    """
    network = LinearNetwork(tuple(dimensions))
    descent = Descent(optimizer, learning_rate, steps, check_every, relative_target, relative_accuracy)
    train_block = partial(_trained, network, descent)
    cells = [Cell(f"trained samples={n}", replicas, block_size, partial(train_block, n)) for n in training_samples]
    for n in law_samples:
        draw = partial(_shares, dimensions[0], dimensions[-1], n, histogram_bins)
        cells.append(Cell(f"law samples={n}", law_draws, law_block_size, draw))
    report = partial(
        _report,
        network,
        training_samples,
        law_samples,
        steps,
        check_every,
        FALSE_ALARM / (law_draws * len(law_samples)),
    )
    return Sampling(cells, report)


def _trained(network: LinearNetwork, descent: Descent, samples: int, rng: Generator, count: int) -> Tally:
    inputs = orthonormal_inputs(network.dimensions[0], samples, count, rng)
    labels = rng.standard_normal((count, network.dimensions[-1], samples))
    run = trained_to_floor(network, inputs, labels, descent, rng)
    before = smallest_gap_before(run.gaps, run.reached, descent.check_every)
    return tally(count, floor_sums(run, descent), {**floor_extremes(run), "before": -before})


def smallest_gap_before(gaps: Array, reached: NDArray[np.int64], check_every: int) -> float:
    """Return the smallest gap at the last check before a target, of gaps ``(checks + 1, replicas)``.

    It is infinite where no replica has reached its target, or all have from the start.
    """
    trained = np.flatnonzero(reached > 0)
    checks = -(-reached[trained] // check_every)
    return float(gaps[checks - 1, trained].min(initial=np.inf))


def _shares(dimension: int, outputs: int, samples: int, bins: int, rng: Generator, count: int) -> Tally:
    inputs = rng.standard_normal((count, dimension, samples))
    labels = rng.standard_normal((count, outputs, samples))
    shares = least_squares_floor(inputs, labels) / zero_predictor_loss(labels)
    sums = {"share": shares.sum(), "histogram": np.histogram(shares, bins, (0.0, 1.0))[0]}
    if samples > dimension:
        sums["counts"] = probability_counts(shares, *share_law(dimension, outputs, samples))
    return tally(count, sums, {"lowest": -shares.min()})


def share_law(dimension: int, outputs: int, samples: int) -> tuple[float, float]:
    r"""Return a and b of $\mathrm{Beta}(\tfrac12 k(n-d), \tfrac12 kd)$, for n > d."""
    return 0.5 * outputs * (samples - dimension), 0.5 * outputs * dimension


def _report(
    network: LinearNetwork,
    training_samples: Sequence[int],
    law_samples: Sequence[int],
    steps: int,
    check_every: int,
    level: float,
    tallies: Mapping[str, Tally],
) -> Observations:
    measured, curves = [], []
    dimension, outputs = network.dimensions[0], network.dimensions[-1]
    at_steps = check_steps(steps, check_every)
    shown = np.concatenate([[0], sample_steps(len(at_steps) - 1, 30, log=True)])
    for n in training_samples:
        found = tallies[f"trained samples={n}"]
        measured += _training_observations(n, found, steps, check_every)
        series, history, floor = f"$n$ = {n}", found.mean("history"), float(found.mean("floor"))
        around = positive_mean_interval(found, "history").at(shown)
        curves.append(Curve("loss", series, "measured", at_steps[shown] + 1.0, history[shown]).within(around))
        if floor > 1e-12:
            curves.append(Curve("loss", series, "predicted", at_steps[[0, -1]] + 1.0, [floor, floor]))
    for n in law_samples:
        found = tallies[f"law samples={n}"]
        measured += _law_observations(dimension, outputs, n, level, found)
        curves += _law_curves(dimension, outputs, n, found)
    return Observations.of(measured, curves)


def _training_observations(samples: int, found: Tally, steps: int, check_every: int) -> list[Observation]:
    at = {"samples": samples}
    before = Observation("gap_before_target", -float(found.largest["before"]), at=at, replicates=found.replicates)
    return [*gap_observations(found, at), before, *step_observations(found, steps, check_every, at)]


def _law_observations(dimension: int, outputs: int, samples: int, level: float, found: Tally) -> list[Observation]:
    at, count, smallest = {"samples": samples}, found.replicates, -float(found.largest["lowest"])
    measured = [
        Observation("smallest_share", smallest, at=at, replicates=count),
        Observation("mean_share", float(found.mean("share")), max(0.0, 1 - dimension / samples), at, replicates=count),
    ]
    if samples > dimension:
        quantile = beta_quantile(level, *share_law(dimension, outputs, samples))
        distance = largest_distance(found["counts"])
        measured += [
            Observation("share_distance", distance, 0.0, at, replicates=count),
            Observation("smallest_share_over_quantile", smallest / quantile, at=at, replicates=count),
        ]
    return measured


def _law_curves(dimension: int, outputs: int, samples: int, found: Tally) -> list[Curve]:
    histogram = found["histogram"]
    width = 1.0 / len(histogram)
    centres = width * (np.arange(len(histogram)) + 0.5)
    full = histogram > 0
    series = f"$n$ = {samples}"
    around = binomial_interval(histogram[full], found.replicates).through(lambda share: share / width)
    density = histogram[full] / (found.replicates * width)
    curves = [Curve("share", series, "measured", centres[full], density).within(around)]
    if samples > dimension:
        x = np.linspace(0.002, 0.998, 200)
        curves.append(Curve("share", series, "predicted", x, beta_density(x, *share_law(dimension, outputs, samples))))
    return curves
