"""Sums of blocks are exact: against math.fsum and fractions, in any order and grouping."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from descent_audit.measurement.tallies import (
    ExactSum,
    Tally,
    from_plain,
    mean_interval,
    merged,
    moments,
    positive_mean_interval,
    tally,
    to_plain,
)

doubles = st.floats(allow_nan=False, allow_infinity=False, width=64)
anything = st.floats(width=64)


def total(values):
    return merged(tally(1, {"x": value}) for value in values)["x"]


@given(st.lists(doubles, min_size=1, max_size=30))
def test_sum_is_the_double_next_to_the_exact_one(values):
    exact = sum(map(Fraction, values))
    try:
        assert total(values) == float(exact)
    except OverflowError:
        assert total(values) == (math.inf if exact > 0 else -math.inf)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30))
def test_sum_equals_fsum(values):
    assert total(values) == math.fsum(values)


@given(st.lists(anything, min_size=1, max_size=20), st.data())
def test_neither_order_nor_grouping_changes_a_bit(values, data):
    shuffled = data.draw(st.permutations(values))
    cut = data.draw(st.integers(0, len(values)))
    parts = [merged(tally(1, {"x": value}) for value in part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    assert np.array_equal(merged(reversed(parts))["x"], total(values), equal_nan=True)


def test_float_addition_would_depend_on_the_order():
    assert (1.0 + 1e16) - 1e16 != (1e16 - 1e16) + 1.0
    assert total([1.0, 1e16, -1e16]) == total([1e16, -1e16, 1.0]) == 1.0


@given(st.lists(anything, min_size=1, max_size=20))
def test_tally_survives_the_way_through_a_file(values):
    before = tally(len(values), {"x": values, "matrix": np.reshape([values, values], (2, -1))}, {"top": values})
    after = from_plain(json.loads(json.dumps(to_plain(before))))
    assert after.replicates == before.replicates
    for name in before.sums:
        assert np.array_equal(after[name], before[name], equal_nan=True)
        assert (after.sums[name].multiples == before.sums[name].multiples).all()
    assert np.array_equal(after.largest["top"], before.largest["top"], equal_nan=True)


def test_infinity_and_nan_stay():
    assert total([1.0, math.inf]) == math.inf
    assert math.isnan(total([math.inf, -math.inf]))
    assert math.isnan((tally(1, largest={"x": 1.0}) + tally(1, largest={"x": math.nan})).largest["x"])


def test_largest_is_the_larger_entry_by_entry():
    both = tally(2, largest={"x": [1.0, 5.0]}) + tally(3, largest={"x": [4.0, 2.0]})
    assert both.replicates == 5
    assert both.largest["x"].tolist() == [4.0, 5.0]


def test_mean_and_standard_error_equal_those_of_all_values_at_once():
    values = np.random.default_rng(0).normal(3.0, 2.0, (1000, 4))
    both = merged(tally(len(part), moments("x", part)) for part in np.array_split(values, 7))
    assert np.allclose(both.mean("x"), values.mean(axis=0), rtol=1e-14)
    assert np.allclose(both.standard_error("x"), values.std(axis=0, ddof=1) / math.sqrt(1000), rtol=1e-12)


def test_standard_error_of_constant_values_is_zero_not_nan():
    constant = tally(10, moments("x", np.full(10, 0.1)))
    assert constant.standard_error("x") == pytest.approx(0.0, abs=1e-9)


def test_sizes_do_not_grow_with_replicates():
    few = merged(tally(1, {"x": value}) for value in np.random.default_rng(1).random(10))
    many = merged(tally(1, {"x": value}) for value in np.random.default_rng(1).random(10_000))
    assert len(json.dumps(to_plain(many))) - len(json.dumps(to_plain(few))) < 20


def test_other_names_are_not_merged():
    with pytest.raises(KeyError):
        tally(1, {"x": 1.0}) + tally(1, {"y": 1.0})


def test_sum_of_nothing_is_not_a_sum():
    assert isinstance(ExactSum.of([]).rounded(), np.ndarray)
    assert Tally(3).replicates == 3


def test_intervals_of_means_are_students_of_the_values_and_of_their_logarithm():
    values = np.random.default_rng(5).exponential(2.0, (40, 3))
    found = merged(tally(len(part), moments("x", part)) for part in np.split(values, [7, 30]))
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert np.array(mean_interval(found, "x")) == pytest.approx(np.array(expected), rel=1e-9)
    low, high = positive_mean_interval(found, "x")
    mean, half = values.mean(axis=0), 0.5 * (expected.high - expected.low)
    assert np.log(high / mean) == pytest.approx(half / mean, rel=1e-9)
    assert low * high == pytest.approx(mean**2)


def test_interval_of_equal_replicates_is_the_mean_itself():
    found = tally(4, moments("x", np.full((4, 1), 0.25)))
    assert np.array(mean_interval(found, "x")).tolist() == [[0.25], [0.25]]
    assert np.array(positive_mean_interval(found, "x")).tolist() == [[0.25], [0.25]]
