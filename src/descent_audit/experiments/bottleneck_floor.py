"""A hidden layer narrower than the rank of the labels holds the loss at the floor of the best matrix of that rank."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.linear_floors import (
    one_hot_labels,
    orthonormal_inputs,
    rank_floor,
    spectral_labels,
    zero_predictor_loss,
)
from descent_audit.linear_networks import LinearNetwork, LinearTraining, semi_orthogonal_start
from descent_audit.network_training import check_steps, reached_by, reached_histogram, train
from descent_audit.observations import Curve, Observation, Observations, sample_steps
from descent_audit.parameters import OutOfRange
from descent_audit.sampling import Cell, Sampling
from descent_audit.tallies import Tally, tally
from descent_audit.trajectories import update_rule

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
    cells = []
    for rank in bottlenecks:
        widths = list(dimensions)
        widths[bottleneck_layer] = rank
        draw = partial(
            _block,
            LinearNetwork(tuple(widths)),
            tuple(label_strengths),
            occurring_classes,
            optimizer,
            learning_rate,
            steps,
            check_every,
            relative_target,
            relative_accuracy,
        )
        cells.append(Cell(f"bottleneck={rank}", replicas, block_size, draw))
    strengths = None if occurring_classes else label_strengths
    report = partial(_report, bottlenecks, strengths, check_every, steps, drawn_bottlenecks)
    return Sampling(cells, report)


def _block(
    network: LinearNetwork,
    strengths: tuple[float, ...],
    classes: int,
    optimizer: str,
    learning_rate: float,
    steps: int,
    check_every: int,
    relative_target: float,
    relative_accuracy: float,
    rng: Generator,
    count: int,
) -> Tally:
    size = len(strengths)
    inputs = orthonormal_inputs(size, size, count, rng)
    if classes:
        labels = one_hot_labels(size, size, count, rng, classes)
    else:
        labels = spectral_labels(size, np.array(strengths), count, rng)
    start = semi_orthogonal_start(network, count, rng)
    floor, zero_loss = rank_floor(inputs, labels, min(network.dimensions)), zero_predictor_loss(labels)
    found = train(
        LinearTraining(network, inputs, labels),
        start,
        floor + relative_target * zero_loss,
        learning_rate,
        steps,
        update_rule(optimizer),
        check_every=check_every,
    )
    gaps = (found.history - floor) / zero_loss
    return tally(
        count,
        {
            "steps": reached_histogram(found.reached, steps, check_every),
            "converged": np.count_nonzero(gaps[-1] <= relative_accuracy),
            "floor": np.sum(floor / zero_loss),
            "history": np.sum(found.history / zero_loss, axis=1),
        },
        {
            "gap": gaps[-1].max(),
            "undercut": -gaps.min(),
            "loss": np.max(found.losses / zero_loss),
            "lowest_floor": -np.min(floor / zero_loss),
            "last_step": float(found.reached.max()),
        },
    )


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
        measured += _step_observations(rank, found, steps, check_every)
        history = found.mean("history")
        final.append(history[-1])
        if rank in drawn:
            series = f"$r$ = {rank}"
            seen = np.concatenate([[0], shown])
            curves.append(Curve("loss", series, "measured", at_steps[seen] + 1.0, history[seen]))
            if predicted:
                ends = at_steps[[0, -1]] + 1.0
                curves.append(Curve("loss", series, "predicted", ends, [predicted, predicted]))
            reached = np.cumsum(found["steps"]) / found.replicates
            curves.append(Curve("reached", series, "measured", at_steps[shown], reached[shown]))
    curves.append(Curve("floor", "final loss", "measured", bottlenecks, final))
    if strengths is not None:
        ranks = range(1, len(strengths) + 1)
        shares = [sum(strengths[rank:]) / sum(strengths) for rank in ranks]
        curves.append(Curve("floor", "exact floor", "guide", ranks, shares))
    return Observations.of(measured, curves)


def _floor_observations(rank: int, found: Tally, predicted: float | None) -> list[Observation]:
    at, count, largest = {"bottleneck": rank}, found.replicates, found.largest
    return [
        Observation("relative_gap", float(largest["gap"]), 0.0, at, replicates=count),
        Observation("lowest_gap", -float(largest["undercut"]), 0.0, at, replicates=count),
        Observation("floor_share", float(found.mean("floor")), predicted, at, replicates=count),
        Observation("smallest_floor_share", -float(largest["lowest_floor"]), predicted, at, replicates=count),
        Observation("worst_relative_loss", float(largest["loss"]), predicted, at, replicates=count),
        Observation("converged_fraction", float(found["converged"]) / count, 1.0, at, replicates=count),
    ]


def _step_observations(rank: int, found: Tally, steps: int, check_every: int) -> list[Observation]:
    at, count = {"bottleneck": rank}, found.replicates
    reached = float(found["steps"].sum())
    measured = [Observation("unreached", count - reached, 0.0, at, replicates=count)]
    median = reached_by(0.5, found["steps"], count, steps, check_every)
    if median is not None:
        measured.append(Observation("steps_median", median, at=at, replicates=count))
    if reached:
        last = reached_by(1.0, found["steps"], int(reached), steps, check_every)
        measured.append(Observation("steps_largest", float(found.largest["last_step"]), last, at, replicates=count))
    return measured
