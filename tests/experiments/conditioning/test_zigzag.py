"""Paths, their length and their turns against a naive scalar walk."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.conditioning.zigzag import (
    line_search_factor,
    path_ratio,
    start_point,
    successive_cosines,
    turning_cosine,
    walk,
    zigzag_path,
)


def naive_walk(start, condition_number, rate, steps):
    """Return length, crossings and turning cosines of one path, step by step."""
    x, y = start
    moves, crossings = [], 0
    for _ in range(steps):
        after = x - rate * x, y - rate * y / condition_number
        moves.append((after[0] - x, after[1] - y))
        crossings += after[0] * x < 0
        x, y = after
    length = math.fsum(math.hypot(*move) for move in moves)
    cosines = [(a[0] * b[0] + a[1] * b[1]) / math.hypot(*a) / math.hypot(*b) for a, b in pairwise(moves)]
    return length, crossings, cosines


@pytest.mark.parametrize("steps", [3, 60, 700])
def test_walk_agrees_with_a_naive_walk_whatever_the_blocks(steps):
    start, rate, condition_number = np.array([1.0, 4.0]), 1.9, 20.0
    curvatures, path, x = np.array([1.0, 1 / condition_number]), [], start[None]
    for _ in range(steps):
        x = x - rate * curvatures * x
        path.append(x)
    found = walk(start[None], iter(path))
    length, crossings, cosines = naive_walk(start, condition_number, rate, steps)
    assert found.length[0] == pytest.approx(length, rel=1e-12)
    assert (found.crossings[0], found.counted[0]) == (crossings, steps)
    assert found.lowest_cosine[0] == pytest.approx(min(cosines), abs=1e-9)
    assert found.highest_cosine[0] == pytest.approx(max(cosines), abs=1e-9)


@given(st.floats(1.5, 50.0), st.floats(0.0, 60.0))
def test_closed_forms_agree_with_a_naive_walk(condition_number, flat):
    start = np.array([1.0, flat])
    rate = 2 / (1 + 1 / condition_number)
    length, _, cosines = naive_walk(start, condition_number, rate, 40)
    cut_off = 1 - ((condition_number - 1) / (condition_number + 1)) ** 40
    whole = math.hypot(condition_number, flat)
    assert length == pytest.approx(whole * cut_off, rel=1e-9)
    assert cosines[0] == pytest.approx(turning_cosine(condition_number, start), abs=1e-9)
    assert float(path_ratio(condition_number, start, rate, 40)[0] * math.hypot(1, flat)) == pytest.approx(
        length, rel=1e-9
    )


def test_a_worse_start_than_the_stiff_axis_does_not_exist():
    angles = np.linspace(0, np.pi / 2, 50)
    ratios = np.hypot(30 * np.cos(angles), np.sin(angles))
    assert ratios.max() == ratios[0] == 30


def test_flips_stop_counting_before_underflow():
    path = [np.array([[sign * size, 1.0]]) for size, sign in ((1e-100, -1), (1e-149, 1), (1e-200, -1), (0.0, 1))]
    found = walk(np.ones((1, 2)), iter(path))
    assert (found.crossings[0], found.counted[0]) == (2, 2)


def test_cosines_of_vanishing_steps_are_dropped():
    cosines = successive_cosines(np.array([[1.0, 0.0], [0.0, 1.0], [1e-220, 0.0], [0.0, 0.0]]))
    assert cosines[0] == 0
    assert np.isnan(cosines[1:]).all()


def test_start_points():
    assert start_point("diagonal", 9.0).tolist() == [1, 1]
    assert start_point("balanced", 9.0).tolist() == [1, 9]
    assert start_point("stiff_axis", 9.0).tolist() == [1, 0]


def report(**changes):
    settings = {
        "condition_numbers": [5.0],
        "starts": ["diagonal", "balanced", "stiff_axis"],
        "relative_rate": "optimal",
        "steps_per_condition_number": 40,
        "scan_condition_number": 10.0,
        "scan_relative_rates": [0.5, 1.5],
        "scan_steps": 300,
        "line_search_condition_number": 10.0,
        "line_search_start": [1.0, 7.0],
        "line_search_steps": 20,
        "drawn_condition_number": 10.0,
        "drawn_relative_rate": 0.9,
        "drawn_steps": 10,
    }
    return zigzag_path(**{**settings, **changes})


def test_scan_agrees_with_a_naive_walk():
    scan = {
        one.at["relative_rate"]: one
        for one in report().measured
        if "relative_rate" in one.at and "path" in one.quantity
    }
    for rate in (0.5, 1.5):
        length, _, _ = naive_walk((1.0, 1.0), 10.0, rate, 300)
        assert scan[rate].value == pytest.approx(length / math.sqrt(2), rel=1e-12)


def test_flips_reject_a_rate_below_the_inverse_smoothness():
    fractions = [
        one.value for one in report(relative_rate=0.9).measured if one.quantity == "flip_fraction" and "start" in one.at
    ]
    assert fractions == [0, 0, 0]
    fractions = [one.value for one in report().measured if one.quantity == "flip_fraction" and "start" in one.at]
    assert fractions == [1, 1, 1]


@pytest.mark.parametrize(("condition_number", "start"), [(100.0, (1.0, 7.0)), (3.0, (0.2, -1.0))])
def test_every_step_of_exact_line_search_has_the_same_factor(condition_number, start):
    (x, y), values = start, []
    for _ in range(6):
        values.append(x * x + y * y / condition_number)
        g, h = x, y / condition_number
        best = (g * g + h * h) / (g * g + h * h / condition_number)
        x, y = x - best * g, y - best * h
    for before, after in pairwise(values):
        assert after / before == pytest.approx(line_search_factor(condition_number, np.array(start)), rel=1e-9)
