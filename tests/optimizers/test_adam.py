"""Adam against a scalar loop, averages written out as sums, and its invariances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.rmsprop import RMSProp

DECAYS = st.floats(0.0, 0.999)


def by_hand(start, rate, first, second, epsilon, corrected, steps):
    x, m, v, path = start, 0.0, 0.0, []
    for t in range(1, steps + 1):
        m, v = first * m + (1 - first) * x, second * v + (1 - second) * x * x
        mean, square = (m / (1 - first**t), v / (1 - second**t)) if corrected else (m, v)
        x -= rate * mean / (math.sqrt(square) + epsilon)
        path.append(x)
    return path


@given(DECAYS, DECAYS, st.floats(1e-3, 0.5), st.floats(1e-6, 1.0), st.booleans())
def test_update_follows_a_scalar_loop(first, second, rate, epsilon, corrected):
    path = [float(x[0]) for x in iterate(lambda x: x, np.ones(1), rate, 15, Adam(first, second, epsilon, corrected))]
    assert path == pytest.approx(by_hand(1.0, rate, first, second, epsilon, corrected, 15), rel=1e-7, abs=1e-9)


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=12), st.floats(0.1, 0.99), st.floats(0.1, 0.99))
def test_corrected_averages_are_weighted_means(gradients, first, second):
    rule, state = Adam(first, second, 1.0, True), Adam(first, second, 1.0, True).init(np.zeros(1))
    for gradient in gradients:
        step, state = rule.update(np.zeros(1), np.array([gradient]), state, 1.0)
    ages = np.arange(len(gradients))[::-1]
    mean = np.average(gradients, weights=first**ages)
    square = np.average(np.square(gradients), weights=second**ages)
    assert float(step[0]) == pytest.approx(-mean / (math.sqrt(square) + 1), rel=1e-9, abs=1e-12)
    assert state.step == len(gradients)


@given(st.floats(1e-6, 1e6), DECAYS, DECAYS)
def test_constant_gradient_takes_corrected_steps_of_one_rate(gradient, first, second):
    path = iterate(lambda x: np.full(1, gradient), np.zeros(1), 0.5, 6, Adam(first, second, 0.0, True))
    np.testing.assert_allclose(np.ravel(list(path)), -0.5 * np.arange(1, 7), rtol=1e-9)


def test_first_step_uses_the_first_power_of_the_constants():
    (corrected,) = iterate(lambda x: x, np.full(1, 2.0), 0.1, 1, Adam(0.9, 0.999, 0.0, True))
    (uncorrected,) = iterate(lambda x: x, np.full(1, 2.0), 0.1, 1, Adam(0.9, 0.99, 0.0, False))
    assert float(corrected[0]) == pytest.approx(1.9, rel=1e-14)
    assert float(uncorrected[0]) == pytest.approx(1.9, rel=1e-14)


def test_without_first_average_and_correction_it_is_rmsprop():
    start, curvatures = np.array([1.0, -2.0]), np.array([1.0, 0.01])
    adam = list(iterate(lambda x: curvatures * x, start, 0.02, 50, Adam(0.0, 0.99, 1e-3, False)))
    rmsprop = list(iterate(lambda x: curvatures * x, start, 0.02, 50, RMSProp(0.99, 1e-3)))
    np.testing.assert_array_equal(adam, rmsprop)


@given(st.integers(-40, 40), st.booleans())
def test_power_of_two_in_front_of_the_loss_changes_no_bit(exponent, corrected):
    start, rule = np.array([1.0, -0.3]), Adam(0.9, 0.99, 0.0, corrected)
    plain = list(iterate(lambda x: np.array([1.0, 0.1]) * x, start, 0.02, 20, rule))
    scaled = list(iterate(lambda x: 2.0**exponent * np.array([1.0, 0.1]) * x, start, 0.02, 20, rule))
    np.testing.assert_array_equal(plain, scaled)


@given(st.floats(-4.0, 4.0))
def test_translation_of_the_loss_translates_the_path(shift):
    rule = Adam(0.9, 0.99, 1e-3, True)
    here = np.array(list(iterate(lambda x: x, np.ones(1), 0.1, 20, rule)))
    there = np.array(list(iterate(lambda x: x - shift, np.ones(1) + shift, 0.1, 20, rule)))
    np.testing.assert_allclose(there - shift, here, atol=1e-9)


def test_constants_broadcast_over_replicas():
    first, second = np.array([[0.5], [0.9]]), np.array([[0.9], [0.99]])
    epsilon, rate = np.array([[0.1], [1e-4]]), np.array([[0.1], [0.3]])
    together = np.array(list(iterate(lambda x: x, np.ones((2, 1)), rate, 10, Adam(first, second, epsilon, True))))
    for cell in range(2):
        one = by_hand(1.0, rate[cell, 0], first[cell, 0], second[cell, 0], epsilon[cell, 0], True, 10)
        np.testing.assert_allclose(together[:, cell, 0], one, rtol=1e-12)


def test_arguments_are_left_alone():
    rule, x, gradient = Adam(0.9, 0.99, 1e-8, True), np.ones(2), np.array([1.0, -2.0])
    state = rule.init(x)
    rule.update(x, gradient, state, 0.1)
    assert x.tolist() == [1.0, 1.0]
    assert gradient.tolist() == [1.0, -2.0]
    assert state.step == 0
    assert not state.mean.any()
    assert not state.square.any()
