"""Intervals against SciPy's own, against bisected tails, and their coverage by enumeration."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from descent_audit.measurement.intervals import (
    LEVEL,
    Interval,
    binomial_interval,
    deviation_interval,
    median_ranks,
    normal_interval,
    sample_interval,
    student_interval,
)
from descent_audit.measurement.observations import Curve

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
numbers = st.floats(-1e6, 1e6)
errors = st.floats(1e-6, 1e6)


@given(counts)
def test_binomial_interval_is_scipys_exact_one(count):
    successes, trials = count
    expected = stats.binomtest(successes, trials).proportion_ci(1 - LEVEL, method="exact")
    assert binomial_interval(successes, trials) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-12)


def bisected_success_probability(tail):
    """Return where a falling tail probability passes half the level."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if tail(middle) > LEVEL / 2 else (low, middle)
    return low


@pytest.mark.parametrize(("successes", "trials"), [(1, 7), (3, 7), (6, 7), (5, 40), (39, 40)])
def test_ends_of_the_binomial_interval_leave_half_the_level_in_each_tail(successes, trials):
    def tail(ks, p):
        return math.fsum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in ks)

    low, high = binomial_interval(successes, trials)
    upper = bisected_success_probability(lambda p: tail(range(successes + 1), p))
    lower = 1.0 - bisected_success_probability(lambda q: tail(range(successes, trials + 1), 1.0 - q))
    assert (low, high) == pytest.approx((lower, upper), abs=1e-12)


@pytest.mark.parametrize("trials", [1, 2, 5, 12, 30])
def test_binomial_interval_covers_every_probability_often_enough(trials):
    successes, p = np.arange(trials + 1), np.linspace(0.0, 1.0, 401)
    low, high = binomial_interval(successes, trials)
    held = (low <= p[:, None]) & (p[:, None] <= high)
    covered = np.sum(held * stats.binom.pmf(successes, trials, p[:, None]), axis=1)
    assert covered.min() >= 1 - LEVEL
    assert stats.binom.pmf(successes, trials, p[:, None]).sum(axis=1) == pytest.approx(1.0)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9))
def test_binomial_interval_covers_the_mean_of_unequal_probabilities(probabilities):
    law = np.ones(1)
    for p in probabilities:
        law = np.convolve(law, [1.0 - p, p])
    low, high = binomial_interval(np.arange(len(law)), len(probabilities))
    mean = np.mean(probabilities)
    assert law[(low <= mean + 1e-12) & (mean - 1e-12 <= high)].sum() >= 1 - LEVEL


@pytest.mark.parametrize("trials", [1, 9, 512])
def test_binomial_interval_is_its_own_mirror_image_and_ends_at_certainty(trials):
    successes = np.arange(trials + 1)
    low, high = binomial_interval(successes, trials)
    assert low[::-1] == pytest.approx(1.0 - high, abs=1e-12)
    assert (low[0], high[-1]) == (0.0, 1.0)
    assert high[0] == pytest.approx(1.0 - (LEVEL / 2) ** (1.0 / trials), rel=1e-9)
    assert np.all((low <= successes / trials) & (successes / trials <= high))


@given(numbers, errors)
def test_normal_interval_is_scipys(value, error):
    assert normal_interval(value, error) == pytest.approx(stats.norm.interval(1 - LEVEL, value, error), rel=1e-9)


@given(numbers, errors, st.integers(2, 10_000))
def test_student_interval_is_scipys(value, error, replicates):
    expected = stats.t.interval(1 - LEVEL, replicates - 1, value, error)
    assert student_interval(value, error, replicates) == pytest.approx(expected, rel=1e-9)


def test_student_interval_of_many_replicates_is_the_normal_one():
    assert student_interval(2.0, 0.5, 10**9) == pytest.approx(normal_interval(2.0, 0.5), rel=1e-8)


def test_a_single_replicate_has_no_interval():
    assert np.isnan(sample_interval(np.array([[1.0, 2.0]]))).all()


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_sample_interval_is_that_of_a_one_sample_test(values):
    assume(np.std(values) > 1e-6)
    expected = stats.t.interval(1 - LEVEL, len(values) - 1, np.mean(values), stats.sem(values))
    assert sample_interval(np.array(values)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(st.floats(1e-3, 1e3), st.integers(2, 5000))
def test_true_deviation_at_an_end_leaves_half_the_level_beyond_what_was_found(deviation, replicates):
    low, high = deviation_interval(deviation, replicates)
    law, squares = stats.chi2(replicates - 1), replicates * deviation**2
    assert law.sf(squares / low**2) == pytest.approx(LEVEL / 2, rel=1e-6)
    assert law.cdf(squares / high**2) == pytest.approx(LEVEL / 2, rel=1e-6)
    assert low < deviation < high


@pytest.mark.parametrize("replicates", [6, 7, 20, 101, 1000])
def test_ranks_around_the_median_are_the_innermost_that_hold_it_often_enough(replicates):
    first, last = median_ranks(replicates)

    def coverage(rank):
        """Return the probability of at least ``rank`` replicates on either side of the median."""
        both = sum(math.comb(replicates, k) for k in range(rank, replicates - rank + 1))
        return both / 2**replicates

    assert first + last == replicates + 1
    assert coverage(first) >= 1 - LEVEL > coverage(first + 1)


@pytest.mark.parametrize("replicates", [1, 5])
def test_too_few_replicates_do_not_bound_the_median(replicates):
    assert median_ranks(replicates) == (0, replicates + 1)


def test_interval_of_a_falling_function_has_its_ends_in_order():
    low, high = Interval(np.array([1.0, 4.0]), np.array([2.0, 5.0])).through(lambda count: 20.0 / count)
    assert low.tolist() == [10.0, 4.0]
    assert high.tolist() == [20.0, 5.0]


def test_certain_marks_have_no_interval():
    around = Interval(np.array([1.0, 4.0]), np.array([2.0, 5.0])).where([True, False])
    curve = Curve("panel", "series", "measured", [0, 1], [1.5, 4.5]).within(around)
    assert np.isnan([curve.low[1], curve.high[1]]).all()
    assert (curve.low[0], curve.high[0], curve.y) == (1.0, 2.0, [1.5, 4.5])
    assert Interval(*around).at([0]).low.tolist() == [1.0]
