"""Training in blocks against plain loops over matrices, and the moment form of the gradient against samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.networks.floors import orthonormal_inputs, zero_predictor_loss
from descent_audit.networks.linear import LinearNetwork, LinearTraining, gaussian_start, semi_orthogonal_start
from descent_audit.networks.training import MomentTraining, check_steps, reached_by, reached_histogram, selected, train
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.heavy_ball import HeavyBall

WIDTHS = (3, 6, 5, 4)


def example(seed, samples, widths=WIDTHS, replicas=3, white=False):
    rng = np.random.default_rng(seed)
    network = LinearNetwork(widths)
    if white:
        inputs = orthonormal_inputs(widths[0], samples, replicas, rng)
    else:
        inputs = rng.standard_normal((replicas, widths[0], samples))
    labels = rng.standard_normal((replicas, widths[-1], samples))
    return LinearTraining(network, inputs, labels), gaussian_start(network, replicas, rng)


@given(st.integers(0, 1000), st.sampled_from([1, 2, 3, 7, 20]), st.sampled_from([WIDTHS, (3, 4), (3, 2, 4)]))
def test_moment_gradient_is_that_of_the_samples(seed, samples, widths):
    training, weights = example(seed, samples, widths)
    plain = training.gradient(weights)
    found = MomentTraining.of(training).gradient(weights)
    np.testing.assert_allclose(found, plain, atol=1e-12 * (1 + np.abs(plain).max()))


@pytest.mark.parametrize("samples", [3, 9])
def test_white_inputs_need_no_second_moment(samples):
    training, weights = example(1, samples, white=True)
    moments = MomentTraining.of(training)
    assert moments.covariance is None
    np.testing.assert_allclose(moments.gradient(weights), training.gradient(weights), atol=1e-12)
    assert MomentTraining.of(example(1, 2, white=True)[0]).covariance is not None


def plain_run(training, weights, replica, target, rate, steps, every):
    """Train one network with its matrices, and return the step of the first check at the target and its product."""
    matrices = [matrix[replica].copy() for matrix in training.network.matrices(weights)]
    inputs, labels = training.inputs[replica], training.labels[replica]
    for step in range(steps + 1):
        product = np.linalg.multi_dot(matrices[::-1])
        loss = np.mean(np.sum((product @ inputs - labels) ** 2, axis=0)) / 2
        if (step % every == 0 or step == steps) and loss <= target:
            return step, loss, product
        if step == steps:
            return -1, loss, product
        slope = (product @ inputs - labels) @ inputs.T / inputs.shape[1]
        gradients = []
        for layer in range(len(matrices)):
            above = np.eye(labels.shape[0])
            for matrix in reversed(matrices[layer + 1 :]):
                above = above @ matrix
            below = np.eye(inputs.shape[0])
            for matrix in matrices[:layer]:
                below = matrix @ below
            gradients.append(above.T @ slope @ below.T)
        matrices = [matrix - rate * gradient for matrix, gradient in zip(matrices, gradients, strict=True)]
    raise AssertionError


def test_block_reaches_targets_as_single_networks_do():
    training, weights = example(3, 3, replicas=6)
    target = np.array([1e-2, 1e-3, 0.3, 1e-30, 1e3, 1e-2]) * zero_predictor_loss(training.labels)
    found = train(training, weights, target, 0.02, 130, GradientDescent(), check_every=20)
    for replica in range(6):
        step, loss, product = plain_run(training, weights, replica, target[replica], 0.02, 130, 20)
        assert found.reached[replica] == step
        assert found.losses[replica] == pytest.approx(loss, rel=1e-9)
        np.testing.assert_allclose(found.products[replica], product, atol=1e-12)
    assert {-1, 0} < set(found.reached.tolist())
    assert len(found.history) == 8
    np.testing.assert_array_equal(found.history[-1], found.losses)


@pytest.mark.parametrize("rule", [GradientDescent(), HeavyBall(0.5), Adam(0.9, 0.999, 1e-8, True)])
def test_replicas_do_not_notice_who_is_frozen(rule):
    training, weights = example(4, 3, replicas=5, white=True)
    whole = train(training, weights, np.full(5, -np.inf), 0.01, 60, rule, check_every=10)
    target = np.array([np.inf, -np.inf, whole.history[2, 2], -np.inf, whole.history[4, 4]])
    frozen = train(training, weights, target, 0.01, 60, rule, check_every=10)
    for replica in (1, 3):
        np.testing.assert_array_equal(frozen.history[:, replica], whole.history[:, replica])
        np.testing.assert_array_equal(frozen.products[replica], whole.products[replica])
    assert frozen.reached[0] == 0
    np.testing.assert_array_equal(frozen.history[:3, 2], whole.history[:3, 2])


def test_diverged_replicas_are_not_reached_and_end_early():
    training, weights = example(5, 3)
    with np.errstate(all="ignore"):
        found = train(training, weights, np.full(3, 1e-8), 50.0, 2000, GradientDescent(), check_every=50)
    assert not np.isfinite(found.losses).any()
    assert (found.reached == -1).all()
    assert found.history.shape == (41, 3)


def test_adam_can_be_put_in_place_of_gradient_descent():
    rng = np.random.default_rng(6)
    network = LinearNetwork((4, 8, 8, 4))
    inputs = orthonormal_inputs(4, 4, 8, rng)
    training = LinearTraining(network, inputs, rng.standard_normal((8, 4, 4)))
    start = semi_orthogonal_start(network, 8, rng)
    target = 1e-3 * zero_predictor_loss(training.labels)
    found = train(training, start, target, 0.01, 2000, Adam(0.9, 0.999, 1e-8, True), check_every=50)
    assert (found.reached > 0).all()


def test_state_keeps_what_is_no_replica():
    stay = np.array([True, False, True])
    assert selected(None, stay) is None
    step, mean = selected((4, np.arange(6.0).reshape(3, 2)), stay)
    assert step == 4
    np.testing.assert_array_equal(mean, [[0.0, 1.0], [4.0, 5.0]])


def test_histogram_counts_only_those_that_reached():
    reached = np.array([-1, 0, 50, 50, 100, 120])
    histogram = reached_histogram(reached, 120, 50)
    np.testing.assert_array_equal(histogram, [1, 2, 1, 1])
    np.testing.assert_array_equal(check_steps(120, 50), [0, 50, 100, 120])
    assert reached_by(0.5, histogram, 6, 120, 50) == 50
    assert reached_by(5 / 6, histogram, 6, 120, 50) == 120
    assert reached_by(1.0, histogram, 6, 120, 50) is None
