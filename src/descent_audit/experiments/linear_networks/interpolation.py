"""Wide linear networks drive the loss on pure noise to zero, unless start, rate, rank or samples forbid it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.linear_networks.floor_training import step_observations
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.networks.floors import rank_floor, zero_predictor_loss
from descent_audit.networks.linear import LinearNetwork
from descent_audit.networks.training import check_steps, reached_histogram, train
from descent_audit.networks.variants import Variant, aligned, check_square

Array = NDArray[np.float64]
CAP = 1e100
"""What stands for a loss that is infinite or no number."""
SMALLEST = 1e-34
"""What stands for a loss of zero on a logarithmic axis."""


def wide_network_interpolation(
    *,
    optimizer: str,
    dimensions: list[int],
    variants: list[str],
    samples: list[int],
    inputs: list[Literal["orthonormal", "gaussian"]],
    condition_numbers: list[float],
    labels: list[Literal["gaussian", "one_hot", "spectral"]],
    label_strengths: list[float],
    starts: list[Literal["semi_orthogonal", "gaussian", "zero"]],
    start_scales: list[float],
    learning_rates: list[float],
    steps: list[int],
    replicas: list[int],
    relative_target: float,
    check_every: int,
    block_size: int,
    drawn_replicas: int,
    drawn_steps: int,
    drawn_check_every: int,
) -> Sampling:
    r"""Train networks on labels without any rule until $\mathcal L \le \epsilon\mathcal L_0$, and count those that do.

    Each entry of ``variants`` names a set-up; the other lists hold its parameters, or one value for all of them. The
    floor of what a network can reach follows from singular values: it is 0 where the inputs are independent and no
    layer is narrower than d and k. Source: Zhang et al. (2017) for the experiment, Saxe, McClelland and Ganguli (2014)
    for the dynamics.
    """
    network = LinearNetwork(tuple(dimensions))
    rows: dict[str, Sequence[Any]] = {
        "samples": samples,
        "inputs": inputs,
        "condition_numbers": condition_numbers,
        "labels": labels,
        "starts": starts,
        "start_scales": start_scales,
        "learning_rates": learning_rates,
        "steps": steps,
        "replicas": replicas,
    }
    settings = [
        Variant(name, network, tuple(label_strengths), *row)
        for name, row in zip(variants, aligned(rows, len(variants)), strict=True)
    ]
    for setting in settings:
        check_square(setting, dimensions)
    trained = [
        Cell(
            f"variant={one.name}",
            one.replicas,
            block_size,
            partial(_trained, one, optimizer, relative_target, check_every),
        )
        for one in settings
    ]
    drawn = Cell(
        f"drawn variant={variants[0]}",
        drawn_replicas,
        drawn_replicas,
        partial(_drawn, settings[0], optimizer, drawn_steps, drawn_check_every),
    )
    report = partial(_report, settings, check_every, check_steps(drawn_steps, drawn_check_every))
    return Sampling([*trained, drawn], report)


def _trained(
    setting: Variant, optimizer: str, relative_target: float, check_every: int, rng: Generator, count: int
) -> Tally:
    training = setting.training(count, rng)
    start = setting.started(count, rng)
    zero_loss = zero_predictor_loss(training.labels)
    found = train(
        training,
        start,
        relative_target * zero_loss,
        setting.learning_rate,
        setting.steps,
        update_rule(optimizer),
        check_every=check_every,
    )
    relative = capped(found.losses / zero_loss)
    floor = rank_floor(training.inputs, training.labels, min(setting.network.dimensions)) / zero_loss
    return tally(
        count,
        {
            "steps": reached_histogram(found.reached, setting.steps, check_every),
            "nonfinite": np.count_nonzero(~np.isfinite(found.losses)),
        },
        {
            "relative_loss": relative.max(),
            "start": capped(found.history[0] / zero_loss).max(),
            "change": capped(np.abs(found.losses - found.history[0]) / zero_loss).max(),
            "lowest_floor": -floor.min(),
            "last_step": float(found.reached.max()),
        },
    )


def capped(values: Array) -> Array:
    """Return values with ``CAP`` in place of what is larger, infinite or no number."""
    return np.minimum(np.nan_to_num(values, nan=CAP, posinf=CAP), CAP)


def _drawn(setting: Variant, optimizer: str, steps: int, check_every: int, rng: Generator, count: int) -> Tally:
    training = setting.training(count, rng)
    start = setting.started(count, rng)
    zero_loss = zero_predictor_loss(training.labels)
    rule = update_rule(optimizer)
    found = train(training, start, np.full(count, -np.inf), setting.learning_rate, steps, rule, check_every=check_every)
    floor = rank_floor(training.inputs, training.labels, min(setting.network.dimensions)) / zero_loss
    return tally(count, {"loss": capped(found.history / zero_loss), "floor": floor.sum()})


def _report(
    settings: Sequence[Variant], check_every: int, drawn_at: Array, tallies: Mapping[str, Tally]
) -> Observations:
    measured = [one for setting in settings for one in _counts(setting, check_every, tallies)]
    curves = [_reached_curve(setting, check_every, tallies[f"variant={setting.name}"]) for setting in settings]
    drawn = tallies[f"drawn variant={settings[0].name}"]
    losses = np.maximum(drawn["loss"], SMALLEST)
    finite = losses < CAP
    at = np.broadcast_to(drawn_at[:, None], losses.shape)
    curves.append(Curve("loss", settings[0].name, "measured", at.T[finite.T], losses.T[finite.T]))
    floor = float(drawn.mean("floor"))
    if floor > 1e-12:
        curves.append(Curve("loss", "exact floor", "guide", [0, drawn_at[-1]], [floor, floor]))
    return Observations.of(measured, curves)


def _counts(setting: Variant, check_every: int, tallies: Mapping[str, Tally]) -> list[Observation]:
    found = tallies[f"variant={setting.name}"]
    count, at = found.replicates, {"variant": setting.name}
    reached = float(found["steps"].sum())
    labels = setting.network.dimensions[-1] * setting.samples
    largest = found.largest
    lost = float(largest["start"]) if reached == count else None
    return [
        Observation("reached_fraction", reached / count, 1.0, at, replicates=count),
        Observation("nonfinite_fraction", float(found["nonfinite"]) / count, 0.0, at, replicates=count),
        Observation("worst_relative_loss", float(largest["relative_loss"]), at=at, replicates=count),
        Observation("largest_loss_change", float(largest["change"]), lost, at, replicates=count),
        Observation("smallest_floor_share", -float(largest["lowest_floor"]), at=at, replicates=count),
        Observation("weights_per_label", setting.network.parameters / labels, at=at),
        *step_observations(found, setting.steps, check_every, at),
    ]


def _reached_curve(setting: Variant, check_every: int, found: Tally) -> Curve:
    at = check_steps(setting.steps, check_every)
    shown = sample_steps(len(at) - 1, 40, log=True)
    reached = np.cumsum(found["steps"])[shown]
    around = binomial_interval(reached, found.replicates)
    return Curve("reached", setting.name, "measured", at[shown], reached / found.replicates).within(around)
