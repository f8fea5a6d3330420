"""Fits and intervals against SciPy and NumPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from descent_audit.measurement.statistics import FALSE_ALARM, half_width, loglog_slope


@pytest.mark.parametrize("tests", [1, 2, 17, 400])
def test_half_width_leaves_the_wanted_tail(tests):
    outside = 2 * stats.norm.sf(half_width(1.0, tests))
    assert outside * tests == pytest.approx(FALSE_ALARM, rel=1e-6)


def test_half_width_is_proportional_to_the_standard_error():
    assert half_width(0.3) == pytest.approx(0.3 * half_width(1.0))
    assert half_width(0.0) == 0.0


def test_half_width_grows_with_the_number_of_tests():
    widths = [half_width(1.0, tests) for tests in (1, 10, 100)]
    assert widths == sorted(widths) and widths[0] < widths[-1]


def test_half_width_without_tests_is_that_of_one():
    assert half_width(1.0, 0) == half_width(1.0, 1)


@given(st.floats(-3, 3), st.floats(0.1, 10))
def test_loglog_slope_of_a_power_is_its_exponent(exponent, factor):
    x = np.array([0.5, 1.0, 3.0, 20.0])
    assert loglog_slope(x, factor * x**exponent) == pytest.approx(exponent, abs=1e-12)


def test_loglog_slope_is_the_least_squares_fit():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0.1, 10, 30), rng.uniform(0.1, 10, 30)
    assert loglog_slope(x, y) == pytest.approx(stats.linregress(np.log(x), np.log(y)).slope)
    assert loglog_slope(list(x), list(y)) == pytest.approx(np.polyfit(np.log(x), np.log(y), 1)[0])
