"""Powers against the definition, a naive critical start and the curvature that has no bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.power import Power

EXPONENT = st.floats(1.1, 6)


@given(EXPONENT, st.lists(st.floats(-5, 5), min_size=1, max_size=4))
def test_value_is_the_sum_of_powers(exponent, x):
    assert float(Power(exponent).value(np.array(x))) == pytest.approx(sum(abs(t) ** exponent for t in x), rel=1e-12)


@given(EXPONENT, st.floats(0.1, 5))
def test_curvature_is_the_difference_quotient_of_the_gradient(exponent, x):
    slopes = Power(exponent).gradient(np.array([x - 1e-5, x + 1e-5]))
    assert float(Power(exponent).curvature(x)) == pytest.approx((slopes[1] - slopes[0]) / 2e-5, rel=1e-5)


def test_a_square_is_a_quadratic():
    x = np.array([-1.5, 0.0, 2.0])
    assert Power(2.0).gradient(x) == pytest.approx(2 * x)
    assert Power(2.0).curvature(3.0) == 2.0


@given(st.floats(2.5, 6), st.floats(1e-3, 1))
def test_one_step_from_the_critical_start_lands_on_the_other_side(exponent, rate):
    start = float(Power(exponent).critical_start(rate))
    assert start - rate * exponent * start ** (exponent - 1) == pytest.approx(-start, rel=1e-9)


def test_curvature_exceeds_every_bound_far_away_or_near_the_minimum():
    assert Power(4.0).curvature(1e3) > 1e6 > Power(4.0).curvature(1.0)
    assert Power(1.5).curvature(1e-14) > 1e6 > Power(1.5).curvature(1.0)
