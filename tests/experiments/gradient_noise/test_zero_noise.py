import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from scipy.optimize import fsolve, minimize_scalar

from descent_audit.experiments.gradient_noise.zero_noise import (
    NoisyRuns,
    beyond_stability,
    crossed,
    cycle_of_two,
    exit_starts,
    expected_crossings,
    farthest_step,
    rightmost,
    zero_noise_trapping,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.randomness import Streams
from descent_audit.optimizers.gradient_descent import GradientDescent

WELL = Well(0.5, 1.0)
LANDSCAPE = {
    "optimizer": "gradient_descent.GradientDescent",
    "sharp_width": 0.5,
    "sharp_depth": 1.0,
    "flat_width": 1.5,
    "flat_depth": 1.0,
}
SMALL = {
    **LANDSCAPE,
    "temperature": 0.0,
    "learning_rate": 0.005,
    "start_ends": [-1.2, -1e-6],
    "starts": 41,
    "steps": 600,
    "block_size": 16,
    "exit_factors": [0.9, 1.01],
    "exit_steps": 800,
    "bracket_relative_rates": [2.0, 4.0],
    "halvings": 12,
    "drawn_relative_rates": [1.0, 3.6],
    "drawn_points": 14,
    "drawn_starts": 15,
    "drawn_steps": 300,
    "streams": Streams(7, "zero_noise_trapping", "claim"),
}
BEYOND = {
    **LANDSCAPE,
    "crossing_learning_rate": 0.11,
    "crossing_start": -0.45,
    "crossing_steps": 200,
    "kept_relative_rates": [2.1, 2.5, 3.0],
    "kept_starts": 21,
    "kept_steps": 500,
    "last_steps": 10,
    "settled_distance": 0.01,
    "drawn_steps": 20,
}


def step(x, rate):
    """Return one step of descent, written out for the sharp well of width 1/2 and the flat one of width 3/2."""
    width = 0.5 if x < 0 else 1.5
    return x - rate * 4 / width**2 * x * ((x / width) ** 2 - 1)


def ever_crosses(x, rate, steps):
    for _ in range(steps):
        x = step(x, rate)
        if x >= 0:
            return True
    return False


def values(report, quantity):
    return [one.value for one in report.measured if one.quantity == quantity]


@pytest.fixture(scope="module")
def report():
    return zero_noise_trapping(**SMALL)


@pytest.fixture(scope="module")
def beyond():
    return beyond_stability(**BEYOND)


def test_trapped_starts_are_those_of_a_plain_loop(report):
    ends = []
    for x in np.linspace(-1.2, -1e-6, 41):
        assert not ever_crosses(x, 0.005, 600)
        for _ in range(600):
            x = step(x, 0.005)
        ends.append(x)
    assert values(report, "escapes") == [0]
    assert values(report, "distance_to_minimum")[0] == pytest.approx(max(abs(x + 0.5) for x in ends), abs=1e-15)


@pytest.mark.parametrize(("index", "factor"), [(0, 0.9), (1, 1.01)])
def test_exit_fraction_is_that_of_a_plain_loop(report, index, factor):
    rate = factor * (1.5 * math.sqrt(3) - 1) * 0.25 / 4
    k = 16 * rate
    starts = [-0.5 * math.sqrt((1 + k) / k) * (1 - j / 42) for j in range(1, 42)]
    share = np.mean([ever_crosses(x, rate, 800) for x in starts])
    assert values(report, "exit_fraction")[index] == share == float(factor > 1)


def test_exit_threshold_is_the_closed_form_within_its_bracket(report):
    assert values(report, "exit_curvature_product")[0] == pytest.approx(3 * math.sqrt(3) - 2, abs=1e-3)


def test_exit_threshold_scales_with_the_shape_of_the_well():
    found = zero_noise_trapping(**{**SMALL, "sharp_width": 0.3, "sharp_depth": 2.0})
    assert values(found, "exit_curvature_product")[0] == pytest.approx(3 * math.sqrt(3) - 2, abs=1e-3)


def test_noise_lets_starts_escape():
    noisy = zero_noise_trapping(
        **{**SMALL, "temperature": 0.33, "exit_factors": [0.1], "exit_steps": 1, "halvings": 1, "drawn_steps": 1}
    )
    assert values(noisy, "escapes")[0] > 0


def test_noise_of_a_step_has_the_variance_of_its_temperature():
    runs = NoisyRuns(TwoWells(WELL, Well(1.5, 1.0)), GradientDescent(), 0.33, 512, Streams(1, "c", "a"))
    start = np.full(40_000, -0.5)
    (x,) = runs.path(start, 0.005, 1)
    variance = 2 * 0.005 * 0.33
    assert x.mean() == pytest.approx(-0.5, abs=6 * math.sqrt(variance / 40_000))
    assert x.var() == pytest.approx(variance, rel=6 * math.sqrt(2 / 40_000))


def test_noise_of_a_block_does_not_depend_on_the_blocks_after_it():
    runs = NoisyRuns(TwoWells(WELL, Well(1.5, 1.0)), GradientDescent(), 0.33, 16, Streams(1, "c", "a"))
    whole, part = (list(runs.path(np.full(count, -0.5), 0.005, 5)) for count in (40, 32))
    np.testing.assert_array_equal(np.array(whole)[:, :32], part)
    assert len(np.unique(whole[0])) == 40


def test_starts_of_the_exit_test_are_the_furthest_that_one_step_keeps():
    start = exit_starts(WELL, 0.09, 9)
    assert not any(ever_crosses(x, 0.09, 1) for x in start)
    gap = start[1] - start[0]
    assert start == pytest.approx(-gap * np.arange(9, 0, -1))
    assert ever_crosses(start[0] - 1.001 * gap, 0.09, 1)


def test_rightmost_counts_the_start_and_nan_has_crossed():
    top, last = rightmost([np.array([-2.0, -3.0]), np.array([-4.0, np.nan])], np.array([-1.0, -5.0]))
    assert top[0] == -1.0 and np.isnan(top[1]) and last[0] == -4.0
    assert crossed(np.array([-1.0, 0.0, 1.0, np.nan])).tolist() == [False, True, True, True]


@pytest.mark.parametrize("relative", [2.1, 2.4, 3.0])
def test_cycle_of_two_is_what_a_root_finder_gives(relative):
    rate = relative / 32
    outer, inner = (float(point) for point in cycle_of_two(WELL, np.array(rate)))
    found = fsolve(lambda p: [step(p[0], rate) - p[1], step(p[1], rate) - p[0]], [-0.7, -0.25], xtol=1e-13)
    assert sorted([-outer, -inner]) == pytest.approx(sorted(found), abs=1e-9)
    assert outer - inner > 0.05


@pytest.mark.parametrize("relative", [0.7, 2.0, 3.1])
def test_farthest_step_is_the_largest_image(relative):
    rate = relative / 32
    radius = WELL.invariant_radius(rate)
    found = minimize_scalar(lambda x: step(x, rate), bounds=(-radius, -1e-9), method="bounded")
    assert float(farthest_step(WELL, np.array(rate))) == pytest.approx(-found.fun, abs=1e-7)


def test_start_beyond_the_exit_rate_crosses_once_and_settles_in_the_flat_minimum(beyond):
    path = [-0.45]
    for _ in range(200):
        path.append(step(path[-1], 0.11))
    crossings = sum(a < 0 <= b for a, b in pairwise(path))
    assert values(beyond, "crossings") == [crossings] == [1]
    assert values(beyond, "distance_to_flat_minimum")[0] == pytest.approx(abs(path[-1] - 1.5), abs=1e-14)
    assert np.asarray(beyond.curves[0].y) == pytest.approx(path[:21], abs=1e-12)


def test_kept_starts_stay_but_do_not_settle(beyond):
    assert values(beyond, "escapes") == [0, 0, 0]
    assert values(beyond, "settled") == [0, 0, 0]


def test_starts_have_settled_by_the_last_steps_and_end_on_the_cycle_beyond():
    outer, inner = cycle_of_two(WELL, np.array(2.1 / 32))
    swing = float(max(outer - 0.5, 0.5 - inner))
    for relative, distance, settled in [(1.5, 0.01, 21), (2.1, swing - 1e-9, 0), (2.1, swing + 1e-9, 21)]:
        found = beyond_stability(**{**BEYOND, "kept_relative_rates": [relative], "settled_distance": distance})
        assert values(found, "settled") == [settled]


def test_expected_crossings_of_one_step_are_tails_of_the_normal_law():
    start, rate, noise = np.array([-0.9, -0.3, -0.02]), 0.05, math.sqrt(2 * 0.05 * 0.4)
    expected = sum(NormalDist().cdf(step(x, rate) / noise) for x in start)
    assert expected_crossings(TwoWells(WELL, Well(1.5, 1.0)), start, rate, 0.4, 1) == pytest.approx(expected, rel=1e-12)


def test_expected_crossings_are_those_of_a_naive_simulation():
    rng, noise, count = np.random.default_rng(3), math.sqrt(2 * 0.02 * 0.4), 20_000
    x, away = np.full(count, -0.6), np.zeros(count, dtype=bool)
    for _ in range(5):
        x = np.vectorize(step)(x, 0.02) + noise * rng.standard_normal(count)
        away |= x >= 0
    share = expected_crossings(TwoWells(WELL, Well(1.5, 1.0)), np.array([-0.6]), 0.02, 0.4, 5)
    assert np.mean(away) == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / count))


def test_drawn_ends_lie_on_the_predicted_branches(report):
    curves = {(one.series, one.role): one for one in report.curves if one.panel == "ends"}
    ends = curves["last points", "measured"]
    x, y = np.asarray(ends.x), np.asarray(ends.y)
    assert y[x < 1.9] == pytest.approx(np.full(np.sum(x < 1.9), -0.5), abs=1e-3)
    assert y[x > 3.3] == pytest.approx(np.full(np.sum(x > 3.3), 1.5), abs=1e-3)
    between = (x > 2.3) & (x < 2.45)
    for relative, end in zip(x[between], y[between], strict=True):
        points = cycle_of_two(WELL, np.array(relative / 32))
        assert min(abs(end + float(point)) for point in points) < 1e-3
