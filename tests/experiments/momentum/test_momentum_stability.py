"""Stability of the heavy ball on a mode against scalar loops and companion matrices."""

from itertools import pairwise

import numpy as np
import pytest

from descent_audit.experiments.momentum.momentum_stability import (
    growth_at_rates,
    mode_growth,
    sign_flips,
    stability_region,
)

HEAVY_BALL = "heavy_ball.HeavyBall"
PARAMETERS = {
    "optimizer": HEAVY_BALL,
    "prediction": "heavy_ball",
    "threshold_momentum": [0.2, 0.8],
    "threshold_steps": [400, 600],
    "halvings": 10,
    "map_momentum": [0.1, 0.9],
    "map_momentum_cells": 3,
    "map_relative_rates": [0.3, 4.0],
    "map_rate_cells": 5,
    "map_steps": 300,
    "crossover_momentum": [0.5],
    "crossover_steps": 300,
    "flip_momentum": [0.0, 0.5],
    "flip_relative_rate": 0.5,
    "flip_steps": 100,
}


def values(quantity, **changes):
    report = stability_region(**{**PARAMETERS, **changes})
    return {tuple(sorted(one.at.items())): one for one in report.measured if one.quantity == quantity}


def naive_growth(momentum, rate, steps):
    """Return the mean logarithmic growth over the second half, the pair scaled back at every step."""
    x, v, total = 1.0, 0.0, 0.0
    for step in range(steps):
        v = momentum * v - rate * x
        x += v
        norm = np.hypot(x, v)
        x, v = x / norm, v / norm
        total += np.log(norm) if step >= steps // 2 else 0.0
    return total / (steps - steps // 2)


@pytest.mark.parametrize(("momentum", "rate"), [(0.2, 0.5), (0.5, 2.9), (0.9, 3.9), (0.9, 0.5)])
def test_mode_growth_is_that_of_a_scalar_loop(momentum, rate):
    found = float(mode_growth(HEAVY_BALL, np.array([momentum]), np.array([rate]), 301)[0])
    assert found == pytest.approx(naive_growth(momentum, rate, 301), rel=1e-9)


@pytest.mark.parametrize(("momentum", "rate"), [(0.2, 0.5), (0.5, 3.2), (0.1, 2.5)])
def test_mode_growth_tends_to_the_spectral_radius(momentum, rate):
    step = np.array([[1 - rate, momentum], [-rate, momentum]])
    expected = np.log(max(abs(np.linalg.eigvals(step))))
    assert float(mode_growth(HEAVY_BALL, np.array([momentum]), np.array([rate]), 4000)[0]) == pytest.approx(
        expected, abs=1e-3
    )


def test_thresholds_are_those_of_a_scalar_bisection():
    for at, one in values("stability_threshold").items():
        momentum, steps = dict(at)["momentum"], dict(at)["steps"]
        low, high = 1.0, 4.5
        for _ in range(10):
            middle = (low + high) / 2
            low, high = (low, middle) if naive_growth(momentum, middle, steps) > 0 else (middle, high)
        assert one.value == (low + high) / 2
        assert one.predicted == pytest.approx(2 + 2 * momentum)


def test_prediction_without_momentum_is_two_over_curvature():
    assert {one.predicted for one in values("stability_threshold", prediction="gradient_descent").values()} == {2.0}
    (error,) = values("growth_rate_error", prediction="gradient_descent").values()
    radii = {
        (momentum, rate): max(abs(np.roots([1.0, -(1 + momentum - rate), momentum])))
        for momentum in (0.1, 0.5, 0.9)
        for rate in np.linspace(0.3, 4.0, 5)
    }
    assert error.predicted == pytest.approx(max(abs(radius - abs(1 - rate)) for (_, rate), radius in radii.items()))
    assert error.value == pytest.approx(error.predicted, abs=2e-2)


def test_growth_rate_error_is_the_largest_of_the_map():
    (error,) = values("growth_rate_error").values()
    expected = 0.0
    for momentum in (0.1, 0.5, 0.9):
        for rate in np.linspace(0.3, 4.0, 5):
            radius = max(abs(np.roots([1.0, -(1 + momentum - rate), momentum])))
            expected = max(expected, abs(np.exp(naive_growth(momentum, rate, 300)) - radius))
    assert error.value == pytest.approx(expected, rel=1e-6)


def test_crossover_is_where_momentum_begins_to_damp():
    ((_, one),) = values("damping_crossover", crossover_steps=3000, halvings=14).items()
    assert one.value == pytest.approx(1 + np.sqrt(0.5), abs=2e-3)


def test_flips_skip_the_iterates_that_are_zero():
    flips = {dict(at)["momentum"]: one.value for at, one in values("sign_flips").items()}
    x, before, path = 1.0, 1.0, []
    for _ in range(100):
        x, before = x - 0.5 * x + 0.5 * (x - before), x
        path.append(x)
    signs = [np.sign(x) for x in [1.0, *path] if x != 0]
    assert 0.0 in path, "every fourth iterate vanishes, so that products of neighbours miss the change"
    assert flips == {0.0: 0, 0.5: sum(a != b for a, b in pairwise(signs))}
    assert flips[0.5] > 20


def test_flips_at_small_momentum_are_none():
    report = sign_flips(optimizer=HEAVY_BALL, flip_momentum=[0.05, 0.08], flip_relative_rate=0.5, flip_steps=50)
    assert [one.value for one in report.measured] == [0, 0]


def test_more_momentum_allows_a_larger_rate():
    report = growth_at_rates(optimizer=HEAVY_BALL, momentum=[0.0, 0.45, 0.55], relative_rates=[1.9, 3.0], steps=1000)
    signs = {(one.at["momentum"], one.at["relative_rate"]): one.value > 0 for one in report.measured}
    assert {cell for cell, grows in signs.items() if grows} == {(0.0, 3.0), (0.45, 3.0)}
