import math

import numpy as np
import pytest

from descent_audit.experiments.schedules.armijo import long_steps, step_bounds
from descent_audit.measurement.randomness import Streams

SET = {
    "functions": ["quadratic", "logistic", "huber", "cosine"],
    "dimensions": [10, 5, 3, 3],
    "radii": [3.0, 4.0, 3.0, 6.0],
    "condition_number": 100.0,
    "samples": 60,
}
SMALL = {
    **SET,
    "optimizer": "gradient_descent.GradientDescent",
    "pairs": [[0.1, 0.5], [0.9, 0.8]],
    "points": 40,
    "first_relative_rate": 1000.0,
    "longest_search": 40,
    "rounding_multiple": 1000.0,
    "exact_smoothness": [1e-2, 1e2],
    "exact_cells": 41,
    "exact_decreases": [0.1, 0.5],
    "exact_shrinks": [0.5, 0.9],
    "exact_first_step": 10.0,
    "exact_search": 100,
    "knife_edge": 1e-9,
    "nonsmooth_exponent": 1.5,
    "nonsmooth_distances": [1.0, 1e-4, 1e-8],
    "nonsmooth_first_step": 100.0,
    "nonsmooth_decrease": 0.1,
    "nonsmooth_shrink": 0.5,
    "rounding_range": [0.1, 1e5],
    "rounding_cells": 6,
    "rounding_points": 20,
}


def streams():
    return Streams(7, "armijo", "claim")


def run(**changes):
    return step_bounds(**{**SMALL, **changes}, streams=streams())


def values(report, quantity):
    return [one.value for one in report.measured if one.quantity == quantity]


def test_no_search_breaks_its_bounds():
    report = run()
    for quantity in ("not_terminated", "step_bound_violations", "count_bound_violations", "exact_count_mismatches"):
        found = values(report, quantity)
        assert found
        assert not any(found)


def test_search_that_is_cut_short_is_not_terminated_and_below_no_bound():
    report = run(longest_search=2)
    assert any(values(report, "not_terminated"))
    assert not any(values(report, "step_bound_violations"))


def test_understated_smoothness_would_break_the_step_bound():
    """On the quadratic piece of the Huber loss the bound is nearly attained: twice of it would be broken."""
    curves = [one for one in run(points=400).curves if one.panel == "steps" and "0.9" in one.series]
    shortest = min(min(one.x) for one in curves if one.role == "measured")
    bound = next(one.x[0] for one in curves if one.role == "predicted")
    assert bound <= shortest < 2 * bound


@pytest.mark.parametrize("decrease", [0.1, 0.5])
@pytest.mark.parametrize("shrink", [0.5, 0.9])
def test_largest_count_is_that_of_exact_arithmetic_on_the_parabola(decrease, shrink):
    """A step is accepted iff it is at most 2(1 - c)/L; the largest L of the grid needs the most trials."""
    step, count = 10.0, 0
    while step > 2 * (1 - decrease) / 100.0:
        step, count = step * shrink, count + 1
    at = {"decrease": decrease, "shrink": shrink}
    assert [one.value for one in run().measured if one.quantity == "largest_count" and one.at == at] == [count]


def test_knife_edge_cell_is_left_out_where_the_first_step_is_just_accepted():
    edges = {
        (one.at["decrease"], one.at["shrink"]): one.value
        for one in run().measured
        if one.quantity == "knife_edge_cells"
    }
    assert edges[0.5, 0.5] >= 1
    assert edges[0.1, 0.5] == 0


def test_points_that_rounding_decides_are_counted_not_searched():
    assert values(run(), "skipped_points") == [0] * 4
    assert all(
        0 < count < 40 for count in values(run(rounding_multiple=1.5 / np.finfo(float).eps), "skipped_points")[:1]
    )
    assert values(run(rounding_multiple=1e30), "skipped_points") == [40] * 4


def test_histogram_counts_every_search_once():
    curves = [one for one in run().curves if one.panel == "steps" and one.role == "measured"]
    assert [sum(one.y) for one in curves] == pytest.approx([1.0, 1.0])
    trials = np.log(np.asarray(curves[1].x) / 1000.0) / math.log(0.8)
    np.testing.assert_allclose(trials, np.round(trials), atol=1e-9)


def test_long_steps_are_the_average_over_the_functions():
    given = {**SET, "points": 40, "first_relative_rate": 1000.0, "longest_search": 40}
    share = (
        long_steps(optimizer=SMALL["optimizer"], decrease=0.1, shrink=0.5, **given, streams=streams()).measured[0].value
    )
    each = [one.value for one in run(pairs=[[0.1, 0.5]]).measured if one.quantity == "fraction_above_two_over_L"]
    assert share == pytest.approx(np.mean(each))
    assert 0 < share < 1


def test_long_steps_are_those_before_which_few_were_refused():
    """From 1000/L, nine halvings or twenty-eight steps of a fifth lead below 2/L."""
    curves = [one for one in run(functions=["huber"], dimensions=[3], radii=[3.0]).curves if one.panel == "steps"]
    shares = [sum(np.asarray(one.y)[np.asarray(one.x) > 2]) for one in curves if one.role == "measured"]
    found = [
        one
        for one in run(functions=["huber"], dimensions=[3], radii=[3.0]).measured
        if one.quantity == "fraction_above_two_over_L"
    ]
    assert [one.value for one in found] == [one.predicted for one in found] == pytest.approx(shares)
