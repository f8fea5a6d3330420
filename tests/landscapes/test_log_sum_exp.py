"""log-sum-exp against SciPy's, and its smoothness against a search over directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax

from descent_audit.landscapes.log_sum_exp import LogSumExp

SLOPES, OFFSETS = np.array([[1.0, 1.0], [-2.0, 0.0], [0.0, -1.0]]), np.array([0.0, 0.0, 0.5])
LOSS = LogSumExp(SLOPES, OFFSETS)
POINT = st.lists(st.floats(-20, 20), min_size=2, max_size=2).map(np.array)


@given(POINT)
def test_value_and_gradient_are_scipys(x):
    exponents = SLOPES @ x + OFFSETS
    assert float(LOSS.value(x)) == pytest.approx(float(logsumexp(exponents)), rel=1e-13, abs=1e-13)
    assert LOSS.gradient(x) == pytest.approx(softmax(exponents) @ SLOPES, abs=1e-12)


def test_huge_exponents_do_not_overflow():
    with np.errstate(over="raise", invalid="raise"):
        assert float(LOSS.value(np.array([1e5, 1e5]))) == 2e5
        assert LOSS.gradient(np.array([1e5, 1e5])).tolist() == [1.0, 1.0]


def test_smoothness_is_attained_between_the_two_slopes_that_differ_most():
    far = LogSumExp(np.array([[3.0, 0.0], [-1.0, 3.0], [0.0, 0.5]]), np.array([0.0, 0.0, -60.0]))
    assert far.smoothness == 25 / 4
    assert np.linalg.eigvalsh(far.hessian(np.zeros(2)))[-1] == pytest.approx(25 / 4, rel=1e-12)


@given(POINT)
def test_curvature_stays_between_zero_and_the_bound(x):
    curvatures = np.linalg.eigvalsh(LOSS.hessian(x))
    assert -1e-12 <= curvatures[0] <= curvatures[-1] <= LOSS.smoothness
