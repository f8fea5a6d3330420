import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from descent_audit.experiments.schedules.schedule_crossing import (
    cosine_below,
    cosine_crossing,
    crossing,
    exponential_sum,
    largest_ratio,
    late_crossing,
)

SMALL = {
    "baseline": "exponential",
    "ratios": [0.9, 0.1, 0.01],
    "scan_points": 2000,
    "bracket_margin": 1e-9,
    "steps": 51,
    "high_ratio": 0.99,
    "low_ratio": 1e-6,
    "drawn_ratios": [0.5],
}


def excess(s, ratio):
    return ratio + (1 - ratio) * (1 + math.cos(math.pi * s)) / 2 - ratio**s


def measured(**changes):
    report = cosine_crossing(**{**SMALL, **changes})
    return {(one.quantity, one.at["ratio"]): one for one in report.measured}


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-4, 0.95))
def test_crossing_is_the_root_in_the_second_half(ratio):
    root = brentq(excess, 0.4, 1 - 1e-7, args=(ratio,), xtol=1e-14)
    assert crossing("exponential", np.array([ratio]), 1e-9)[0] == pytest.approx(root, abs=1e-10)
    assert root > 0.5


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 0.9), st.integers(2, 60))
def test_sums_are_those_of_a_scalar_loop(ratio, steps):
    total = math.fsum(ratio ** (t / (steps - 1)) for t in range(steps))
    assert float(exponential_sum(ratio, steps)) == pytest.approx(total, rel=1e-11)
    found = measured(ratios=[ratio], steps=steps)["area_ratio", ratio]
    upper = math.fsum(ratio + (1 - ratio) * (1 + math.cos(math.pi * t / (steps - 1))) / 2 for t in range(steps))
    assert found.value == pytest.approx(upper / total, rel=1e-11)


def test_area_ratio_tends_to_the_ratio_of_integrals():
    ratio = 0.1
    lower = quad(lambda s: ratio**s, 0, 1)[0]
    assert measured(steps=20001)["area_ratio", ratio].value == pytest.approx((1 + ratio) / 2 / lower, rel=1e-3)


def test_higher_fraction_counts_points():
    found = measured()["higher_fraction", 0.1].value
    points = np.arange(1, 2001) / 2001
    assert found == pytest.approx(np.mean([excess(s, 0.1) > 0 for s in points]))


def test_coarse_scan_misses_the_crossing_of_a_tiny_ratio():
    found = measured(ratios=[1e-6])
    assert found["crossing_count", 1e-6].value == 0
    assert found["crossing_position", 1e-6].value == pytest.approx(1 - float(late_crossing(1e-6)), abs=1e-7)


def test_straight_line_is_crossed_half_way_and_sums_to_the_same():
    found = measured(baseline="linear")
    for ratio in SMALL["ratios"]:
        assert found["crossing_position", ratio].value == pytest.approx(0.5, abs=1e-12)
        assert found["area_ratio", ratio].value == pytest.approx(1.0, abs=1e-12)


def test_limits_close_in_on_the_crossing():
    near = [abs((brentq(excess, 0.4, 0.9, args=(r,)) - 0.5) / (1 - r) * 4 * (math.pi - 2) - 1) for r in (0.8, 0.95)]
    assert near[1] < near[0]
    assert measured()["limit_near_one", 0.99].predicted == pytest.approx(1 / (4 * (math.pi - 2)))


def test_cosine_is_lower_throughout_the_last_quarter_of_a_halving():
    report = {
        one.quantity: one
        for one in cosine_below(ratios=[0.5], scan_points=999, late_ratio=0.5, late_from=0.75).measured
    }
    assert report["late_excess"].value == pytest.approx(excess(0.999, 0.5), rel=1e-9)
    assert report["late_excess"].value < 0
    assert report["largest_deficit"].value == pytest.approx(min(excess(s, 0.5) for s in np.arange(1, 1000) / 1000))


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-6, 0.95))
def test_largest_ratio_is_that_of_a_search(ratio):
    def quotient(s):
        return -(excess(s, ratio) / ratio**s + 1)

    found = minimize_scalar(quotient, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    assert largest_ratio(ratio) == pytest.approx(-found.fun, rel=1e-9)
