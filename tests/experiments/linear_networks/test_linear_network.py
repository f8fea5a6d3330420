import numpy as np
import pytest

from descent_audit.experiments.linear_networks.linear_network import (
    collapse_error,
    network_algebra,
    superposition_error,
)
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import LinearNetwork, gaussian_start

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimensions": [4, 5, 5, 3],
    "bottleneck_layer": 1,
    "bottlenecks": [1, 2, 3],
    "narrow": True,
    "tanh_between": False,
    "samples": 6,
    "replicas": 2,
    "coefficients": [0.7, -1.3],
    "difference_width": 1e-5,
    "learning_rate": 0.02,
    "steps": 30,
    "drawn_replicas": 2,
}


def values(quantity, rank=None, **changes):
    found = network_algebra(**{**SMALL, **changes}, streams=Streams(1, "claim", "arm"))
    return [one.value for one in found.measured if one.quantity == quantity and rank in (None, one.at["bottleneck"])]


def test_rank_of_the_product_is_that_of_the_narrowest_layer():
    assert max(values("rank_excess")) < 1e-13
    assert min(values("rank_reached")) > 1e-6
    assert values("rank_excess", rank=3) == [0.0] * 4


def test_a_layer_that_keeps_its_width_is_no_bottleneck():
    assert min(values("rank_excess", bottlenecks=[2], narrow=False)) > 1e-6


def test_backpropagation_is_exact_without_tanh_only():
    assert max(values("gradient_error")) < 1e-8
    assert min(values("gradient_error", tanh_between=True)) > 1e-3


def test_errors_agree_with_a_loop_over_samples():
    rng = np.random.default_rng(0)
    network = LinearNetwork((2, 3, 2), tanh_between=True)
    weights = gaussian_start(network, 1, rng)
    first, second = (matrix[0] for matrix in network.matrices(weights))
    inputs, others = rng.standard_normal((2, 2, 5))
    deviation, parts, gaps, lines = [], [], [], []
    for x, z in zip(inputs.T, others.T, strict=True):
        f = [second @ np.tanh(first @ point) for point in (2 * x - z, x, z)]
        parts.append(2 * f[1] - f[2])
        deviation.append(f[0] - parts[-1])
        lines.append(second @ (first @ x))
        gaps.append(f[1] - lines[-1])
    found = superposition_error(network, weights, inputs, others, [2.0, -1.0])
    assert found[0] == pytest.approx(np.abs(deviation).max() / np.abs(parts).max())
    assert collapse_error(network, weights, inputs)[0] == pytest.approx(np.abs(gaps).max() / np.abs(lines).max())
