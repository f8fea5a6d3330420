"""The lopsided well has the slope of its values, one curvature but for the sign, and no jump."""

import numpy as np
import pytest

from descent_audit.landscapes.lopsided_well import LopsidedWell

WELL = LopsidedWell(4.0, 0.5)


def test_value_is_the_integral_of_the_slope():
    x = np.linspace(-3.0, 2.0, 500001)
    slope = WELL.gradient(x)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(x))])
    np.testing.assert_allclose(WELL.value(x) - WELL.value(x[0]), integral, atol=1e-9)


def test_slope_changes_by_the_smoothness_everywhere():
    x = np.linspace(-3.0, 2.0, 1001)
    changes = np.abs(np.diff(WELL.gradient(x)) / np.diff(x))
    assert changes.max() == pytest.approx(WELL.smoothness)
    assert np.median(changes) == pytest.approx(WELL.smoothness)


def test_minima_and_barrier():
    places = np.array([0.0, WELL.barrier, WELL.other_minimum])
    np.testing.assert_allclose(WELL.gradient(places), 0.0, atol=1e-15)
    np.testing.assert_allclose(WELL.value(places), [0.0, 0.25, 0.0], atol=1e-15)
