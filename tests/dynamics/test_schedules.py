import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.schedules import DECAYS, constant, cosine, decaying, exponential, linear, linear_warmup


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


RATES, RATIOS, LENGTHS = st.floats(1e-4, 10.0), st.floats(1e-6, 0.99), st.integers(2, 400)


@pytest.mark.parametrize("name", DECAYS)
@given(rate=RATES, ratio=RATIOS, steps=LENGTHS)
def test_decay_runs_from_the_first_rate_to_the_last(name, rate, ratio, steps):
    rates = DECAYS[name](np.arange(steps), rate, ratio, steps)
    assert rates[0] == pytest.approx(rate, rel=1e-14)
    assert rates[-1] == pytest.approx(rate * ratio, rel=1e-9)
    assert np.all(np.diff(rates) <= 0)


def test_decay_counted_to_n_instead_of_n_minus_one_would_miss_the_last_rate():
    assert exponential(99, 1.0, 0.01, 101) > 0.0101
    assert exponential(99, 1.0, 0.01, 100) == pytest.approx(0.01, rel=1e-14)


@given(RATES, RATIOS, LENGTHS)
def test_exponential_is_a_repeated_product(rate, ratio, steps):
    expected, factor = [rate], ratio ** (1 / (steps - 1))
    for _ in range(steps - 1):
        expected.append(expected[-1] * factor)
    np.testing.assert_allclose(exponential(np.arange(steps), rate, ratio, steps), expected, rtol=1e-11)


@given(RATES, RATIOS, LENGTHS)
def test_cosine_is_its_textbook_form(rate, ratio, steps):
    last = rate * ratio
    expected = [last + (rate - last) * (1 + math.cos(math.pi * t / (steps - 1))) / 2 for t in range(steps)]
    np.testing.assert_allclose(cosine(np.arange(steps), rate, ratio, steps), expected, rtol=1e-9)


@given(RATES, RATIOS, LENGTHS)
def test_cosine_and_linear_sum_to_the_mean_of_their_ends(rate, ratio, steps):
    for decay in (cosine, linear):
        total = math.fsum(decay(np.arange(steps), rate, ratio, steps))
        assert total == pytest.approx(steps * rate * (1 + ratio) / 2, rel=1e-12)


def test_linear_falls_by_equal_amounts():
    np.testing.assert_allclose(linear(np.arange(5), 0.8, 0.5, 5), [0.8, 0.7, 0.6, 0.5, 0.4])


def test_cosine_keeps_its_digits_next_to_the_end():
    gap = 1e-7
    assert cosine(1 - gap, 1.0, 1e-12, 2) - 1e-12 == pytest.approx((math.pi * gap / 2) ** 2, rel=1e-6)


@pytest.mark.parametrize("name", DECAYS)
def test_first_update_of_a_run_uses_the_first_rate(name):
    schedule = decaying(name, 0.3, 0.1, 7)
    found = [float(schedule(update)) for update in range(1, 8)]
    np.testing.assert_array_equal(found, DECAYS[name](np.arange(7), 0.3, 0.1, 7))


def test_decays_broadcast_rates_and_ratios():
    assert cosine(np.arange(6), np.array([[0.1], [0.2]]), 0.5, 6).shape == (2, 6)
    assert decaying("exponential", np.ones((3, 1)), 0.1, 5)(2).shape == (3, 1)


@pytest.mark.parametrize("name", DECAYS)
def test_run_of_one_step_takes_the_first_rate(name):
    assert DECAYS[name](0, 0.3, 0.1, 1) == 0.3
