"""The asymmetric quadratic against finite differences and against its definition point by point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.asymmetric import AsymmetricQuadratic

CURVATURE = st.floats(0.01, 100)
POINT = st.floats(-10, 10)


@given(CURVATURE, CURVATURE, POINT)
def test_value_is_half_the_curvature_of_the_side_times_the_square(left, right, x):
    expected = 0.5 * (left if x < 0 else right) * x * x
    assert float(AsymmetricQuadratic(left, right).value(np.array(x))) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(CURVATURE, CURVATURE, st.floats(0.01, 10), st.sampled_from([-1, 1]))
def test_gradient_is_the_central_difference_of_the_value(left, right, size, side):
    loss, x, h = AsymmetricQuadratic(left, right), size * side, 1e-4
    difference = (loss.value(np.array(x + h)) - loss.value(np.array(x - h))) / (2 * h)
    assert float(loss.gradient(np.array(x))) == pytest.approx(float(difference), rel=1e-6)


def test_gradient_is_continuous_at_the_minimum():
    loss = AsymmetricQuadratic(0.1, 7.0)
    assert loss.gradient(np.array([-1e-9, 0.0, 1e-9])) == pytest.approx([0.0, 0.0, 0.0], abs=1e-8)


@given(CURVATURE, CURVATURE, POINT, POINT)
def test_smoothness_and_strong_convexity_bound_the_gradient(left, right, x, y):
    loss = AsymmetricQuadratic(left, right)
    slope = float(loss.gradient(np.array(x)) - loss.gradient(np.array(y))) * (x - y)
    assert loss.strong_convexity * (x - y) ** 2 * (1 - 1e-9) - 1e-9 <= slope
    assert slope <= loss.smoothness * (x - y) ** 2 * (1 + 1e-9) + 1e-9


@given(CURVATURE, CURVATURE)
def test_an_excursion_keeps_its_size_at_the_critical_rate(left, right):
    loss = AsymmetricQuadratic(left, right)
    rate, x = float(loss.critical_rate), 1.0
    for _ in range(2):
        x -= rate * (left if x < 0 else right) * x
    assert x == pytest.approx(1.0, rel=1e-9)


def test_curvatures_may_differ_between_cells():
    loss = AsymmetricQuadratic(np.array([1.0, 0.5]), 2.0)
    assert loss.gradient(np.array([-1.0, -1.0])).tolist() == [-1.0, -0.5]
    assert loss.critical_rate.tolist() == [1.5, 2.5]
