"""RMSProp against a scalar loop, the mean square written out, and its invariances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.rmsprop import RMSProp


def by_hand(curvature, start, rate, decay, epsilon, steps):
    x, square, path = start, 0.0, []
    for _ in range(steps):
        g = curvature * x
        square = decay * square + (1 - decay) * g * g
        x -= rate * g / (math.sqrt(square) + epsilon)
        path.append(x)
    return path


@given(st.floats(0.0, 0.999), st.floats(1e-3, 0.5), st.floats(1e-8, 1.0), st.floats(0.1, 10.0))
def test_update_follows_a_scalar_loop(decay, rate, epsilon, curvature):
    path = [float(x[0]) for x in iterate(lambda x: curvature * x, np.ones(1), rate, 15, RMSProp(decay, epsilon))]
    assert path == pytest.approx(by_hand(curvature, 1.0, rate, decay, epsilon, 15), rel=1e-7, abs=1e-9)


def test_mean_square_is_the_weighted_sum_of_squares():
    rule, gradients = RMSProp(0.7, 0.0), np.array([2.0, -1.0, 0.5, 3.0])
    square = rule.init(np.zeros(1))
    for gradient in gradients:
        _, square = rule.update(np.zeros(1), np.array([gradient]), square, 0.1)
    weights = 0.3 * 0.7 ** np.arange(3, -1, -1)
    assert float(square[0]) == pytest.approx(float(weights @ gradients**2), rel=1e-14)


def test_no_memory_takes_steps_of_one_rate():
    path = [float(x[0]) for x in iterate(lambda x: 5 * x, np.ones(1), 0.25, 3, RMSProp(0.0, 0.0))]
    assert path == [0.75, 0.5, 0.25]


@given(st.integers(-40, 40))
def test_power_of_two_in_front_of_the_loss_changes_no_bit(exponent):
    start, rule = np.array([1.0, -0.3]), RMSProp(0.9, 0.0)
    plain = list(iterate(lambda x: np.array([1.0, 0.1]) * x, start, 0.02, 20, rule))
    scaled = list(iterate(lambda x: 2.0**exponent * np.array([1.0, 0.1]) * x, start, 0.02, 20, rule))
    np.testing.assert_array_equal(plain, scaled)


def test_coordinates_are_independent_and_may_be_permuted():
    curvatures, start, rule = np.array([1.0, 0.1, 7.0]), np.array([1.0, 2.0, -3.0]), RMSProp(0.9, 1e-8)
    order = [2, 0, 1]
    path = np.array(list(iterate(lambda x: curvatures * x, start, 0.1, 12, rule)))
    permuted = np.array(list(iterate(lambda x: curvatures[order] * x, start[order], 0.1, 12, rule)))
    np.testing.assert_array_equal(path[:, order], permuted)


def test_constants_broadcast_over_replicas():
    decay, epsilon, rate = np.array([[0.5], [0.99]]), np.array([[0.0], [0.1]]), np.array([[0.1], [0.3]])
    together = np.array(list(iterate(lambda x: x, np.ones((2, 1)), rate, 10, RMSProp(decay, epsilon))))
    for cell in range(2):
        expected = by_hand(1.0, 1.0, rate[cell, 0], decay[cell, 0], epsilon[cell, 0], 10)
        np.testing.assert_allclose(together[:, cell, 0], expected, rtol=1e-12)


def test_zero_gradient_needs_the_constant():
    with np.errstate(invalid="ignore"):
        assert np.isnan(RMSProp(0.9, 0.0).update(np.ones(1), np.zeros(1), np.zeros(1), 0.1)[0])
    assert RMSProp(0.9, 1e-8).update(np.ones(1), np.zeros(1), np.zeros(1), 0.1)[0] == 1.0


def test_arguments_are_left_alone():
    x, gradient, square = np.ones(2), np.array([1.0, -2.0]), np.array([0.5, 0.25])
    RMSProp(0.9, 0.0).update(x, gradient, square, 0.1)
    assert x.tolist() == [1.0, 1.0]
    assert gradient.tolist() == [1.0, -2.0]
    assert square.tolist() == [0.5, 0.25]
