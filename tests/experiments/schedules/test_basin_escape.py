import math

import numpy as np
import pytest

from descent_audit.experiments.escape_rates import escape_rate, well_ends
from descent_audit.experiments.schedules.basin_escape import basin_threshold, near_escape
from descent_audit.landscapes.multi_well import MultiWell

LOSS = {"bowl_curvature": 0.1, "ripple": 0.5, "wave_number": 3.0, "outermost": 15.0}
SMALL = {
    **LOSS,
    "optimizer": "gradient_descent.GradientDescent",
    "wells": [0, 2],
    "reference_points": 4001,
    "starts": 401,
    "steps": 20,
    "final_ratio": 0.01,
    "bracket_relative_rates": [1.0, 8.0],
    "halvings": 12,
    "change_relative_rates": [2.0, 4.0],
    "change_reach": 6.0,
    "change_starts": 61,
    "drawn_relative_rates": [2.0, 6.0],
    "drawn_points": 5,
    "drawn_starts": 21,
}
NEAR = {
    **LOSS,
    "optimizer": "gradient_descent.GradientDescent",
    "wells": [0, 1],
    "reference_points": 20001,
    "starts": 2001,
    "steps": 20,
    "final_ratio": 0.01,
    "margin": 0.01,
    "drawn_relative_rates": [3.0, 6.0],
    "drawn_points": 4,
    "drawn_starts": 51,
}


def rows(report):
    return {(one.quantity, *(one.at[key] for key in sorted(one.at))): one for one in report.measured}


def decayed(name, relative, t, steps):
    s, first = t / (steps - 1), relative / 4.6
    return first * (0.01**s if name == "exponential" else 0.01 + 0.99 * (1 + math.cos(math.pi * s)) / 2)


def walk(x, name, relative, steps):
    """Return the basins of a run as the number of maxima below each of its points."""
    borders = MultiWell(0.1, 0.5, 3.0).maxima(15.0)
    basins = [sum(x > border for border in borders)]
    for t in range(steps):
        x -= decayed(name, relative, t, steps) * (0.1 * x + 1.5 * math.sin(3 * x))
        basins.append(sum(x > border for border in borders))
    return basins


@pytest.fixture(scope="module")
def report():
    return basin_threshold(**SMALL)


@pytest.mark.parametrize("schedule", ["cosine", "exponential"])
@pytest.mark.parametrize("relative", [2.0, 4.0])
def test_changes_are_those_of_a_scalar_loop(report, schedule, relative):
    walks = [walk(x, schedule, relative, 20) for x in np.linspace(-6, 6, 61)]
    changes = [[t for t in range(20) if basins[t] != basins[t + 1]] for basins in walks]
    found = rows(report)
    assert found["basin_changes", relative, schedule].value == sum(bool(one) for one in changes)
    assert found["last_change_step", relative, schedule].value == max(max(one, default=-1) for one in changes)


@pytest.mark.parametrize("schedule", ["cosine", "exponential"])
def test_bound_is_the_last_step_above_the_smallest_escape_rate(report, schedule):
    loss = MultiWell(0.1, 0.5, 3.0)
    smallest = escape_rate(loss.gradient, *well_ends(loss.maxima(15.0), 6), 4001)
    last = max(t for t in range(20) if decayed(schedule, 4.0, t, 20) > smallest)
    found = rows(report)["last_change_step", 4.0, schedule]
    assert found.predicted == last
    assert found.value <= last


def test_threshold_lies_between_a_rate_that_keeps_and_one_that_loses(report):
    found = rows(report)
    for well in (0, 2):
        one = found["escape_rate_times_L", "cosine", well]
        assert one.value == pytest.approx(one.predicted, rel=2e-3)
        assert found["escape_rate_times_L", "exponential", well].value == one.value
        left, right = well_ends(MultiWell(0.1, 0.5, 3.0).maxima(15.0), well)
        x = np.linspace(left, right, 4001)[1:-1]
        for relative, gone in ((one.value * 0.99, False), (one.value * 1.01, True)):
            step = x - relative / 4.6 * (0.1 * x + 1.5 * np.sin(3 * x))
            assert bool(np.any((step <= left) | (step >= right))) == gone


def test_starts_leave_above_the_escape_rate_alone():
    found = rows(near_escape(**NEAR))
    for well in (0, 1):
        for schedule in ("cosine", "exponential"):
            assert found["left_below", schedule, well].value == 0
            assert found["left_above", schedule, well].value > 0


def test_wider_margin_loses_more_starts():
    counts = [rows(near_escape(**{**NEAR, "margin": m}))["left_above", "cosine", 0].value for m in (0.005, 0.02, 0.1)]
    assert counts == sorted(counts)
    assert len(set(counts)) == 3


def test_drawn_share_is_zero_below_and_positive_above_the_escape_rate():
    curve = near_escape(**NEAR).curves[0]
    np.testing.assert_array_equal(np.asarray(curve.y) > 0, np.asarray(curve.x) > 4.64)
