"""The slope with a flat stretch against the example that it generalises and against finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.flat_stretch import FlatStretch

EXAMPLE = FlatStretch(25.0, 1.0, 1.0, 2.0)


def pieces(x):
    return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24


@given(st.floats(-10, 10))
def test_example_has_the_three_published_pieces(x):
    assert float(EXAMPLE.gradient(np.array(x))) == pytest.approx(pieces(x), rel=1e-12, abs=1e-12)


@given(st.floats(0.5, 30), st.floats(0.01, 1), st.floats(0, 2), st.floats(0.1, 3), st.floats(-6, 6))
def test_gradient_is_the_central_difference_of_the_value(steep, share, left, length, x):
    loss, h = FlatStretch(steep, share * steep, left, left + length), 1e-5
    difference = float(loss.value(np.array(x + h)) - loss.value(np.array(x - h))) / (2 * h)
    assert float(loss.gradient(np.array(x))) == pytest.approx(difference, abs=1e-3 * steep)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_curvature_lies_between_the_two(x, y):
    rise = float(EXAMPLE.gradient(np.array(x)) - EXAMPLE.gradient(np.array(y))) * (x - y)
    square = (x - y) ** 2
    assert EXAMPLE.strong_convexity * square - 1e-9 <= rise <= EXAMPLE.smoothness * square + 1e-9


def test_minimum_is_the_origin():
    assert float(EXAMPLE.value(np.array(0.0))) == 0.0 == float(EXAMPLE.gradient(np.array(0.0)))
    assert np.all(EXAMPLE.value(np.array([-1.0, 0.5, 1.5, 3.0])) > 0)


def test_equal_curvatures_leave_a_quadratic():
    x = np.linspace(-5, 5, 11)
    np.testing.assert_array_equal(FlatStretch(25.0, 25.0, 1.0, 2.0).gradient(x), 25.0 * x)
