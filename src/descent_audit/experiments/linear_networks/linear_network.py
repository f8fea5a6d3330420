"""What depth does not change: a linear network is one linear map, of the rank of its narrowest layer."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final_state, update_rule
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import (
    LinearNetwork,
    LinearTraining,
    difference_gradient,
    gaussian_start,
    singular_values,
)

Array = NDArray[np.float64]


def network_algebra(
    *,
    optimizer: str,
    dimensions: list[int],
    bottleneck_layer: int,
    bottlenecks: list[int],
    narrow: bool,
    tanh_between: bool,
    samples: int,
    replicas: int,
    coefficients: list[float],
    difference_width: float,
    learning_rate: float,
    steps: int,
    drawn_replicas: int,
    streams: Streams,
) -> Observations:
    r"""Compare networks with their product matrix, backpropagation with differences, and rank with the narrowest layer.

    The hidden layer ``bottleneck_layer`` gets the width $r$ of each of ``bottlenecks``, unless ``narrow`` is false and
    it keeps its own. Then $\sigma_{r+1}(W_L\cdots W_1) = 0$ at the start and after any training; differences of the
    loss are exact up to rounding, because it is quadratic in every single weight (Baldi and Hornik 1989).
    """
    rule = update_rule(optimizer)
    report = Observations()
    for rank in bottlenecks:
        widths = list(dimensions)
        if narrow:
            widths[bottleneck_layer] = rank
        network = LinearNetwork(tuple(widths), tanh_between)
        rng = streams.generator(f"bottleneck={rank}")
        inputs = rng.standard_normal((replicas, dimensions[0], samples))
        labels = rng.standard_normal((replicas, dimensions[-1], samples))
        start = gaussian_start(network, replicas, rng)
        others = rng.standard_normal(inputs.shape)
        training = LinearTraining(network, inputs, labels)
        trained, _ = final_state(training.gradient, start, learning_rate, steps, rule)
        errors = {
            "linearity": superposition_error(network, start, inputs, others, coefficients),
            "collapse": collapse_error(network, start, inputs),
            "gradient": backpropagation_error(training, start, difference_width),
        }
        spectra = {0: singular_values(network.product(start)), steps: singular_values(network.product(trained))}
        report += _errors(rank, errors) + _ranks(rank, spectra, drawn_replicas)
    return report


def superposition_error(
    network: LinearNetwork, weights: Array, inputs: Array, others: Array, coefficients: list[float]
) -> Array:
    """Return the largest entry of f(ax + by) − a f(x) − b f(y) over the largest output, of shape ``(replicas,)``."""
    a, b = coefficients
    whole = network.outputs(weights, a * inputs + b * others)
    parts = a * network.outputs(weights, inputs) + b * network.outputs(weights, others)
    return _relative(whole - parts, parts)


def collapse_error(network: LinearNetwork, weights: Array, inputs: Array) -> Array:
    """Return the largest entry of output less product matrix times input over the largest output, ``(replicas,)``."""
    collapsed = network.product(weights) @ inputs
    return _relative(network.outputs(weights, inputs) - collapsed, collapsed)


def backpropagation_error(training: LinearTraining, weights: Array, width: float) -> Array:
    """Return the largest deviation from central differences over the largest component, of shape ``(replicas,)``."""
    gradient = training.gradient(weights)
    deviation = gradient - difference_gradient(training.value, weights, width)
    return np.asarray(np.abs(deviation).max(axis=-1) / np.abs(gradient).max(axis=-1))


def _relative(deviation: Array, reference: Array) -> Array:
    return np.asarray(np.abs(deviation).max(axis=(-2, -1)) / np.abs(reference).max(axis=(-2, -1)))


def _errors(rank: int, errors: dict[str, Array]) -> Observations:
    observations = []
    for index in range(len(errors["linearity"])):
        at = {"bottleneck": rank, "network": index}
        observations += [
            Observation("linearity_error", errors["linearity"][index], 0.0, at),
            Observation("collapse_error", errors["collapse"][index], 0.0, at),
            Observation("gradient_error", errors["gradient"][index], 0.0, at),
        ]
    return Observations.of(observations)


def _ranks(rank: int, spectra: dict[int, Array], drawn: int) -> Observations:
    observations, curves = [], []
    for steps, spectrum in spectra.items():
        relative = spectrum / spectrum[:, :1]
        beyond = relative[:, rank] if rank < relative.shape[-1] else np.zeros(len(relative))
        for index, excess in enumerate(beyond):
            at = {"bottleneck": rank, "network": index, "steps": steps}
            observations += [
                Observation("rank_excess", excess, 0.0, at),
                Observation("rank_reached", relative[index, rank - 1], at=at),
            ]
        shown = np.maximum(relative[:drawn], np.finfo(float).tiny)
        place = np.tile(np.arange(1, relative.shape[-1] + 1), len(shown))
        panel = "trained" if steps else "start"
        curves.append(Curve(panel, f"$r$ = {rank}", "measured", place, shown.ravel()))
    return Observations.of(observations, curves)
