"""Tongues of divergence against scalar runs, and the map where its answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.momentum.resonance_tongues import (
    growth_in_cells,
    period_certificate,
    resonance_tongues,
    side_growth,
)

HEAVY_BALL = "heavy_ball.HeavyBall"
PARAMETERS = {
    "optimizer": HEAVY_BALL,
    "curvature_ratios": [10.0],
    "growth_threshold": 1e-4,
    "map_relative_rates": [0.5, 3.9],
    "map_rate_cells": 8,
    "map_momentum": [0.0, 0.9],
    "map_momentum_cells": 5,
    "map_steps": 600,
    "drawn_curvature_ratio": 10.0,
    "cell_curvature_ratio": 10.0,
    "cell_relative_rate": 1.625,
    "cell_momentum": 0.99,
    "cell_steps": 2000,
    "burn_in_steps": 2000,
    "itinerary_steps": 500,
    "longest_period": 100,
    "line_relative_rates": [1.5, 1.7],
    "line_cells": 3,
    "line_steps": 500,
}


def values(quantity, **changes):
    report = resonance_tongues(**{**PARAMETERS, **changes})
    return [one.value for one in report.measured if one.quantity == quantity]


def naive_growth(ratio, rate, momentum, steps):
    x, v, total = -1.0, 0.0, 0.0
    for step in range(steps):
        v = momentum * v - rate * (1 / ratio if x < 0 else 1.0) * x
        x += v
        norm = np.hypot(x, v)
        x, v = x / norm, v / norm
        total += np.log(norm) if step >= steps // 2 else 0.0
    return total / (steps - steps // 2)


def test_map_counts_are_those_of_scalar_runs():
    cells = [(h, beta) for h in np.linspace(0.5, 3.9, 8) for beta in np.linspace(0, 0.9, 5)]
    unstable = {cell for cell in cells if naive_growth(10.0, *cell, 600) > 1e-4}
    frozen = [cell for cell in cells if cell[0] < 2 * (1 + cell[1])]
    assert values("unstable_fraction") == [pytest.approx(sum(cell in unstable for cell in frozen) / len(frozen))]
    assert values("unstable_in_safe_region") == [0.0]


def test_equal_sides_grow_as_a_quadratic_does():
    rates, momentum = np.array([0.3, 2.5, 3.9]), np.array([0.5, 0.2, 0.9])
    found = side_growth(HEAVY_BALL, 1.0, rates, momentum, 2000)
    expected = [
        np.log(max(abs(np.roots([1.0, -(1 + beta - h), beta])))) for h, beta in zip(rates, momentum, strict=True)
    ]
    assert found == pytest.approx(expected, abs=3e-3)


@settings(max_examples=20)
@given(st.floats(1.0, 50.0), st.floats(0.0, 0.9), st.floats(0.1, 0.95))
def test_safe_region_does_not_grow(ratio, momentum, share):
    rate = share * 2 * (1 - momentum)
    assert float(side_growth(HEAVY_BALL, ratio, [rate], momentum, 4000)[0]) <= 1e-4


def test_growth_is_that_of_its_certificate():
    (measured,) = values("measured_growth")
    (certified,) = values("certificate_growth")
    assert measured == pytest.approx(np.log(certified), rel=1e-2)
    assert certified > 1.005
    assert values("eigenvalue_phase") == values("itinerary_mismatches") == [0.0]
    assert values("itinerary_period") == [10]


def test_equal_sides_leave_no_certificate_and_no_growth():
    assert values("certificate_growth", cell_curvature_ratio=1.0, longest_period=7) == []
    assert values("measured_growth", cell_curvature_ratio=1.0)[0] < -1e-4


def test_certificate_needs_a_period():
    sides = np.array([True, False, True, True, True, False])
    assert period_certificate(sides, 10.0, 1.0, 0.5, 3) is None


def test_stability_is_lost_and_regained_along_the_rates():
    cells = [[1.6, 0.99], [1.625, 0.99], [1.65, 0.99], [1.625, 0.9]]
    report = growth_in_cells(optimizer=HEAVY_BALL, curvature_ratio=10.0, cells=cells, steps=3000)
    found = [one.value for one in report.measured]
    assert found == pytest.approx([naive_growth(10.0, *cell, 3000) for cell in cells], rel=1e-6)
    assert [value > 0 for value in found] == [False, True, False, False]


def test_stable_cells_are_drawn_blank():
    report = resonance_tongues(**PARAMETERS)
    (cells,) = [curve for curve in report.curves if curve.panel == "map" and curve.role == "measured"]
    assert set(np.unique(cells.x)) == {float(f"{h:.6g}") for h in np.linspace(0.5, 3.9, 8)}
    grown = ~np.isnan(cells.value)
    assert grown.any() and np.all(cells.value[grown] > 0)
