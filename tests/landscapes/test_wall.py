"""The slope before the wall against its definition point by point and against finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.wall import QuarticWall

CURVATURE = st.floats(0.1, 10)
STIFFNESS = st.floats(0, 1000)


@given(CURVATURE, STIFFNESS, st.floats(-10, 10))
def test_value_has_a_quartic_on_the_right_only(curvature, stiffness, x):
    expected = 0.5 * curvature * x * x + (0.25 * stiffness * x**4 if x > 0 else 0.0)
    assert float(QuarticWall(curvature, stiffness).value(np.array(x))) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(CURVATURE, STIFFNESS, st.floats(-3, 3))
def test_gradient_is_the_central_difference_of_the_value(curvature, stiffness, x):
    loss, h = QuarticWall(curvature, stiffness), 1e-5
    difference = float(loss.value(np.array(x + h)) - loss.value(np.array(x - h))) / (2 * h)
    assert float(loss.gradient(np.array(x))) == pytest.approx(difference, rel=1e-6, abs=1e-6 * (1 + stiffness))


@given(CURVATURE, STIFFNESS, st.floats(-5, 5), st.floats(-5, 5))
def test_gradient_rises_at_least_as_fast_as_the_slope(curvature, stiffness, x, y):
    loss = QuarticWall(curvature, stiffness)
    rise = float(loss.gradient(np.array(x)) - loss.gradient(np.array(y))) * (x - y)
    assert rise >= curvature * (x - y) ** 2 * (1 - 1e-9) - 1e-9


def test_stiffness_may_differ_between_cells():
    loss = QuarticWall(2.0, np.array([0.0, 1.0, 10.0]))
    assert loss.gradient(np.full((2, 3), 1.0)).tolist() == [[2.0, 3.0, 12.0]] * 2
    assert loss.gradient(np.full(3, -1.0)).tolist() == [-2.0] * 3
