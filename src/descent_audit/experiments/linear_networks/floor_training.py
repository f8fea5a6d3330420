r"""Training linear networks down to an exact floor: what a block of networks adds up, and what is reported of all.

Losses are in units of that of the zero predictor, $\mathcal L_0$.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import update_rule
from descent_audit.measurement.observations import Observation, Scalar
from descent_audit.measurement.tallies import Tally, moments
from descent_audit.networks.floors import rank_floor, zero_predictor_loss
from descent_audit.networks.linear import LinearNetwork, LinearTraining, semi_orthogonal_start
from descent_audit.networks.training import reached_by, reached_histogram, train

Array = NDArray[np.float64]


class Descent(NamedTuple):
    """How networks are trained: to ``relative_target`` above the floor, converged within ``relative_accuracy``."""

    optimizer: str
    learning_rate: float
    steps: int
    check_every: int
    relative_target: float
    relative_accuracy: float


class FloorRun(NamedTuple):
    """A block of trained networks: ``gaps`` and ``history`` ``(checks + 1, replicas)``, the others ``(replicas,)``.

    ``floor`` is the share of the loss that no network of this shape can fall below, ``loss`` that of the last step,
    ``gaps`` the history minus the floor, and ``reached`` the step at which a network was at its target, or -1.
    """

    floor: Array
    loss: Array
    history: Array
    gaps: Array
    reached: NDArray[np.int64]


def trained_to_floor(
    network: LinearNetwork, inputs: Array, labels: Array, descent: Descent, rng: Generator
) -> FloorRun:
    """Train a network on each of the data sets ``(replicas, d, n)`` and ``(replicas, k, n)``, from drawn starts."""
    start = semi_orthogonal_start(network, len(inputs), rng)
    floor, zero_loss = rank_floor(inputs, labels, min(network.dimensions)), zero_predictor_loss(labels)
    found = train(
        LinearTraining(network, inputs, labels),
        start,
        floor + descent.relative_target * zero_loss,
        descent.learning_rate,
        descent.steps,
        update_rule(descent.optimizer),
        check_every=descent.check_every,
    )
    gaps = (found.history - floor) / zero_loss
    return FloorRun(floor / zero_loss, found.losses / zero_loss, found.history / zero_loss, gaps, found.reached)


def floor_sums(run: FloorRun, descent: Descent) -> dict[str, ArrayLike]:
    """Return what blocks add up."""
    return {
        "steps": reached_histogram(run.reached, descent.steps, descent.check_every),
        "converged": np.count_nonzero(run.gaps[-1] <= descent.relative_accuracy),
        "floor": np.sum(run.floor),
        **moments("history", run.history.T),
    }


def floor_extremes(run: FloorRun) -> dict[str, float]:
    """Return that of which all blocks keep the largest."""
    return {"gap": run.gaps[-1].max(), "undercut": -run.gaps.min(), "last_step": float(run.reached.max())}


def gap_observations(found: Tally, at: Mapping[str, Scalar]) -> list[Observation]:
    """Report how far above the floor networks end, that none falls below it, and how many are converged."""
    count, largest = found.replicates, found.largest
    return [
        Observation("relative_gap", float(largest["gap"]), 0.0, at, replicates=count),
        Observation("lowest_gap", -float(largest["undercut"]), 0.0, at, replicates=count),
        Observation("converged_fraction", float(found["converged"]) / count, 1.0, at, replicates=count),
    ]


def step_observations(found: Tally, steps: int, check_every: int, at: Mapping[str, Scalar]) -> list[Observation]:
    """Report how many networks never reach their target, and the steps of the median and of the last that do.

    The last step is predicted from the counts per check: its check is the last one at which any network arrives.
    """
    count, reached = found.replicates, float(found["steps"].sum())
    measured = [Observation("unreached", count - reached, 0.0, at, replicates=count)]
    median = reached_by(0.5, found["steps"], count, steps, check_every)
    if median is not None:
        measured.append(Observation("steps_median", median, at=at, replicates=count))
    if reached:
        last = reached_by(1.0, found["steps"], int(reached), steps, check_every)
        measured.append(Observation("steps_largest", float(found.largest["last_step"]), last, at, replicates=count))
    return measured
