import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from descent_audit.experiments.escape_rates import (
    DecayedRuns,
    basin_changes,
    escape_rate,
    escape_rates,
    inside,
    leaves,
    left_starts,
    well_ends,
)
from descent_audit.landscapes.multi_well import MultiWell
from descent_audit.optimizers.gradient_descent import GradientDescent

WELLS = MultiWell(0.1, 0.5, 3.0)
BORDERS = WELLS.maxima(15.0)


def test_escape_rate_of_a_cosine_is_the_root_of_its_transcendental_equation():
    root = brentq(lambda c: math.sqrt(c * c - 1) - math.acos(1 / c) - math.pi, 2.0, 10.0, xtol=1e-13)
    assert escape_rate(np.sin, -math.pi, math.pi, 100_001) == pytest.approx(root, abs=1e-7)


@pytest.mark.parametrize("well", [0, 1, 2, 3, 5])
def test_escape_rate_is_the_least_ratio_of_distance_and_slope(well):
    left, right = well_ends(BORDERS, well)

    def ratio(x):
        slope = 0.1 * x + 1.5 * math.sin(3 * x)
        return ((x - left) if slope > 0 else (right - x)) / abs(slope)

    bottom = brentq(WELLS.gradient, left + 0.3, right - 0.3)
    sides = [(left + 1e-6, bottom - 1e-6), (bottom + 1e-6, right - 1e-6)]
    least = min(minimize_scalar(ratio, bounds=side, method="bounded", options={"xatol": 1e-10}).fun for side in sides)
    assert escape_rate(WELLS.gradient, left, right, 100_001) == pytest.approx(least, rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 0.999), st.integers(-3, 3))
def test_no_step_below_the_escape_rate_leaves_and_some_step_above_it_does(share, well):
    left, right = well_ends(BORDERS, well)
    rate, x = escape_rate(WELLS.gradient, left, right, 20_001), inside(left, right, 5001)
    below, above = x - share * rate * WELLS.gradient(x), x - rate / share * WELLS.gradient(x)
    assert left < below.min() < below.max() < right
    assert share > 0.9999 or not left < above.min() <= above.max() < right


def test_escape_rates_are_those_of_mirrored_wells():
    rates = escape_rates(WELLS.gradient, BORDERS, 2001)
    np.testing.assert_allclose(rates, rates[::-1], rtol=1e-12)
    assert rates.argmax() == len(rates) // 2
    assert rates[len(rates) // 2 + 2] == escape_rate(WELLS.gradient, *well_ends(BORDERS, 2), 2001)


def test_leaving_notices_points_outside_ends_and_values_that_are_not_numbers():
    kept, gone, lost = (np.array(x) for x in ([0.1, 0.9], [0.1, 1.0], [0.5, np.nan]))
    assert not leaves([kept, kept], 0.0, 1.0)
    assert leaves([kept, gone], 0.0, 1.0)
    assert leaves([lost], 0.0, 1.0)
    np.testing.assert_array_equal(left_starts([kept, gone, lost, kept], 0.0, 1.0), [False, True])


def test_start_that_comes_back_has_changed_twice():
    start = np.array([[0.5, 0.5], [0.5, 0.5]])
    path = [np.array([[1.5, 0.6], [0.4, 0.5]]), np.array([[0.5, 0.7], [0.4, 0.5]]), np.array([[0.5, 2.5], [0.4, 0.5]])]
    final, counts, last = basin_changes(path, start, np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(final, path[-1])
    np.testing.assert_array_equal(counts, [[2, 1], [0, 0]])
    np.testing.assert_array_equal(last, [2, -1])


def test_decayed_run_is_a_scalar_loop_over_the_rates():
    runs = DecayedRuns(WELLS.gradient, GradientDescent(), 0.01, 12)
    x = 2.2
    for t in range(12):
        x -= 0.9 * 0.01 ** (t / 11) * (0.1 * x + 1.5 * math.sin(3 * x))
    *_, found = runs.path("exponential", np.array([2.2]), 0.9)
    assert found[0] == pytest.approx(x, rel=1e-9)
