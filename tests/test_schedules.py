from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.schedules import constant, linear_warmup


def test_warmup_takes_its_first_step_at_one_part_of_the_rate_and_its_last_at_all_of_it():
    rates = [float(linear_warmup(k, 0.8, 4)) for k in range(1, 8)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8], rel=1e-15)


@given(st.integers(1, 300), st.integers(0, 50), st.fractions(Fraction(1, 100), 3, max_denominator=100))
def test_warmup_costs_half_a_triangle_of_the_constant_sum(warmup, more, rate):
    k = np.arange(1, warmup + more + 1)
    lost = np.sum(constant(k, float(rate)) - linear_warmup(k, float(rate), warmup))
    exact = sum(rate - rate * min(Fraction(step, warmup), 1) for step in range(1, warmup + more + 1))
    assert exact == rate * Fraction(warmup - 1, 2)
    assert lost == pytest.approx(float(exact), rel=1e-12, abs=1e-12)


@given(st.integers(1, 400), st.integers(1, 100), st.floats(1e-3, 10.0))
def test_warmup_rises_to_the_rate_and_never_beyond(step, warmup, rate):
    here, next_rate = linear_warmup(step, rate, warmup), linear_warmup(step + 1, rate, warmup)
    assert 0 < here <= next_rate <= rate
    assert (here == rate) == (step >= warmup)


def test_warmup_of_one_step_is_the_constant_rate():
    k = np.arange(1, 20)
    np.testing.assert_array_equal(linear_warmup(k, 0.31, 1), constant(k, 0.31))


def test_a_longer_warmup_never_has_a_higher_rate():
    k, lengths = np.arange(1, 60), np.arange(1, 40)[:, None]
    assert np.all(np.diff(linear_warmup(k, 1.0, lengths), axis=0) <= 0)


def test_schedules_broadcast_step_against_length():
    assert linear_warmup(np.arange(1, 6), 0.5, np.array([[2], [9]])).shape == (2, 5)
    assert constant(3, np.array([0.1, 0.2])).shape == (2,)
