"""Drift of a period against the mean square iterated by hand, exact fractions and SciPy's root finder."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from descent_audit.experiments.adaptive_rates.cyclic_gradients import (
    clipped_run,
    critical_second_decay,
    cyclic,
    measured_drift,
    period_drift,
    periodic_square,
    smallest_failing_period,
)
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.amsgrad import AMSGrad
from descent_audit.optimizers.gradient_descent import GradientDescent


def drift_by_hand(large, decay, period):
    v, cycles = 0.0, math.ceil(45 / (1 - decay) / period)
    for _ in range(cycles):
        total = 0.0
        for gradient in [large] + [-1.0] * (period - 1):
            v = decay * v + (1 - decay) * gradient**2
            total -= gradient / math.sqrt(v)
    return total


@given(st.floats(2.05, 30.0), st.floats(0.01, 0.95), st.integers(2, 9))
def test_drift_is_that_of_the_iterated_mean_square(large, decay, period):
    assert float(period_drift(large, decay, period)) == pytest.approx(drift_by_hand(large, decay, period), abs=1e-10)


def test_growing_denominators_end_at_the_periodic_square_of_the_large_gradient():
    rule, square, largest = AMSGrad(0.0, 0.3, 0.0), 0.0, 0.0
    for gradient in [4.0, -1.0, -1.0] * 40:
        square = 0.3 * square + 0.7 * gradient**2
        largest = max(largest, square)
    assert float(periodic_square(4.0, 0.3, 3)) == pytest.approx(largest, rel=1e-14)
    assert measured_drift(rule, 4.0, 3, 120, (1,)) == pytest.approx((2 - 4.0) / math.sqrt(largest), rel=1e-13)


def test_periodic_mean_square_solves_its_recursion_exactly():
    large, decay, period = Fraction(7, 2), Fraction(3, 10), 3
    first = ((1 - decay) * large**2 + decay - decay**period) / (1 - decay**period)
    assert first == (1 - decay) * (large**2 + decay + decay**2) / (1 - decay**3)
    v = first
    for gradient in [-1] * (period - 1) + [large]:
        v = decay * v + (1 - decay) * gradient**2
    assert v == first


@pytest.mark.parametrize("period", [3, 5])
def test_measured_drift_of_the_method_is_the_formula(period):
    large, decay = np.array([2.5, 6.0]) * (period - 1), np.array([0.3, 0.8])
    for correction in (True, False):
        measured = measured_drift(Adam(0.0, decay, 0.0, correction), large, period, 40 / (1 - 0.8), (2,))
        np.testing.assert_allclose(measured, period_drift(large, decay, period), atol=1e-12)


@pytest.mark.parametrize("large", [2.1, 3.0, 10.0, 30.0])
def test_critical_constant_is_the_root_that_scipy_finds(large):
    root = brentq(lambda decay: drift_by_hand(large, decay, 3), 0.01, 0.95, xtol=1e-12)
    assert critical_second_decay(np.array([large]), 1e-3, 0.999, 3)[0] == pytest.approx(root, abs=1e-9)


def test_small_gradient_limit_of_the_drift():
    assert float(period_drift(5.0, 1e-9, 3)) == pytest.approx(1.0, abs=1e-6)
    assert float(period_drift(5.0, 1 - 1e-9, 3)) == pytest.approx((2 - 5) / 3, abs=1e-6)


def test_gradients_start_with_the_large_one_and_repeat():
    gradient = cyclic(4.0, 3)
    assert [float(gradient(np.zeros(1), t)) for t in range(1, 8)] == [4, -1, -1, 4, -1, -1, 4]


def test_clipped_run_agrees_with_a_scalar_loop():
    x, path = 0.0, []
    for t in range(1, 20):
        x = min(1.0, max(-1.0, x - 0.5 / math.sqrt(t) * (3.0 if t % 3 == 1 else -1.0)))
        path.append(x)
    found = [float(x[0]) for x in clipped_run(GradientDescent(), 3.0, 3, 0.5, 19, (1,))]
    assert found == pytest.approx(path, rel=1e-12)


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_smallest_failing_period_is_the_first_with_a_wrong_drift(decay):
    failing = smallest_failing_period(decay, 1.1, 100)
    signs = [drift_by_hand(1.1 * (period - 1), decay, period) > 0 for period in range(2, failing + 1)]
    assert signs == [False] * (failing - 2) + [True]


def test_no_failing_period_counts_one_more_than_the_longest():
    assert smallest_failing_period(0.99, 1.1, 10) == 11
