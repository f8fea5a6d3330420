"""Matrix backpropagation and starts of linear networks against loops over samples and numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.quadratic import random_orthogonal
from descent_audit.networks.linear import (
    LinearNetwork,
    LinearTraining,
    balanced_start,
    difference_gradient,
    gaussian_start,
    joined,
    semi_orthogonal_start,
    singular_values,
    zero_start,
)

WIDTHS = (3, 4, 2, 5)


def example(replicas=2, samples=6, seed=0):
    rng = np.random.default_rng(seed)
    network = LinearNetwork(WIDTHS)
    inputs = rng.standard_normal((replicas, WIDTHS[0], samples))
    labels = rng.standard_normal((replicas, WIDTHS[-1], samples))
    return LinearTraining(network, inputs, labels), gaussian_start(network, replicas, rng)


def naive_gradient(matrices, inputs, labels):
    """Return the gradients of all layers, sample by sample, from the product of the layers above and below."""
    samples = inputs.shape[1]
    gradients = [np.zeros_like(matrix) for matrix in matrices]
    for x, y in zip(inputs.T, labels.T, strict=True):
        output = x
        for matrix in matrices:
            output = matrix @ output
        for layer in range(len(matrices)):
            below = x
            for matrix in matrices[:layer]:
                below = matrix @ below
            above = output - y
            for matrix in reversed(matrices[layer + 1 :]):
                above = above @ matrix
            gradients[layer] += np.outer(above, below) / samples
    return gradients


def test_gradient_agrees_with_a_loop_over_samples():
    training, weights = example()
    found = training.gradient(weights)
    for replica in range(2):
        matrices = training.network.matrices(weights[replica])
        naive = naive_gradient(matrices, training.inputs[replica], training.labels[replica])
        np.testing.assert_allclose(found[replica], np.concatenate([part.ravel() for part in naive]), atol=1e-13)


@given(st.integers(0, 1000))
def test_gradient_agrees_with_differences(seed):
    training, weights = example(seed=seed)
    differences = difference_gradient(training.value, weights, 1e-4)
    np.testing.assert_allclose(training.gradient(weights), differences, atol=1e-9 * (1 + np.abs(differences).max()))


def test_value_is_the_mean_over_samples():
    training, weights = example()
    product = np.linalg.multi_dot(training.network.matrices(weights[1])[::-1])
    expected = [
        0.5 * np.sum((product @ x - y) ** 2) for x, y in zip(training.inputs[1].T, training.labels[1].T, strict=True)
    ]
    assert training.value(weights)[1] == pytest.approx(np.mean(expected))
    assert training.value(zero_start(training.network, 2)) == pytest.approx(training.zero_loss)


def test_replicas_do_not_know_of_each_other():
    training, weights = example(replicas=3)
    alone = LinearTraining(training.network, training.inputs[1], training.labels[1])
    np.testing.assert_array_equal(training.gradient(weights)[1], alone.gradient(weights[1]))


def test_matrices_are_views_in_order():
    network = LinearNetwork(WIDTHS)
    weights = np.arange(float(network.parameters))
    assert network.parameters == 3 * 4 + 4 * 2 + 2 * 5
    matrices = network.matrices(weights)
    assert [matrix.shape for matrix in matrices] == [(4, 3), (2, 4), (5, 2)]
    assert matrices[1][0, 0] == 12.0
    np.testing.assert_array_equal(joined(matrices), weights)


def test_tanh_stands_between_the_layers_only():
    network = LinearNetwork((1, 1, 1), tanh_between=True)
    assert network.outputs(np.array([2.0, 3.0]), np.array([[0.25]]))[0, 0] == pytest.approx(3 * np.tanh(0.5))


def test_random_orthogonal_matrices_are_orthogonal_and_centred():
    bases = random_orthogonal(4, np.random.default_rng(1), (2000,))
    np.testing.assert_allclose(bases @ np.swapaxes(bases, 1, 2), np.broadcast_to(np.eye(4), bases.shape), atol=1e-13)
    assert np.abs(bases.mean(axis=0)).max() < 6 * 0.5 / np.sqrt(2000)
    assert np.std(bases, axis=0) == pytest.approx(np.full((4, 4), 0.5), rel=0.1)


def test_semi_orthogonal_start_keeps_all_singular_values_at_one():
    network = LinearNetwork((3, 5, 5, 2))
    weights = semi_orthogonal_start(network, 3, np.random.default_rng(2))
    for matrix in network.matrices(weights):
        np.testing.assert_allclose(singular_values(matrix), 1.0)


def test_gaussian_start_has_variance_one_over_fan_in():
    network = LinearNetwork((4, 9, 2))
    first, second = network.matrices(gaussian_start(network, 4000, np.random.default_rng(3)))
    assert first.var() == pytest.approx(1 / 4, rel=0.03)
    assert second.var() == pytest.approx(1 / 9, rel=0.03)


def test_balanced_start_is_balanced_and_has_the_product():
    left, right = random_orthogonal(3, np.random.default_rng(4), (2,))
    strengths = np.array([3.0, 2.0, 0.5])
    network = LinearNetwork((3, 3, 3))
    weights = balanced_start(strengths, left, right)
    first, second = network.matrices(weights)
    np.testing.assert_allclose(second.T @ second, first @ first.T, atol=1e-14)
    np.testing.assert_allclose(network.product(weights), left @ np.diag(strengths) @ right.T, atol=1e-14)


def test_zero_start_of_two_layers_is_a_saddle():
    training, _ = example()
    assert np.all(training.gradient(zero_start(training.network, 2)) == 0)
