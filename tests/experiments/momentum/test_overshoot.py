"""Overshoot of a mode against scalar loops, and the budget law against a root finder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from descent_audit.experiments.momentum.overshoot import (
    admissible_momentum,
    budget_tradeoff,
    damping_ratio,
    mode_overshoot,
    overshoot,
)

HEAVY_BALL = "heavy_ball.HeavyBall"
PARAMETERS = {
    "optimizer": HEAVY_BALL,
    "criterion": "overshoot",
    "budgets": [0.2],
    "relative_rates": [0.01, 0.03, 0.2],
    "largest_momentum": 0.99,
    "halvings": 14,
    "steps": 400,
    "fit_relative_rate": 0.05,
}


def values(quantity, **changes):
    report = budget_tradeoff(**{**PARAMETERS, **changes})
    return {one.at.get("relative_rate"): one.value for one in report.measured if one.quantity == quantity}


def naive(momentum, rate, steps):
    x, v, lowest = 1.0, 0.0, 0.0
    for _ in range(steps):
        v = momentum * v - rate * x
        x += v
        lowest = min(lowest, x)
    return -lowest


@given(st.floats(0, 0.99), st.floats(0.01, 0.95))
def test_closed_form_is_the_overshoot_of_a_scalar_run(momentum, rate):
    found = float(mode_overshoot(np.array([momentum]), np.array([rate]), 300)[0])
    assert found == pytest.approx(naive(momentum, rate, 300), abs=1e-6)


@given(st.floats(0, 0.99), st.floats(0.01, 1.9))
def test_simulated_overshoot_is_that_of_a_scalar_run(momentum, rate):
    assert float(overshoot(HEAVY_BALL, momentum, [rate], 60)[0]) == pytest.approx(naive(momentum, rate, 60), rel=1e-9)


def test_overshoot_of_a_run_that_overflows_is_infinite():
    with np.errstate(all="ignore"):
        assert overshoot(HEAVY_BALL, 0.5, [50.0], 400).tolist() == [np.inf]


def test_no_overshoot_up_to_the_double_root():
    rates = np.array([0.01, 0.25, 0.81])
    border = (1 - np.sqrt(rates)) ** 2
    assert not mode_overshoot(border * (1 - 1e-9), rates, 2000).any()
    assert (mode_overshoot(border + 0.05, rates, 2000) > 0).all()


def test_admissible_momentum_is_the_root_that_scipy_finds():
    for rate in (0.02, 0.3):
        found = admissible_momentum(np.array([0.3]), np.array([rate]), 0.999, 500)[0]
        expected = optimize.brentq(lambda beta, rate=rate: naive(beta, rate, 500) - 0.3, 0.2, 0.999, xtol=1e-10)
        assert float(found) == pytest.approx(expected, abs=1e-6)


def test_damping_ratio_is_that_of_an_oscillator_with_this_overshoot():
    for budget in (0.1, 0.5):
        zeta = damping_ratio(budget)
        assert np.exp(-np.pi * zeta / np.sqrt(1 - zeta**2)) == pytest.approx(budget, rel=1e-12)


def test_continuum_limit_holds_at_small_rates():
    momentum = admissible_momentum(np.array([0.3]), np.array([1e-4]), 0.9999, 3000)[0]
    assert (1 - float(momentum)) / (2 * damping_ratio(0.3) * 1e-2) == pytest.approx(1.0, abs=0.02)


def test_largest_momentum_is_that_of_a_scalar_bisection():
    for rate, found in values("largest_momentum").items():
        low, high = 0.0, 0.99
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (low, middle) if naive(middle, rate, 400) > 0.2 else (middle, high)
        assert found == (low + high) / 2
    assert max(values("largest_momentum_error").values()) < 1e-4


def test_without_a_budget_every_momentum_is_admitted():
    found = set(values("largest_momentum", criterion="stability").values())
    assert len(found) == 1 and found.pop() == pytest.approx(0.99, abs=1e-4)


def test_exponent_is_one_half_of_a_square_root():
    (slope,) = values(
        "tradeoff_exponent", relative_rates=[1e-4, 3e-4, 1e-3], steps=2000, largest_momentum=0.9999
    ).values()
    assert slope == pytest.approx(0.5, abs=0.01)
    assert not values("tradeoff_exponent", relative_rates=[0.01, 0.2])
