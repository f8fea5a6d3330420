import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.warmup.basin_retention import basin_retention

SMALL = {
    "learning_rate": 0.6,
    "high_curvature": 10.0,
    "low_curvature": 1.0,
    "high_steps": 20,
    "warmup_steps": 80,
    "steps": 60,
    "nearest": 0.05,
    "furthest": 3.0,
    "starts": 9,
    "drawn_starts": 3,
    "drawn_steps": 20,
}


def fractions(**changes):
    report = basin_retention(**{**SMALL, **changes})
    return {one.quantity: one.value for one in report.measured}


def leaves(w, rate, warmup, high_steps, steps):
    for k in range(1, steps + 1):
        w -= rate * min(k / warmup, 1) * (10.0 if k <= high_steps else 1.0) * math.sin(w)
        if abs(w) >= math.pi:
            return True
    return False


@pytest.mark.parametrize("rate", [0.15, 0.3, 0.45, 0.48])
def test_fractions_count_the_starts_that_a_scalar_loop_loses(rate):
    """Short early phases, so that rounding cannot decide on a chaotic path."""
    found = fractions(learning_rate=rate, high_steps=3, warmup_steps=4)
    starts = np.linspace(0.05, 3.0, 9)
    for name, warmup in (("left_fraction_constant", 1), ("left_fraction_warmup", 4)):
        assert found[name] == pytest.approx(np.mean([leaves(w, rate, warmup, 3, 60) for w in starts]))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.9), st.integers(1, 120))
def test_nothing_leaves_while_no_step_expands(rate, warmup):
    c = rate * 10.0
    within = int(2 * warmup / c) if c > 2 else 60
    if within >= 1:
        assert fractions(learning_rate=rate, warmup_steps=warmup, high_steps=within)["left_fraction_warmup"] == 0.0


def test_a_start_that_leaves_and_comes_back_counts_as_left():
    only = {"nearest": 1.5, "furthest": 1.5, "starts": 1, "drawn_starts": 1, "high_steps": 1, "steps": 5}
    assert leaves(1.5, 0.5, 1, 1, 1)
    assert fractions(**only, learning_rate=0.5)["left_fraction_constant"] == 1.0


def test_drawn_paths_begin_at_their_starts_within_the_borders():
    curves = basin_retention(**SMALL).curves
    drawn = [one for one in curves if one.panel == "warmup" and one.role == "measured"]
    assert [one.y[0] for one in drawn] == pytest.approx(np.linspace(0.05, 3.0, 9)[::3])
    assert all(np.nanmax(np.abs(one.y)) < math.pi for one in drawn)
    (border,) = (one for one in curves if one.panel == "warmup" and one.role == "guide")
    assert {abs(y) for y in border.y if not math.isnan(y)} == {math.pi}
