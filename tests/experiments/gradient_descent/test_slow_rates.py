"""Counts of steps against scalar loops, and the formula against exact powers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.slow_rates import count_steps, small_rate_cost, steps_to_accuracy

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
SET_UP = {
    "smoothness": 1.0,
    "strong_convexity": 0.05,
    "accuracy": 1e-3,
    "rate_decades": [-2.0, 0.0],
    "rate_points": 9,
    "further_learning_rates": [1.5, 1.99],
    "fitted_rates": 4,
    "cost": "steps",
}
CURVATURES = np.array([1.0, 0.05])


def values(quantity, **changes):
    return [one for one in small_rate_cost(**{**SET_UP, **changes}).measured if one.quantity == quantity]


def naive_count(rate: float, smoothness: float, strong_convexity: float, accuracy: float) -> int:
    first, second, steps = 1.0, 1.0, 0
    while max(abs(first), abs(second)) > accuracy:
        first, second = first - rate * smoothness * first, second - rate * strong_convexity * second
        steps += 1
    return steps


def test_iterations_are_those_of_a_scalar_loop():
    for one in values("iterations"):
        assert one.value == naive_count(one.at["learning_rate"], 1.0, 0.05, 1e-3) == one.predicted


@given(st.floats(0.01, 1.95), st.floats(0.01, 1.0), st.floats(1e-8, 0.5))
def test_formula_is_the_first_power_below_the_accuracy(rate, strong_convexity, accuracy):
    (steps,) = steps_to_accuracy(np.array([rate]), np.array([1.0, strong_convexity]), accuracy)
    factor = max(abs(1 - rate), abs(1 - rate * strong_convexity))
    slack = 1 + 1e-7
    assert factor**steps <= accuracy * slack
    assert steps == 1 or factor ** (steps - 1) * slack > accuracy


def test_formula_does_not_round_up_a_whole_number():
    assert Fraction(1, 2) ** 10 == Fraction(1, 1024)
    assert steps_to_accuracy(np.array([0.5]), np.array([1.0, 1.0]), 1 / 1024).tolist() == [10.0]


def test_formula_is_infinite_where_a_mode_does_not_decay():
    assert steps_to_accuracy(np.array([2.0, 2.5]), CURVATURES, 1e-3).tolist() == [math.inf, math.inf]


def test_formula_takes_one_step_where_both_modes_vanish():
    assert steps_to_accuracy(np.array([1.0]), np.array([1.0, 1.0]), 1e-3).tolist() == [1.0]


def test_count_of_a_run_that_never_arrives_is_beyond_the_limit():
    assert count_steps(np.array([0.5, 2.0]), CURVATURES, 1e-3, limit=2000).tolist() == [273, 2001]


def test_counts_cross_the_borders_of_blocks():
    rates = np.array([0.1378, 0.2705, 0.5])
    expected = [naive_count(rate, 1.0, 0.05, 1e-3) for rate in rates]
    assert count_steps(rates, CURVATURES, 1e-3, limit=5000).tolist() == expected


def test_slope_of_the_steps_is_minus_one_and_of_the_flow_time_zero():
    (steps,), (flow,) = values("loglog_slope"), values("loglog_slope", cost="flow_time")
    assert steps.value == pytest.approx(-1.0, abs=5e-3)
    assert flow.value == pytest.approx(steps.value + 1.0, abs=1e-9)


def test_slope_is_that_of_the_smallest_rates():
    counts = values("iterations")[:4]
    expected = np.polyfit(*np.log([[one.at["learning_rate"] for one in counts], [one.value for one in counts]]), 1)[0]
    assert values("loglog_slope")[0].value == pytest.approx(expected)


def test_best_rate_is_the_one_with_the_fewest_steps_on_a_fine_grid():
    counts = {rate: naive_count(rate, 1.0, 0.05, 1e-6) for rate in np.linspace(1.7, 1.99, 59)}
    (best,) = values("best_rate", accuracy=1e-6)
    assert best.value == pytest.approx(min(counts, key=counts.get), abs=0.01)
    assert best.value == 2 / 1.05


def test_flow_time_tends_to_that_of_the_gradient_flow():
    times = [one.value for one in values("flow_time", rate_decades=[-3.0, 0.0])]
    assert times[0] == pytest.approx(math.log(1e3) / 0.05, rel=1e-3)


@pytest.mark.parametrize("cost", ["steps", "flow_time"])
def test_slope_is_that_of_a_line_fitted_to_the_formula(cost):
    (one,) = values("loglog_slope", cost=cost)
    cells = sorted(values("iterations" if cost == "steps" else "flow_time"), key=lambda cell: cell.at["learning_rate"])[
        :4
    ]
    x, y = np.log([(cell.at["learning_rate"], cell.predicted) for cell in cells]).T
    assert one.predicted == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-9)
    assert one.value == pytest.approx(one.predicted, abs=1e-12)
