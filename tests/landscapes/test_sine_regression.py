"""The sine regression against scalar formulas, finite differences and SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from descent_audit.landscapes.sine_regression import SineRegression, sine_gradients

LOSS = SineRegression((1.0, -2.0, 3.5), (0.2, 0.4, -1.1))


def scalar_loss(theta):
    pairs = zip(LOSS.inputs, LOSS.labels, strict=True)
    return sum(0.5 * (math.sin(theta * x) - y) ** 2 for x, y in pairs) / len(LOSS.inputs)


@given(st.floats(-6, 6))
def test_value_and_gradient_are_those_of_the_scalar_loss(theta):
    assert float(LOSS.value(theta)) == pytest.approx(scalar_loss(theta), rel=1e-12, abs=1e-14)
    difference = (scalar_loss(theta + 1e-5) - scalar_loss(theta - 1e-5)) / 2e-5
    assert float(LOSS.gradient(theta)) == pytest.approx(difference, abs=1e-7)


def test_sample_gradients_have_one_more_axis():
    theta = np.linspace(-1, 1, 6).reshape(2, 3)
    found = LOSS.sample_gradients(theta)
    assert found.shape == (2, 3, 3)
    assert found.mean(axis=-1) == pytest.approx(LOSS.gradient(theta))
    assert found[1, 2, 1] == float(sine_gradients(theta[1, 2], np.array(-2.0), np.array(0.4)))


def test_sample_smoothness_bounds_every_slope_of_a_gradient():
    theta = np.linspace(-4, 4, 40_001)
    slopes = np.abs(np.diff(LOSS.sample_gradients(theta), axis=0)) / (theta[1] - theta[0])
    assert 0.5 * LOSS.sample_smoothness < slopes.max() <= LOSS.sample_smoothness


def test_basin_is_a_minimum_between_two_maxima():
    left, minimum, right = LOSS.basin(0.9, (-4.0, 4.0), 1e-3)
    assert left < minimum < right
    assert minimum == pytest.approx(
        brentq(lambda t: float(LOSS.gradient(t)), minimum - 0.02, minimum + 0.02, xtol=1e-15), abs=1e-13
    )
    inner = minimize_scalar(scalar_loss, bounds=(left, right), method="bounded", options={"xatol": 1e-10})
    assert inner.x == pytest.approx(minimum, abs=1e-6)
    for top in (left, right):
        assert scalar_loss(top) > max(scalar_loss(top - 1e-3), scalar_loss(top + 1e-3))


def test_basin_refuses_an_interval_without_a_minimum():
    with pytest.raises(ValueError, match="no local minimum"):
        LOSS.basin(0.0, (-0.1, 0.1), 1e-3)
