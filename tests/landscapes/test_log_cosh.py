"""log cosh against the naive formula where that one does not overflow, and its limits where it does."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.log_cosh import LogCosh


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=4), st.floats(0, 2))
def test_value_is_the_naive_formula(x, strong_convexity):
    expected = math.fsum(0.5 * strong_convexity * t * t + math.log(math.cosh(t)) for t in x)
    assert float(LogCosh(strong_convexity).value(np.array(x))) == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_value_far_away_is_the_distance_less_log_two():
    assert float(LogCosh().value(np.array([-1e5, 1e5]))) == pytest.approx(2e5 - 2 * math.log(2), rel=1e-15)


def test_strong_convexity_may_differ_between_replicas():
    loss = LogCosh(np.array([[0.0], [2.0]]))
    assert loss.value(np.full((2, 1), 0.5)) == pytest.approx(np.log(np.cosh(0.5)) + np.array([0.0, 0.25]))
    assert np.ravel(loss.smoothness).tolist() == [1.0, 3.0]
