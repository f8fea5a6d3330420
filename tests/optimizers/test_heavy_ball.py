"""The heavy ball against the second-order recursion that it is, and against gradient descent."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.heavy_ball import HeavyBall


@given(st.floats(0.0, 0.99), st.floats(0.01, 1.9))
def test_update_is_the_three_term_recursion(momentum, rate):
    path = [1.0, *(float(x[0]) for x in iterate(lambda x: x, np.ones(1), rate, 30, HeavyBall(momentum)))]
    for before, here, after in zip(path, path[1:], path[2:], strict=False):
        assert np.isclose(after, here - rate * here + momentum * (here - before), rtol=1e-9, atol=1e-12)


def test_no_momentum_is_gradient_descent():
    start = np.array([[1.0, -2.0], [0.5, 3.0]])
    curvatures = np.array([1.0, 0.1])
    heavy = list(iterate(lambda x: curvatures * x, start, 0.7, 10, HeavyBall(0.0)))
    plain = list(iterate(lambda x: curvatures * x, start, 0.7, 10, GradientDescent()))
    np.testing.assert_array_equal(heavy, plain)


def test_momentum_and_rate_broadcast_over_replicas():
    momentum, rate = np.array([[0.2], [0.9]]), np.array([[0.5], [1.5]])
    together = list(iterate(lambda x: x, np.ones((2, 1)), rate, 12, HeavyBall(momentum)))
    for cell in range(2):
        rule = HeavyBall(float(momentum[cell, 0]))
        alone = list(iterate(lambda x: x, np.ones(1), float(rate[cell, 0]), 12, rule))
        np.testing.assert_allclose([x[cell] for x in together], alone, rtol=0, atol=0)


def test_init_is_at_rest_and_leaves_the_start_alone():
    start = np.array([1.0, 2.0])
    velocity = HeavyBall(0.9).init(start)
    assert velocity.shape == start.shape
    assert not velocity.any()
    HeavyBall(0.9).update(start, np.ones(2), velocity, 0.1)
    np.testing.assert_array_equal(start, [1.0, 2.0])
    assert not velocity.any()


NORMAL = st.floats(-5, 5).filter(lambda x: x == 0 or abs(x) > 1e-200)
"""No iterate becomes subnormal, where multiplying by a power of two rounds."""
START = st.lists(NORMAL, min_size=3, max_size=3).map(np.array)


def slope(x):
    return np.tanh(x) + 0.1 * x


@given(st.floats(0.0, 0.99), st.floats(0.01, 2.0), st.floats(0.0, 0.99))
def test_path_on_a_quadratic_is_a_matrix_power(momentum, rate, share):
    steps = 1 + int(20 * share)
    step = np.array([[1 - rate, momentum], [-rate, momentum]])
    *_, last = iterate(lambda x: x, np.ones(1), rate, steps, HeavyBall(momentum))
    assert np.isclose(last[0], (np.linalg.matrix_power(step, steps) @ [1.0, 0.0])[0], rtol=1e-9, atol=1e-9)


@given(START, st.floats(-3, 3))
def test_translation_of_start_and_loss_translates_the_path(start, shift):
    moved = list(iterate(lambda x: slope(x - shift), start + shift, 0.3, 15, HeavyBall(0.8)))
    plain = list(iterate(slope, start, 0.3, 15, HeavyBall(0.8)))
    np.testing.assert_allclose(np.array(moved) - shift, plain, atol=1e-11)


@given(START, st.permutations(range(3)))
def test_permutation_of_coordinates_permutes_the_path(start, order):
    moved = list(iterate(slope, start[list(order)], 0.3, 15, HeavyBall(0.8)))
    plain = np.array(list(iterate(slope, start, 0.3, 15, HeavyBall(0.8))))
    np.testing.assert_array_equal(moved, plain[:, list(order)])


@given(START, st.sampled_from([0.25, 2.0, 1024.0]))
def test_scale_of_the_loss_is_undone_by_the_rate(start, scale):
    scaled = list(iterate(lambda x: scale * slope(x), start, 0.5 / scale, 15, HeavyBall(0.8)))
    np.testing.assert_array_equal(scaled, list(iterate(slope, start, 0.5, 15, HeavyBall(0.8))))
