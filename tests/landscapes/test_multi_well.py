import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.multi_well import MultiWell

WELLS = MultiWell(0.1, 0.5, 3.0)
POINTS = np.linspace(-15.0, 15.0, 301)


def test_value_is_a_bowl_and_a_cosine():
    expected = 0.05 * POINTS**2 + 0.5 * (1 - np.cos(3 * POINTS))
    np.testing.assert_allclose(WELLS.value(POINTS), expected, atol=1e-13)


def test_gradient_is_the_slope_of_the_value():
    width = 1e-6
    slope = (WELLS.value(POINTS + width) - WELLS.value(POINTS - width)) / (2 * width)
    np.testing.assert_allclose(WELLS.gradient(POINTS), slope, atol=1e-8)


def test_smoothness_bounds_the_curvature_and_is_attained_at_the_origin():
    width = 1e-5
    curvature = (WELLS.gradient(POINTS + width) - WELLS.gradient(POINTS - width)) / (2 * width)
    assert WELLS.smoothness == pytest.approx(4.6)
    assert np.all(np.abs(curvature) <= WELLS.smoothness + 1e-8)
    assert curvature[150] == pytest.approx(4.6)


@given(st.floats(0.02, 0.5), st.floats(0.2, 2.0), st.floats(1.0, 6.0))
def test_maxima_are_all_places_where_the_slope_turns_negative(bowl, ripple, wave):
    loss, reach = MultiWell(bowl, ripple, wave), 12.0
    x = np.linspace(-reach, reach, 200_001)
    slope = loss.gradient(x)
    turns = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    found = loss.maxima(reach)
    last = ripple * wave / bowl - 2 * np.pi / wave
    scanned = x[turns][np.abs(x[turns]) < min(last, reach - 1e-3)]
    inner = found[np.abs(found) < min(last, reach - 1e-3)]
    assert len(inner) == len(scanned)
    np.testing.assert_allclose(inner, scanned, atol=2e-4)
    np.testing.assert_allclose(loss.gradient(found), 0.0, atol=1e-12 * max(1.0, loss.smoothness))


def test_maxima_are_symmetric_and_end_where_the_bowl_is_too_steep():
    found = WELLS.maxima(15.0)
    np.testing.assert_array_equal(found, -found[::-1])
    assert len(found) == 14
    assert len(WELLS.maxima(100.0)) == 14
    assert len(WELLS.maxima(6.0)) == 6
    assert len(WELLS.maxima(0.5)) == 0
    assert len(WELLS.maxima(1.06)) == 0 < len(WELLS.maxima(1.08))
