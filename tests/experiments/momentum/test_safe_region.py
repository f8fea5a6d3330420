"""Cycles of the heavy ball against scalar runs of every start."""

import numpy as np
import pytest

from descent_audit.experiments.momentum.momentum_transient import optimal_tuning
from descent_audit.experiments.momentum.safe_region import (
    cycle_within_stability,
    failing,
    last_points,
    safe_region,
    three_cycle,
)
from descent_audit.landscapes.flat_stretch import FlatStretch

HEAVY_BALL = "heavy_ball.HeavyBall"
EXAMPLE = FlatStretch(25.0, 1.0, 1.0, 2.0)
PARAMETERS = {
    "optimizer": HEAVY_BALL,
    "steep_curvature": 25.0,
    "flat_curvature": 1.0,
    "stretch": [1.0, 2.0],
    "learning_rate": 1 / 9,
    "momentum": 4 / 9,
    "starts": [-5.0, 5.0],
    "start_cells": 41,
    "steps": 300,
    "converged_distance": 1e-3,
    "map_relative_rates": [0.4, 3.6],
    "map_rate_cells": 5,
    "map_momentum": [0.0, 0.8],
    "map_momentum_cells": 4,
    "map_start_cells": 7,
    "map_steps": 200,
    "slow_momentum": 0.7,
    "drawn_steps": 10,
}
WITHIN = (
    "optimizer",
    "steep_curvature",
    "flat_curvature",
    "stretch",
    "starts",
    "start_cells",
    "steps",
    "converged_distance",
)


def slope(x):
    return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24


def last_three(rate, momentum, start, steps):
    x, v, path = start, 0.0, []
    for _ in range(steps):
        v = momentum * v - rate * slope(x)
        x += v
        path.append(x)
        if abs(x) > 1e12:
            break
    return path[-3:]


def fails(rate, momentum, start, steps):
    return max(map(abs, last_three(rate, momentum, start, steps))) > 1e-3


def values(quantity, **changes):
    report = safe_region(**{**PARAMETERS, **changes})
    return [one.value for one in report.measured if one.quantity == quantity]


def test_default_tuning_is_optimal_for_quadratics():
    rate, momentum = optimal_tuning("heavy_ball", 25.0)
    assert (float(rate) / 25, float(momentum)) == pytest.approx((1 / 9, 4 / 9))


def test_cycling_fraction_is_that_of_plain_runs():
    expected = np.mean([fails(1 / 9, 4 / 9, start, 300) for start in np.linspace(-5, 5, 41)])
    assert values("cycling_fraction", map_rate_cells=0) == [expected]
    assert expected > 0.02


def test_last_points_are_those_of_plain_runs():
    starts = np.linspace(-5, 5, 9)
    found = last_points(HEAVY_BALL, EXAMPLE, 1 / 9, 4 / 9, starts, 60)
    expected = np.array([last_three(1 / 9, 4 / 9, x, 60) for x in starts])
    np.testing.assert_allclose(found.T, expected, rtol=1e-9, atol=1e-12)


def test_cycle_returns_to_itself_in_three_steps():
    cycle = three_cycle(EXAMPLE, 1 / 9, 4 / 9)
    before, x = cycle[2], cycle[0]
    for expected in (cycle[1], cycle[2], cycle[0]):
        before, x = x, x + 4 / 9 * (x - before) - slope(x) / 9
        assert x == pytest.approx(expected, abs=1e-12)
    assert values("cycle_points", map_rate_cells=0) == pytest.approx(sorted(cycle), abs=1e-9)


def test_no_cycle_where_a_point_leaves_its_piece():
    assert three_cycle(EXAMPLE, 1 / 13, 0.0) is None
    assert three_cycle(FlatStretch(25.0, 25.0, 1.0, 2.0), 1 / 9, 4 / 9) is None


@pytest.mark.parametrize("change", [{"flat_curvature": 25.0}, {"momentum": 0.0, "learning_rate": 1 / 13}])
def test_without_stretch_or_momentum_nothing_cycles(change):
    assert values("cycling_fraction", map_rate_cells=0, steps=600, **change) == [0.0]
    assert values("cycle_points", map_rate_cells=0, steps=600, **change) == []


def test_map_counts_are_those_of_plain_runs():
    safe, frozen = [], []
    for h in np.linspace(0.4, 3.6, 5):
        for momentum in np.linspace(0, 0.8, 4):
            lost = [fails(h / 25, momentum, start, 200) for start in np.linspace(-5, 5, 7)]
            if h < 2 * (1 - momentum):
                safe += lost
            if h < 2 * (1 + momentum) and momentum < 0.7:
                frozen += lost
    assert values("failures_in_safe_region") == [sum(safe)] == [0]
    assert values("frozen_stable_failures") == [pytest.approx(np.mean(frozen))]


def test_failing_counts_what_is_not_a_number():
    last = np.array([[0.0, np.nan, 1.0], [0.0, np.nan, 0.0], [1e-4, np.nan, 0.0]])
    assert failing(last, 1e-3).tolist() == [False, True, True]


def test_cycle_lies_within_the_stability_of_quadratics():
    report = cycle_within_stability(
        **{name: PARAMETERS[name] for name in WITHIN},
        learning_rate=1 / 9,
        momentum=4 / 9,
        baseline_learning_rate=1 / 13,
    )
    found = {one.quantity: one.value for one in report.measured}
    assert found["rate_over_stability_limit"] == pytest.approx(25 / 26)
    assert found["cycling_fraction"] > 0.02
    assert found["descent_failures"] == 0
