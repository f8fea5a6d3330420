import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.backtracking import Armijo
from descent_audit.optimizers.gradient_descent import GradientDescent

DECREASES, SHRINKS = st.floats(1e-4, 0.95), st.floats(0.3, 0.9)


def parabola(x):
    return 0.5 * np.sum(x * x, axis=-1)


def wave(x):
    return np.sum(np.cos(x), axis=-1)


def scalar_search(value, x, gradient, first, decrease, shrink, longest):
    """Return step, refusals and success of one search, written down as the rule is stated."""
    slope = float(gradient @ gradient)
    for refused in range(longest + 1):
        step = first * shrink**refused
        if value(x - step * gradient) <= value(x) - decrease * step * slope:
            return step, refused, True
    return step, refused, False


@given(DECREASES, SHRINKS, st.integers(0, 2**32 - 1))
def test_search_is_the_rule_point_by_point(decrease, shrink, seed):
    x = 4 * np.random.default_rng(seed).standard_normal((6, 3))
    found = Armijo(decrease, shrink, 30).search(wave, x, -np.sin(x), 50.0)
    for index, point in enumerate(x):
        expected = scalar_search(wave, point, -np.sin(point), 50.0, decrease, shrink, 30)
        assert (found.step[index], found.refused[index], found.accepted[index]) == pytest.approx(expected)


@given(DECREASES, SHRINKS, st.floats(1e-3, 1e3))
def test_parabola_is_accepted_from_twice_the_rest_of_the_decrease_on(decrease, shrink, smoothness):
    x = np.array([[1.0]])
    rule = Armijo(decrease, shrink, 200)
    found = rule.search(lambda y: smoothness * parabola(y), x, smoothness * x, 10.0)
    limit = 2 * (1 - decrease) / smoothness
    assert found.step[0] <= limit * (1 + 1e-9)
    assert found.refused[0] == 0 or found.step[0] / shrink > limit * (1 - 1e-9)
    assert found.step[0] >= rule.shortest_step(10.0, smoothness) * (1 - 1e-9)
    assert found.refused[0] <= max(math.ceil(rule.trial_bound(10.0 * smoothness) + 1e-9), 0)


@given(st.floats(1e-3, 1e3), SHRINKS)
def test_search_does_not_depend_on_the_scale_of_the_loss(scale, shrink):
    """Powers of two only, so that nothing is rounded differently."""
    scale = 2.0 ** round(math.log2(scale))
    x, rule = np.linspace(-3, 3, 7)[:, None] + 0.1, Armijo(0.2, shrink, 60)
    one = rule.search(wave, x, -np.sin(x), 8.0)
    other = rule.search(lambda y: scale * wave(y), x, -scale * np.sin(x), 8.0 / scale)
    np.testing.assert_array_equal(one.refused, other.refused)
    np.testing.assert_allclose(other.step * scale, one.step)


def test_search_uphill_is_cut_off():
    x = np.array([[1.0], [0.3]])
    found = Armijo(0.1, 0.5, 12).search(parabola, x, x, 1.0, direction=x)
    assert not found.accepted.any()
    np.testing.assert_array_equal(found.refused, [12, 12])
    np.testing.assert_array_equal(found.step, [2.0**-12, 2.0**-12])


def test_search_without_a_cap_ends_even_uphill_once_the_point_does_not_move():
    """Why the cap is needed: this acceptance means nothing."""
    x = np.array([[1.0]])
    found = Armijo(0.1, 0.5, 200).search(lambda y: 1 + parabola(y), x, x, 1.0, direction=x)
    assert found.accepted.all()
    assert found.step[0] < 1e-15


def test_step_accepted_at_once_is_the_first_one():
    x = np.array([[2.0]])
    found = Armijo(0.5, 0.5, 10).search(parabola, x, x, np.array([0.25]))
    assert (found.step[0], found.refused[0], found.accepted[0]) == (0.25, 0, True)


def test_value_that_is_not_a_number_is_refused():
    def value(x):
        return np.where(x[..., 0] < -1, np.nan, parabola(x))

    found = Armijo(0.1, 0.5, 10).search(value, np.array([[1.0]]), np.array([[1.0]]), 16.0)
    assert found.accepted[0]
    assert found.step[0] == 1.0


def test_each_point_has_a_first_step_of_its_own():
    x = np.ones((3, 1))
    found = Armijo(0.1, 0.5, 10).search(parabola, x, x, np.array([0.5, 1.0, 4.0]))
    np.testing.assert_array_equal(found.step, [0.5, 1.0, 1.0])
    np.testing.assert_array_equal(found.refused, [0, 0, 2])


def test_trial_points_are_steps_of_the_rule():
    class Timid(GradientDescent):
        def update(self, x, gradient, state, learning_rate):
            return super().update(x, gradient, state, 0.25 * learning_rate)

    x = np.array([[1.0]])
    assert Armijo(0.1, 0.5, 10, Timid()).search(parabola, x, x, 4.0).step[0] == 4.0
    assert Armijo(0.1, 0.5, 10).search(parabola, x, x, 4.0).step[0] == 1.0
