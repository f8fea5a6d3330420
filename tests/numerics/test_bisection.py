"""Bisection against thresholds that are known, and against a plain loop over one bracket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.numerics.bisection import bisect


def plain_bisection(beyond, low: float, high: float, halvings: int, *, geometric: bool = False) -> float:
    for _ in range(halvings):
        middle = (low * high) ** 0.5 if geometric else (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return (low * high) ** 0.5 if geometric else (low + high) / 2


def test_bisect_finds_thresholds_of_all_cells():
    wanted = np.array([0.1, 1.0, 2.5])
    found = bisect(lambda x: x > wanted, 0.0, 4.0, halvings=40)
    assert np.abs(found - wanted).max() <= 4.0 / 2**40


def test_bisect_spreads_one_bracket_over_all_cells():
    wanted = np.array([0.1, 1.0, 2.5])
    found = [bisect(lambda x: x > wanted, 0.0, 4.0, halvings=20, levels=levels) for levels in (1, 3)]
    assert np.array_equal(*found)
    assert found[0].shape == (3,)


def test_bisect_halves_the_bracket_as_often_as_it_says():
    asked = []
    bisect(lambda x: asked.append(x[0]) or np.array([True]), 0.0, 1.0, halvings=4)
    assert asked == [0.5, 0.25, 0.125, 0.0625]


def test_bisect_keeps_brackets_of_different_width():
    found = bisect(lambda x: x > np.array([0.3, 30.0]), [0.0, 10.0], [1.0, 90.0], halvings=20)
    assert np.all(np.abs(found - [0.3, 30.0]) <= np.array([1.0, 80.0]) / 2**21 + 1e-12)


@given(st.floats(1e-3, 1e3), st.integers(1, 30))
def test_bisect_geometric_halves_the_logarithm(threshold, halvings):
    found = bisect(lambda x: x > threshold, 1e-3, 1e3, halvings=halvings, geometric=True)[0]
    assert found == pytest.approx(plain_bisection(lambda x: x > threshold, 1e-3, 1e3, halvings, geometric=True))
    assert abs(np.log(found / threshold)) <= 0.5 * np.log(1e6) / 2**halvings + 1e-14  # rounding of the middle


@given(st.lists(st.floats(-1.0, 2.0), min_size=1, max_size=4), st.integers(1, 13), st.integers(2, 5), st.booleans())
def test_bisect_with_levels_is_the_same_to_the_last_bit(thresholds, halvings, levels, wavy):
    wanted = np.array(thresholds)

    def beyond(x):
        return np.sin(40 * (x - wanted)) > 0 if wavy else x > wanted

    together = bisect(beyond, 0.1, 1.3, halvings=halvings, levels=levels)
    one_by_one = bisect(beyond, 0.1, 1.3, halvings=halvings)
    assert np.array_equal(together, one_by_one)


def test_bisect_with_levels_saves_calls():
    calls = []
    bisect(lambda x: calls.append(x.shape) or x > 0.7, [0.0, 0.0], 1.0, halvings=7, levels=3)
    assert calls == [(7, 2), (7, 2), (1, 2)]


def test_bisect_agrees_with_a_plain_loop_on_a_run():
    def grows(rate):
        x = 1.0
        for _ in range(50):
            x -= rate * x
        return not abs(x) <= 1.0

    found = bisect(lambda rates: np.array([grows(rate) for rate in rates]), 1.0, 3.0, halvings=30)[0]
    assert found == plain_bisection(grows, 1.0, 3.0, 30)
    assert found == pytest.approx(2.0, abs=1e-8)
