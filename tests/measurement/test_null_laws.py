"""Null laws against SciPy's distributions, and the two sides of each test against each other."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from descent_audit.measurement.null_laws import LAWS, Sample, p_value, two_sided_level
from descent_audit.report import wording

levels = st.floats(1e-12, 0.5)


@given(st.integers(1, 5000), st.floats(0.0, 1.0), st.data())
def test_binomial_tails_are_scipys(n, p, data):
    count = data.draw(st.integers(0, n))
    tails = LAWS["binomial"].tails(Sample(count, n * p, math.nan, n))
    assert tails.lower == pytest.approx(stats.binom.cdf(count, n, n * p / n), rel=1e-9, abs=1e-300)
    assert tails.upper == pytest.approx(stats.binom.sf(count - 1, n, n * p / n), rel=1e-9, abs=1e-300)


def test_binomial_with_a_certain_outcome():
    assert p_value("binomial", Sample(0, 0.0, math.nan, 50)) == 1.0
    assert p_value("binomial", Sample(50, 50.0, math.nan, 50)) == 1.0
    assert p_value("binomial", Sample(1, 0.0, math.nan, 50)) == 0.0
    assert p_value("binomial", Sample(49, 50.0, math.nan, 50)) == 0.0


@given(st.floats(1.0, 1e4), st.floats(0.2, 5.0))
def test_chi_square_tails_are_scipys(freedom, ratio):
    tails = LAWS["chi_square"].tails(Sample(freedom * ratio, freedom, math.nan, 1))
    assert tails.lower == pytest.approx(stats.chi2.cdf(freedom * ratio, freedom), rel=1e-7, abs=1e-280)
    assert tails.upper == pytest.approx(stats.chi2.sf(freedom * ratio, freedom), rel=1e-7, abs=1e-280)


@given(st.floats(-8, 8), st.integers(2, 10_000))
def test_student_and_normal_tails_are_scipys(score, n):
    sample = Sample(3.0 + 0.5 * score, 3.0, 0.5, n)
    assert LAWS["normal"].tails(sample).upper == pytest.approx(stats.norm.sf(score), rel=1e-6)
    assert LAWS["student"].tails(sample).lower == pytest.approx(stats.t.cdf(score, n - 1), rel=1e-6)


@given(st.integers(20, 3000), st.floats(2.1, 3.6))
def test_kolmogorov_quantile_is_the_two_sided_one(n, score):
    distance = score / math.sqrt(n)
    p = stats.kstwo.sf(distance, n)
    lower, upper = LAWS["kolmogorov"].interval(Sample(distance, 0.0, math.nan, n), p)
    assert upper == distance
    assert lower == pytest.approx(0.0, abs=1e-4)
    assert p_value("kolmogorov", Sample(distance, 0.0, math.nan, n)) == pytest.approx(p)


@given(st.sampled_from(["binomial", "chi_square", "normal", "student"]), st.integers(2, 400), levels, st.data())
def test_interval_holds_exactly_the_predictions_that_the_test_does_not_reject(law, n, level, data):
    value = data.draw(st.integers(0, n) if law == "binomial" else st.floats(0.01, 3.0 * n))
    predicted = data.draw(st.floats(0.0, n) if law == "binomial" else st.floats(0.5, 3.0 * n))
    sample = Sample(value, predicted, 0.7, n)
    lower, upper = LAWS[law].interval(sample, level)
    p = p_value(law, sample)
    assume(not math.isclose(p, level, rel_tol=1e-6))
    assert (lower <= predicted <= upper) == (p > level)


@pytest.mark.parametrize("law", ["binomial", "chi_square", "normal", "student"])
def test_false_alarms_come_at_the_stated_rate(law):
    rng, n, level = np.random.default_rng(3), 300, 0.05
    draws = {
        "binomial": lambda: Sample(rng.binomial(n, 0.3), 0.3 * n, math.nan, n),
        "chi_square": lambda: Sample(rng.chisquare(n), n, math.nan, 1),
        "normal": lambda: Sample(rng.normal(2.0, 0.3), 2.0, 0.3, n),
        "student": lambda: Sample(2.0 + 0.3 * rng.standard_t(n - 1), 2.0, 0.3, n),
    }
    alarms = sum(p_value(law, draws[law]()) <= level for _ in range(4000)) / 4000
    assert 0.02 < alarms <= 0.064
    if law != "binomial":
        assert alarms > 0.036


def test_wrong_prediction_is_rejected():
    assert p_value("binomial", Sample(330, 300.0, math.nan, 1000)) < 0.05
    assert p_value("binomial", Sample(400, 300.0, math.nan, 1000)) < 1e-9
    assert p_value("chi_square", Sample(1300, 1000.0, math.nan, 1)) < 1e-9


def test_two_sided_level_of_a_score():
    assert two_sided_level(1.959963984540054) == pytest.approx(0.05)
    assert two_sided_level(5.6) == pytest.approx(2 * stats.norm.sf(5.6))


def test_every_law_has_its_words():
    assert wording.LAWS.keys() == LAWS.keys()
