"""Momentum on averaged gradients against weighted means and the heavy ball."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.averaged_gradient import AveragedGradient
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.heavy_ball import HeavyBall


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=12), st.floats(0.1, 0.99))
def test_corrected_step_is_a_weighted_mean(gradients, decay):
    rule = AveragedGradient(decay, True)
    state = rule.init(np.zeros(1))
    for gradient in gradients:
        step, state = rule.update(np.zeros(1), np.array([gradient]), state, 2.0)
    mean = np.average(gradients, weights=decay ** np.arange(len(gradients))[::-1])
    assert float(step[0]) == pytest.approx(-2 * mean, rel=1e-9, abs=1e-12)


@given(st.floats(0.0, 0.99), st.floats(0.01, 1.0))
def test_uncorrected_it_is_the_heavy_ball_at_another_rate(decay, rate):
    averaged = list(iterate(lambda x: x, np.ones(1), rate, 30, AveragedGradient(decay, False)))
    ball = list(iterate(lambda x: x, np.ones(1), rate * (1 - decay), 30, HeavyBall(decay)))
    np.testing.assert_allclose(averaged, ball, rtol=1e-9, atol=1e-12)


def test_no_memory_is_gradient_descent():
    start, curvatures = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([1.0, 0.1])
    plain = list(iterate(lambda x: curvatures * x, start, 0.7, 10, GradientDescent()))
    for correction in (True, False):
        rule = AveragedGradient(0.0, correction)
        np.testing.assert_array_equal(list(iterate(lambda x: curvatures * x, start, 0.7, 10, rule)), plain)


def test_state_counts_from_the_first_gradient_and_is_not_changed():
    rule = AveragedGradient(0.9, True)
    state = rule.init(np.ones(2))
    after = rule.update(np.ones(2), np.ones(2), state, 0.1)[1]
    assert (state.step, after.step) == (0, 1)
    assert not state.mean.any()
