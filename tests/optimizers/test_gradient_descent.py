"""The update against arithmetic by hand, and against SciPy's minimum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from descent_audit.dynamics.trajectories import final
from descent_audit.optimizers.gradient_descent import GradientDescent

RULE = GradientDescent()


def test_update_by_hand():
    x, state = RULE.update(np.array([1.0, -2.0]), np.array([4.0, 8.0]), None, 0.25)
    assert x.tolist() == [0.0, -4.0] and state is None


def test_there_is_no_state():
    assert RULE.init(np.ones(3)) is None


def test_the_rate_may_differ_between_replicas():
    x, _ = RULE.update(np.ones((2, 3)), np.ones((2, 3)), None, np.array([[0.5], [2.0]]))
    assert x.tolist() == [[0.5] * 3, [-1.0] * 3]


@given(st.floats(0, 2), st.lists(st.floats(-9, 9), min_size=2, max_size=2))
def test_the_step_is_against_the_gradient_and_of_its_length(rate, gradient):
    moved, _ = RULE.update(np.zeros(2), np.array(gradient), None, rate)
    assert moved @ np.array(gradient) <= 0
    assert np.linalg.norm(moved) == pytest.approx(rate * np.linalg.norm(gradient), rel=1e-12, abs=1e-100)


def test_the_update_leaves_its_arguments_alone():
    x, gradient = np.array([1.0]), np.array([2.0])
    RULE.update(x, gradient, None, 0.5)
    assert (x[0], gradient[0]) == (1.0, 2.0)


def test_many_steps_find_the_minimum_that_scipy_finds():
    def value(x):
        return np.log(np.exp(x[0] + 2 * x[1] - 0.3) + np.exp(x[0] - 2 * x[1]) + np.exp(-x[0]))

    def gradient(x):
        weights = np.exp([x[0] + 2 * x[1] - 0.3, x[0] - 2 * x[1], -x[0]])
        return np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 0.0]]).T @ weights / weights.sum()

    found = final(gradient, np.array([1.0, -1.0]), 0.3, 400)
    assert found == pytest.approx(optimize.minimize(value, np.zeros(2), jac=gradient, tol=1e-12).x, abs=1e-6)
