"""Slope and wall: counts and first divergences against a plain scalar run of every cell."""

import numpy as np
import pytest

from descent_audit.experiments.momentum.wall_crossing import (
    convergence_islands,
    edge_cells,
    first_rates,
    largest_safe_momentum,
    wall_crossing,
)

PARAMETERS = {
    "optimizer": "heavy_ball.HeavyBall",
    "slope_curvature": 1.0,
    "stiffness": 100.0,
    "start_distance": 5.0,
    "diverged_distance": 1e6,
    "learning_rates": [1e-2, 0.9],
    "rate_cells": 9,
    "momentum": [0.0, 0.95],
    "momentum_cells": 7,
    "further_momentum": [0.97],
    "steps": 600,
    "knife_edge": 0.02,
    "scan_every": 2,
    "scan_momentum": [0.0, 0.99],
    "scan_momentum_cells": 23,
    "critical_momentum": 0.999,
    "critical_learning_rates": [1e-3, 0.9],
    "critical_rate_cells": 40,
    "critical_steps": 500,
    "critical_stiffness": [10.0, 1000.0],
    "critical_distance": [2.0, 10.0],
    "map_drawn": True,
}
ISLANDS = (
    "optimizer", "slope_curvature", "stiffness", "start_distance", "diverged_distance", "learning_rates", "rate_cells",
    "scan_every", "scan_momentum", "scan_momentum_cells", "steps",
)  # fmt: skip


def values(quantity, **changes):
    with np.errstate(all="ignore"):
        report = wall_crossing(**{**PARAMETERS, **changes})
    return {one.at.get("learning_rate"): one.value for one in report.measured if one.quantity == quantity}


def outcome(rate, momentum, steps=600, start=-5.0, stiffness=100.0):
    """Return whether a plain run diverges, whether it crosses, and how far from rest it ends."""
    x, v, crossed = start, 0.0, False
    for _ in range(steps):
        v = momentum * v - rate * (x + (stiffness * x**3 if x > 0 else 0.0))
        x += v
        crossed = crossed or x > 1e-300
        if abs(x) > 1e6:
            return True, True, np.inf
    return False, crossed, max(abs(x), abs(v))


RATES = np.geomspace(1e-2, 0.9, 9)


def test_counts_of_the_map_are_those_of_plain_runs():
    momenta = [*np.linspace(0, 0.95, 7), 0.97]
    cells = [(rate, beta, *outcome(rate, beta)[:2]) for rate in RATES for beta in momenta]
    assert values("diverged_fraction")[None] == pytest.approx(np.mean([cell[2] for cell in cells]))
    border = [(1 - np.sqrt(rate)) ** 2 for rate, *_ in cells]
    safe = [cell for cell, bound in zip(cells, border, strict=True) if cell[1] <= bound]
    edge = [
        cell
        for cell, bound in zip(cells, border, strict=True)
        if bound < cell[1] and np.sqrt(cell[1]) <= np.sqrt(bound) + 0.02
    ]
    assert values("crossings_in_safe_set")[None] == sum(crossed for *_, crossed in safe) == 0
    assert values("knife_edge_cells")[None] == len(edge)
    assert values("missed_crossings")[None] == 0


def test_first_diverging_momenta_are_those_of_plain_runs():
    found = values("first_diverging_momentum")
    expected = {}
    for rate in RATES[::2]:
        diverging = [beta for beta in np.linspace(0, 0.99, 23) if outcome(rate, beta)[0]]
        if diverging:
            expected[float(f"{rate:.6g}")] = pytest.approx(min(diverging))
    assert found == expected
    assert values("first_momentum_rises")[None] == 0


def test_island_fraction_is_that_of_plain_runs():
    above, back = 0, 0
    for rate in RATES[::2]:
        ends = [outcome(rate, beta) for beta in np.linspace(0, 0.99, 23)]
        first = next((index for index, end in enumerate(ends) if end[0]), len(ends))
        above += len(ends[first + 1 :])
        back += sum(end[2] <= 1e-3 for end in ends[first + 1 :])
    with np.errstate(all="ignore"):
        report = convergence_islands(**{name: PARAMETERS[name] for name in ISLANDS})
    assert [one.value for one in report.measured] == [pytest.approx(back / above)]
    assert back > 0


def test_a_tight_knife_edge_shows_the_crossings_that_a_short_run_misses():
    short = {"steps": 12, "critical_rate_cells": 0}
    assert values("missed_crossings", **short)[None] > values("missed_crossings", knife_edge=0.3, **short)[None]


@pytest.mark.parametrize("change", [{"stiffness": 0.0}, {"momentum_cells": 1, "further_momentum": [0.0]}])
def test_without_wall_or_momentum_nothing_diverges(change):
    assert values("diverged_fraction", critical_rate_cells=0, **change)[None] == 0.0


def test_exponents_come_from_the_first_diverging_rates_of_plain_runs():
    tried = np.geomspace(1e-3, 0.9, 40)

    def critical(distance, stiffness):
        return next(rate for rate in tried if outcome(rate, 0.999, 500, -distance, stiffness)[0])

    wall = np.log(critical(5.0, 1000.0) / critical(5.0, 10.0)) / np.log(100.0)
    distance = np.log(critical(10.0, 100.0) / critical(2.0, 100.0)) / np.log(5.0)
    assert values("exponent_wall")[None] == pytest.approx(wall, rel=1e-9)
    assert values("exponent_distance")[None] == pytest.approx(distance, rel=1e-9)


def test_first_rates_are_missing_where_nothing_diverges():
    found = first_rates(np.array([1.0, 2.0, 3.0]), np.array([[False, False], [False, True], [False, True]]))
    assert np.isnan(found[0]) and found[1] == 2.0


def test_safe_momentum_is_where_the_roots_meet():
    for rate in (0.01, 0.5):
        momentum = float(largest_safe_momentum(rate, 1.0))
        assert np.ptp(np.roots([1.0, -(1 + momentum - rate), momentum]).real) == pytest.approx(0.0, abs=1e-6)


def test_cells_beside_the_bound_are_counted_one_by_one():
    momentum, border = np.linspace(0.0, 0.99, 34), np.array([0.81, 0.3, 0.003])
    naive = sum(low < beta <= (low**0.5 + 0.05) ** 2 for low in border for beta in momentum)
    assert edge_cells(momentum, border, 0.05) == naive > 0
