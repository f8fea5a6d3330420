r"""What a network that interpolates noise knows of an independent true map: nothing, to the letter of exact laws."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import update_rule
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.networks.floors import one_hot_labels, orthonormal_inputs, zero_predictor_loss
from descent_audit.networks.linear import LinearNetwork, LinearTraining, semi_orthogonal_start
from descent_audit.networks.training import reached_by, reached_histogram, train
from descent_audit.theory.beta_law import beta_density, largest_distance, probability_counts

Array = NDArray[np.float64]
NAMES = {"gaussian": "Gaussian labels", "one_hot": "one-hot labels"}


def random_label_chance(
    *,
    optimizer: str,
    dimensions: list[int],
    samples: int,
    labels: list[Literal["gaussian", "one_hot"]],
    noise_share: float,
    learning_rate: float,
    steps: int,
    networks: int,
    test_samples: int,
    relative_target: float,
    check_every: int,
    block_size: int,
    histogram_bins: int,
) -> Sampling:
    r"""Train networks on $Y = \sqrt{1-\rho}\,AX + \sqrt\rho\,N$ to zero loss and compare their map W with A.

    $A_{ij} \sim N(0, 1/d)$, $N_{ij} \sim N(0, 1)$, ``noise_share`` is $\rho$; one-hot labels have no signal at all.
    For W independent of A, $c = \langle W, A\rangle/\|W\|\|A\|$ is the cosine to a random direction of
    $\mathbb R^{kd}$: $\tfrac12(1 + c) \sim \mathrm{Beta}(\tfrac12(kd-1), \tfrac12(kd-1))$, variance $1/kd$. The
    arg-max of Wx agrees with that of Ax with probability $1/k$ since the rows of A can be exchanged, and the mean of
    $\|W - A\|^2/\|A\|^2$ (test error over that of the zero predictor) is $1 + E\|W\|^2\cdot d/(kd - 2)$.
    """
    if not 0.0 <= noise_share <= 1.0:
        raise OutOfRange("noise_share", noise_share, "0 to 1")
    if samples > dimensions[0]:
        raise OutOfRange("samples", samples, f"1 to {dimensions[0]}, so that the labels can be interpolated")
    if noise_share < 1.0 and "one_hot" in labels:
        raise OutOfRange("noise_share", noise_share, "1 with one-hot labels, which carry no signal")
    network = LinearNetwork(tuple(dimensions))
    block = partial(
        _block,
        network,
        samples,
        noise_share,
        optimizer,
        learning_rate,
        steps,
        check_every,
        relative_target,
        test_samples,
        histogram_bins,
    )
    cells = [Cell(f"labels={kind} noise={noise_share}", networks, block_size, partial(block, kind)) for kind in labels]
    return Sampling(cells, partial(_report, network, labels, noise_share, steps, check_every))


def alignment(learned: Array, true: Array) -> Array:
    r"""Return $\langle W, A\rangle_F/(\|W\|_F\|A\|_F)$ of shape ``(replicas,)``."""
    inner = np.sum(learned * true, axis=(-2, -1))
    return inner / np.sqrt(np.sum(learned**2, axis=(-2, -1)) * np.sum(true**2, axis=(-2, -1)))


def agreement(learned: Array, true: Array, inputs: Array) -> Array:
    """Return the share of inputs ``(replicas, d, tests)`` on which both maps have the same largest output."""
    return np.mean(np.argmax(learned @ inputs, axis=-2) == np.argmax(true @ inputs, axis=-2), axis=-1)


def _block(
    network: LinearNetwork,
    samples: int,
    noise_share: float,
    optimizer: str,
    learning_rate: float,
    steps: int,
    check_every: int,
    relative_target: float,
    test_samples: int,
    bins: int,
    kind: str,
    rng: Generator,
    count: int,
) -> Tally:
    dimension, outputs = network.dimensions[0], network.dimensions[-1]
    true = rng.standard_normal((count, outputs, dimension)) / math.sqrt(dimension)
    inputs = orthonormal_inputs(dimension, samples, count, rng)
    if kind == "one_hot":
        labels = one_hot_labels(outputs, samples, count, rng)
    else:
        noise = rng.standard_normal((count, outputs, samples))
        labels = math.sqrt(1.0 - noise_share) * (true @ inputs) + math.sqrt(noise_share) * noise
    start = semi_orthogonal_start(network, count, rng)
    zero_loss = zero_predictor_loss(labels)
    found = train(
        LinearTraining(network, inputs, labels),
        start,
        relative_target * zero_loss,
        learning_rate,
        steps,
        update_rule(optimizer),
        check_every=check_every,
    )
    cosines = alignment(found.products, true)
    agreements = agreement(found.products, true, rng.standard_normal((count, dimension, test_samples)))
    errors = np.sum((found.products - true) ** 2, axis=(-2, -1)) / np.sum(true**2, axis=(-2, -1))
    half = 0.5 * (outputs * dimension - 1)
    return tally(
        count,
        {
            "steps": reached_histogram(found.reached, steps, check_every),
            "counts": probability_counts(0.5 * (1.0 + cosines), half, half),
            "histogram": np.histogram(cosines, bins, (-1.0, 1.0))[0],
            "learned_square": np.sum(found.products**2),
            "labels": labels.size,
            "positive_labels": np.count_nonzero(labels > 0),
            **moments("cosine", cosines),
            **moments("agreement", agreements),
            **moments("error", errors),
        },
        {"relative_loss": np.max(found.losses / zero_loss), "last_step": float(found.reached.max())},
    )


def _report(
    network: LinearNetwork,
    labels: Sequence[str],
    noise_share: float,
    steps: int,
    check_every: int,
    tallies: Mapping[str, Tally],
) -> Observations:
    measured, curves = [], []
    for kind in labels:
        found = tallies[f"labels={kind} noise={noise_share}"]
        at: dict[str, Scalar] = {"labels": kind, "noise_share": noise_share}
        measured += [
            *_chance_observations(network, found, at, math.sqrt(1.0 - noise_share)),
            *_label_observations(found, at),
            *_training_observations(found, at, steps, check_every),
        ]
        series = NAMES[kind] if noise_share == 1.0 else rf"$\rho$ = {noise_share:g}"
        curves += _histogram_curves(network, series, found)
        signal = Curve("signal", series, "measured", [noise_share], [float(found.mean("cosine"))])
        curves.append(signal.within(mean_interval(found, "cosine")))
    share = np.linspace(0.0, 1.0, 101)
    curves.append(Curve("signal", r"$\sqrt{1-\rho}$", "guide", share, np.sqrt(1.0 - share)))
    return Observations.of(measured, curves)


def _chance_observations(
    network: LinearNetwork, found: Tally, at: Mapping[str, Scalar], signal: float
) -> list[Observation]:
    dimension, outputs = network.dimensions[0], network.dimensions[-1]
    size, count = dimension * outputs, found.replicates
    mean = {name: float(found.mean(name)) for name in ("cosine", "agreement", "error")}
    error = max(float(found.standard_error("agreement")), 1e-9)
    agreement_z = (mean["agreement"] - 1.0 / outputs) / error
    excess = float(found["learned_square"]) / count * dimension / (size - 2)
    chance = signal == 0.0
    return [
        Observation("alignment_z", mean["cosine"] * math.sqrt(size * count), 0.0, at, 1.0, count),
        Observation("alignment_distance", largest_distance(found["counts"]), 0.0, at, replicates=count),
        Observation("agreement_z", agreement_z, 0.0, at, 1.0, count),
        Observation("mean_cosine", mean["cosine"], signal, at, replicates=count),
        Observation("mean_agreement", mean["agreement"], 1.0 / outputs if chance else None, at, replicates=count),
        Observation("relative_test_error", mean["error"], 1.0 + excess if chance else None, at, replicates=count),
    ]


def _label_observations(found: Tally, at: Mapping[str, Scalar]) -> list[Observation]:
    """Report how many labels are above zero, where they are Gaussian: each is so with probability one half."""
    count = int(found["labels"])
    positive = Observation("positive_labels", float(found["positive_labels"]), 0.5 * count, at, replicates=count)
    return [positive] if at["labels"] == "gaussian" else []


def _training_observations(found: Tally, at: Mapping[str, Scalar], steps: int, check_every: int) -> list[Observation]:
    count, reached = found.replicates, float(found["steps"].sum())
    measured = [
        Observation("reached_fraction", reached / count, 1.0, at, replicates=count),
        Observation("worst_relative_loss", float(found.largest["relative_loss"]), 0.0, at, replicates=count),
    ]
    median = reached_by(0.5, found["steps"], count, steps, check_every)
    if median is not None:
        measured.append(Observation("steps_median", median, at=at, replicates=count))
    if reached:
        measured.append(Observation("steps_largest", float(found.largest["last_step"]), at=at, replicates=count))
    return measured


def _histogram_curves(network: LinearNetwork, series: str, found: Tally) -> list[Curve]:
    half = 0.5 * (network.dimensions[0] * network.dimensions[-1] - 1)
    histogram = found["histogram"]
    width = 2.0 / len(histogram)
    centres = -1.0 + width * (np.arange(len(histogram)) + 0.5)
    full = histogram > 0
    x = np.linspace(-0.99, 0.99, 199)
    return [
        Curve("cosine", series, "measured", centres[full], histogram[full] / (found.replicates * width)).within(
            binomial_interval(histogram[full], found.replicates).through(lambda share: share / width)
        ),
        Curve("cosine", "exact law", "guide", x, 0.5 * beta_density(0.5 * (1.0 + x), half, half)),
    ]
