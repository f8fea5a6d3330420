"""A hidden layer narrower than the rank of the labels holds the loss at the floor of the best matrix of that rank."""

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
from descent_audit.measurement.intervals import Interval, binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, positive_mean_interval, tally
from descent_audit.networks.floors import one_hot_labels, orthonormal_inputs, spectral_labels
from descent_audit.networks.linear import LinearNetwork
from descent_audit.networks.training import check_steps

Array = NDArray[np.float64]


def rank_bottleneck_floor(
    *,
    optimizer: str,
    dimensions: list[int],
    bottleneck_layer: int,
    bottlenecks: list[int],
    label_strengths: list[float],
    occurring_classes: int,
    learning_rate: float,
    steps: int,
    replicas: int,
    relative_target: float,
    relative_accuracy: float,
    check_every: int,
    block_size: int,
    drawn_bottlenecks: list[int],
) -> Sampling:
    r"""Train networks whose layer ``bottleneck_layer`` has the width r until they are at the exact floor.

    For labels of singular values $\sigma_i^2 = k s_i$ (``label_strengths`` is s) on an orthonormal basis it is
    $\mathcal L_\infty/\mathcal L_0 = \sum_{i>r} s_i/\sum_i s_i$ (Eckart and Young 1936; that descent finds it: Baldi
    and Hornik 1989). With ``occurring_classes`` c above 0 labels are one-hot instead, of c classes drawn per replica,
    so that their rank is at most c. Runs stop at ``relative_target`` above the floor, in units of $\mathcal L_0$;
    within ``relative_accuracy`` a replica counts as converged.
    """
    size = len(label_strengths)
    if (dimensions[0], dimensions[-1]) != (size, size):
        raise OutOfRange("label_strengths", size, "as many values as there are inputs and as there are outputs")
    if not 0 <= occurring_classes <= size:
        raise OutOfRange("occurring_classes", occurring_classes, f"0 to {size}, the outputs; 0 for none")
    descent = Descent(optimizer, learning_rate, steps, check_every, relative_target, relative_accuracy)
    cells = []
    for rank in bottlenecks:
        widths = list(dimensions)
        widths[bottleneck_layer] = rank
        draw = partial(_block, LinearNetwork(tuple(widths)), tuple(label_strengths), occurring_classes, descent)
        cells.append(Cell(f"bottleneck={rank}", replicas, block_size, draw))
    strengths = None if occurring_classes else label_strengths
    report = partial(_report, bottlenecks, strengths, check_every, steps, drawn_bottlenecks)
    return Sampling(cells, report)


def _block(
    network: LinearNetwork,
    strengths: tuple[float, ...],
    classes: int,
    descent: Descent,
    rng: Generator,
    count: int,
) -> Tally:
    size = len(strengths)
    inputs = orthonormal_inputs(size, size, count, rng)
    if classes:
        labels = one_hot_labels(size, size, count, rng, classes)
    else:
        labels = spectral_labels(size, np.array(strengths), count, rng)
    run = trained_to_floor(network, inputs, labels, descent, rng)
    extremes = {"loss": np.max(run.loss), "lowest_floor": -np.min(run.floor)}
    return tally(count, floor_sums(run, descent), {**floor_extremes(run), **extremes})


def _report(
    bottlenecks: Sequence[int],
    strengths: Sequence[float] | None,
    check_every: int,
    steps: int,
    drawn: Sequence[int],
    tallies: Mapping[str, Tally],
) -> Observations:
    measured, curves, final = [], [], []
    at_steps = check_steps(steps, check_every)
    shown = sample_steps(len(at_steps) - 1, 30, log=True)
    for rank in bottlenecks:
        found = tallies[f"bottleneck={rank}"]
        predicted = None if strengths is None else sum(strengths[rank:]) / sum(strengths)
        measured += _floor_observations(rank, found, predicted)
        measured += step_observations(found, steps, check_every, {"bottleneck": rank})
        history, around = found.mean("history"), positive_mean_interval(found, "history")
        final.append((history[-1], around.low[-1], around.high[-1]))
        if rank in drawn:
            series = f"$r$ = {rank}"
            seen = np.concatenate([[0], shown])
            curves.append(
                Curve("loss", series, "measured", at_steps[seen] + 1.0, history[seen]).within(around.at(seen))
            )
            if predicted:
                ends = at_steps[[0, -1]] + 1.0
                curves.append(Curve("loss", series, "predicted", ends, [predicted, predicted]))
            reached, n = np.cumsum(found["steps"])[shown], found.replicates
            course = Curve("reached", series, "measured", at_steps[shown], reached / n)
            curves.append(course.within(binomial_interval(reached, n)))
    end, low, high = np.array(final).T
    curves.append(Curve("floor", "final loss", "measured", bottlenecks, end).within(Interval(low, high)))
    if strengths is not None:
        ranks = range(1, len(strengths) + 1)
        shares = [sum(strengths[rank:]) / sum(strengths) for rank in ranks]
        curves.append(Curve("floor", "exact floor", "guide", ranks, shares))
    return Observations.of(measured, curves)


def _floor_observations(rank: int, found: Tally, predicted: float | None) -> list[Observation]:
    at, count, largest = {"bottleneck": rank}, found.replicates, found.largest
    return [
        *gap_observations(found, at),
        Observation("floor_share", float(found.mean("floor")), predicted, at, replicates=count),
        Observation("smallest_floor_share", -float(largest["lowest_floor"]), predicted, at, replicates=count),
        Observation("worst_relative_loss", float(largest["loss"]), predicted, at, replicates=count),
    ]
