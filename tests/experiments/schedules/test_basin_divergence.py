import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.schedules.basin_divergence import (
    basin_divergence,
    deeper_well,
    passed_at,
    stretched_steps,
)
from descent_audit.landscapes.dented_bowl import DentedBowl
from descent_audit.landscapes.multi_well import MultiWell

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "bowl_curvature": 0.1,
    "ripple": 0.5,
    "wave_number": 3.0,
    "outermost": 15.0,
    "reference_points": 1001,
    "second_schedule": "exponential",
    "reach": 6.0,
    "starts": 41,
    "steps": 30,
    "final_ratio": 0.01,
    "relative_rates": [3.0, 4.0],
    "perturbation": 1e-9,
    "stretch_relative_rate": 6.0,
    "stretch_starts": 201,
    "drawn_relative_rate": 4.0,
    "drawn_starts": 11,
}
DENT = {
    "optimizer": "gradient_descent.GradientDescent",
    "bowl_curvature": 0.2,
    "depth": 0.5,
    "centre": 2.0,
    "width": 0.2,
    "relative_rate": 5.0,
    "reach": 5.0,
    "starts": 31,
    "steps": 100,
    "final_ratio": 0.01,
    "drawn_starts": 11,
}


def rows(report):
    return {(one.quantity, *(one.at[key] for key in sorted(one.at))): one for one in report.measured}


def shape(name, s):
    return 0.01**s if name == "exponential" else 0.01 + 0.99 * (1 + math.cos(math.pi * s)) / 2


def end(x, name, first, slope, steps):
    for t in range(steps):
        x -= first * shape(name, t / (steps - 1)) * slope(x)
    return x


def ripple_slope(x):
    return 0.1 * x + 1.5 * math.sin(3 * x)


def dent_slope(x):
    return 0.2 * x + 12.5 * (x - 2) * math.exp(-((x - 2) ** 2) / 0.08)


@pytest.mark.parametrize("relative", [3.0, 4.0])
def test_shares_are_those_of_a_scalar_loop(relative):
    borders, starts = MultiWell(0.1, 0.5, 3.0).maxima(15.0), np.linspace(-6, 6, 41)
    basin = {
        name: [sum(end(x, name, relative / 4.6, ripple_slope, 30) > b for b in borders) for x in starts]
        for name in ("cosine", "exponential")
    }
    found = rows(basin_divergence(**SMALL))
    assert found["differing_share", relative].value == pytest.approx(
        np.mean(np.not_equal(basin["cosine"], basin["exponential"]))
    )
    assert found["global_share_cosine", relative].value == pytest.approx(np.mean(np.equal(basin["cosine"], 7)))
    assert found["global_share_exponential", relative].value == pytest.approx(
        np.mean(np.equal(basin["exponential"], 7))
    )


def test_nothing_is_predicted_above_the_smallest_escape_rate():
    found = rows(basin_divergence(**SMALL))
    assert found["differing_share", 3.0].predicted == 0.0
    assert found["differing_share", 4.0].predicted is None
    assert found["basin_changes", 3.0, "cosine"].value == 0.0 < found["basin_changes", 4.0, "cosine"].value


def test_same_schedule_twice_never_differs():
    found = rows(basin_divergence(**{**SMALL, "second_schedule": "cosine"}))
    assert found["differing_share", 4.0].value == 0.0
    assert ("global_share_exponential", 4.0) not in found


@given(st.floats(0.05, 0.9), st.floats(1e-3, 0.04), st.integers(50, 2000))
def test_stretched_run_has_as_many_steps_above_the_level(level, ratio, steps):
    length = stretched_steps(level, ratio, steps)
    above = sum(ratio + (1 - ratio) * (1 + math.cos(math.pi * t / (steps - 1))) / 2 > level for t in range(steps))
    longer = sum(ratio ** (t / (length - 1)) > level for t in range(length))
    assert abs(above - longer) <= 2


def test_stretching_brings_the_share_of_the_central_basin_closer():
    found = rows(basin_divergence(**{**SMALL, "steps": 200, "relative_rates": [6.0], "starts": 201}))
    stretched = next(one for key, one in found.items() if key[0] == "stretched_global_share")
    cosine, plain = (found[name, 6.0].value for name in ("global_share_cosine", "global_share_exponential"))
    assert stretched.predicted == cosine
    assert abs(stretched.value - cosine) < 0.5 * abs(plain - cosine)


@pytest.mark.parametrize("relative", [3.0, 4.5, 5.0])
def test_deeper_well_is_that_of_a_scalar_loop(relative):
    bowl, starts = DentedBowl(0.2, 0.5, 2.0, 0.2), np.linspace(-5, 5, 31)
    first, border = relative / float(bowl.curvature(bowl.sharp_minimum)), bowl.border
    ends = {
        name: np.array([end(x, name, first, dent_slope, 100) for x in starts]) for name in ("cosine", "exponential")
    }
    found = {one.quantity: one.value for one in deeper_well(**{**DENT, "relative_rate": relative}).measured}
    sharp = {name: x > border for name, x in ends.items()}
    assert found["sharp_exponential_only"] == pytest.approx(np.mean(sharp["exponential"] & ~sharp["cosine"]))
    assert found["sharp_cosine_only"] == pytest.approx(np.mean(sharp["cosine"] & ~sharp["exponential"]))
    loss = {name: np.mean(0.1 * x**2 - 0.5 * np.exp(-((x - 2) ** 2) / 0.08)) for name, x in ends.items()}
    assert found["mean_loss_gap"] == pytest.approx(loss["cosine"] - loss["exponential"], abs=1e-9)


def test_drawn_schedules_are_shifted_apart_by_less_than_half_a_basin():
    curves = {one.series: one for one in basin_divergence(**SMALL).curves if one.panel == "final"}
    offsets = {name: np.asarray(one.y) - np.round(one.y) for name, one in curves.items()}
    assert np.all(offsets["cosine"] > 0)
    assert np.all(offsets["exponential"] < 0)


@given(st.floats(0.1, 0.9), st.floats(1e-3, 0.05))
def test_levels_are_passed_where_the_formulas_say(level, ratio):
    assert passed_at("exponential", level, ratio) == pytest.approx(math.log(level) / math.log(ratio), rel=1e-12)
    half = math.acos(math.sqrt((level - ratio) / (1 - ratio)))
    assert passed_at("cosine", level, ratio) == pytest.approx(2 * half / math.pi, rel=1e-12)


def test_central_basin_keeps_the_starts_between_its_maxima():
    """The maxima beside the origin are zeros of the slope, found here by bisection in plain arithmetic."""
    low, high = math.pi / 6, math.pi / 2
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if 0.1 * middle + 1.5 * math.sin(3 * middle) > 0 else (low, middle)
    found = rows(basin_divergence(**{**SMALL, "starts": 2001}))
    for name in ("global_share_cosine", "global_share_exponential"):
        assert found[name, 3.0].predicted == pytest.approx(low / 6.0, rel=1e-9)
        assert found[name, 3.0].value == pytest.approx(low / 6.0, abs=1e-3)
        assert found[name, 4.0].predicted is None
