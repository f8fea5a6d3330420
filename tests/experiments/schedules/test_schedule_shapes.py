import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from descent_audit.experiments.schedules.schedule_shapes import relative_decay, schedule_shapes

SMALL = {
    "annealing": "cosine",
    "learning_rate": 0.1,
    "ratios": [0.5, 0.01],
    "steps": 101,
    "plateau_level": 0.99,
    "plateau_factor": 5.0,
    "drawn_ratio": 0.01,
}


def measured(**changes):
    report = schedule_shapes(**{**SMALL, **changes})
    return {(one.quantity, one.at["ratio"]): one for one in report.measured}


def scalar_cosine(t, steps, ratio):
    return ratio + (1 - ratio) * (1 + math.cos(math.pi * t / (steps - 1))) / 2


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-4, 0.9), st.integers(20, 300))
def test_quantities_are_those_of_a_scalar_loop(ratio, steps):
    found = measured(ratios=[ratio], steps=steps)
    rates = [0.1 * scalar_cosine(t, steps, ratio) for t in range(steps)]
    falls = [before - after for before, after in pairwise(rates)]
    plateau = max(t for t in range(steps) if rates[t] >= 0.99 * rates[0]) / (steps - 1)
    relative = [math.log(before / after) for before, after in pairwise(rates)]
    fastest = (relative.index(max(relative)) + 0.5) / (steps - 1)
    assert found["steepest_decrement", ratio].value == pytest.approx(max(falls) * (steps - 1), rel=1e-9)
    assert found["end_decrements", ratio].value == pytest.approx(max(falls[0], falls[-1]) / max(falls), rel=1e-6)
    assert found["plateau_cosine", ratio].value == pytest.approx(plateau, abs=1e-12)
    assert found["fastest_relative_position", ratio].value == pytest.approx(fastest, abs=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 0.1, 0.01])
def test_fastest_relative_decay_is_where_an_optimizer_finds_it(ratio):
    def log_slope(s):
        slope = -(1 - ratio) * 0.5 * math.pi * math.sin(math.pi * s)
        return slope / (ratio + (1 - ratio) * 0.5 * (1 + math.cos(math.pi * s)))

    best = minimize_scalar(log_slope, bounds=(0.1, 0.999), method="bounded", options={"xatol": 1e-10}).x
    assert measured(ratios=[ratio])["fastest_relative_position", ratio].predicted == pytest.approx(best, abs=1e-6)


def test_steepest_slope_is_that_of_the_middle():
    width = 1e-5
    slope = 0.1 * (scalar_cosine(0.5 - width, 2, 0.01) - scalar_cosine(0.5 + width, 2, 0.01)) / (2 * width)
    assert measured()["steepest_decrement", 0.01].predicted == pytest.approx(slope, rel=1e-8)


def test_straight_line_has_no_flat_end_and_no_plateau():
    found = measured(annealing="linear")
    assert found["end_decrements", 0.01].value == pytest.approx(1.0, abs=1e-9)
    assert found["plateau_cosine", 0.01].value <= 0.0102


def test_schedule_counted_to_n_would_break_the_constant_ratio():
    spread = measured()["ratio_spread", 0.01].value
    assert spread < 1e-14
    assert abs(0.01 ** (1 / 101) / 0.01 ** (1 / 100) - 1) > 1e-4


def test_drawn_marks_lie_on_their_lines():
    curves = schedule_shapes(**{**SMALL, "steps": 1001}).curves
    lines = {(one.panel, one.series): one for one in curves if one.role == "predicted"}
    for one in (one for one in curves if one.role == "measured"):
        line = lines[one.panel, one.series]
        found = np.interp(one.x, line.x, line.y)
        inside = np.asarray(one.x) < 0.9
        np.testing.assert_allclose(np.asarray(one.y)[inside], found[inside], rtol=2e-2, atol=5e-3)


def test_relative_decay_marks_the_place_that_it_reports():
    report = relative_decay(ratios=[0.01], steps=1001)
    assert report.measured[0].value == pytest.approx(0.9365, abs=1e-3)
    assert report.curves[0].x == report.measured[0].value
