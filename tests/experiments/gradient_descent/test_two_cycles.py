"""Thresholds and cycles of log cosh with a quadratic, against scalar loops and SciPy's roots."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from descent_audit.experiments.gradient_descent.two_cycles import cycle_amplitude, two_cycle_thresholds, unbounded_rate

PARAMETERS = {
    "strong_convexities": [0.0, 0.25],
    "start": 0.7,
    "threshold_steps": 300,
    "halvings": 12,
    "lost_distance": 1e-2,
    "unbounded_distance": 1e50,
    "cycles": [[0.0, 3.0], [0.25, 5.0]],
    "cycle_steps": 2000,
    "drawn_strong_convexity": 0.25,
    "drawn_learning_rates": [0.8, 7.8],
    "drawn_points": 8,
    "drawn_steps": 300,
}


def values(quantity, **changes):
    report = two_cycle_thresholds(**{**PARAMETERS, **changes})
    return {tuple(sorted(one.at.items())): one.value for one in report.measured if one.quantity == quantity}


def walk(mu: float, rate: float, steps: int, x: float = 0.7) -> float:
    """Return the last point of a scalar run; it stops where it has left every bound."""
    for _ in range(steps):
        x -= rate * (mu * x + math.tanh(x))
        if abs(x) > 1e60:
            break
    return x


def naive_threshold(mu: float, low: float, high: float, bound: float, steps: int, halvings: int) -> float:
    for _ in range(halvings):
        rate = (low + high) / 2
        low, high = (low, rate) if abs(walk(mu, rate, steps)) > bound else (rate, high)
    return (low + high) / 2


def test_convergence_threshold_is_that_of_a_scalar_loop():
    for at, found in values("convergence_threshold").items():
        mu = dict(at)["strong_convexity"]
        assert found == naive_threshold(mu, 1 / (1 + mu), 3 / (1 + mu), 1e-2, 300, 12)


def test_divergence_threshold_is_that_of_a_scalar_loop():
    ((at, found),) = values("divergence_threshold").items()
    assert dict(at)["strong_convexity"] == 0.25
    assert found == naive_threshold(0.25, 4.0, 16.0, 1e50, 300, 12)


def test_unbounded_rate_is_that_of_the_saturated_recursion():
    mu, steps = 0.3, 500

    def log_size(rate):
        size = 0.7
        for _ in range(steps):
            size = (rate * mu - 1) * size + rate
        return math.log(size) - 50 * math.log(10)

    expected = optimize.brentq(log_size, 2 / mu, 3 / mu, xtol=1e-12)
    assert unbounded_rate(mu, 0.7, steps, 1e50) == pytest.approx(expected, rel=1e-9)


def test_unbounded_rate_falls_towards_its_limit():
    rates = [unbounded_rate(0.5, 0.7, steps, 1e50) for steps in (100, 1000, 10000, 100000)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(4.0, rel=1e-3) and rates[-1] > 4.0


@given(st.floats(0.0, 1.0), st.floats(0.02, 0.95))
def test_cycle_amplitude_is_the_root_that_scipy_finds(mu, share):
    low = 2 / (1 + mu)
    rate = low + share * ((2 / mu if mu > 0.05 else 40.0) - low)
    slope = 2 / rate - mu
    expected = optimize.brentq(lambda x: slope * x - math.tanh(x), 1e-3, 2 / slope, xtol=1e-14)
    assert float(cycle_amplitude(mu, rate)[0]) == pytest.approx(expected, rel=1e-9)


def test_cycle_amplitude_is_zero_below_and_infinite_above_its_range():
    assert cycle_amplitude(0.25, [1.0, 1.6, 8.0, 9.0]).tolist() == [0.0, 0.0, math.inf, math.inf]


def test_a_step_from_the_amplitude_leads_to_its_mirror_image():
    for mu, rate in ((0.0, 2.2), (0.25, 7.5)):
        x = float(cycle_amplitude(mu, rate)[0])
        assert walk(mu, rate, 1, x) == pytest.approx(-x, rel=1e-12)


def test_cycles_are_where_scalar_runs_end():
    for at, found in values("cycle_amplitude").items():
        point = dict(at)
        assert found == pytest.approx(abs(walk(point["strong_convexity"], point["learning_rate"], 2000)), rel=1e-10)


def test_within_the_bound_no_cycle_is_left():
    assert max(values("cycle_amplitude", cycles=[[0.0, 1.9], [0.25, 1.52]]).values()) < 1e-12


def test_the_residual_of_an_unsettled_run_shows():
    assert max(values("period_two_residual", cycles=[[0.0, 10.0]], cycle_steps=3).values()) > 1e-3


def test_a_diverged_run_is_reported_as_a_number():
    with np.errstate(all="ignore"):
        assert list(values("cycle_amplitude", cycles=[[0.25, 20.0]]).values()) == [1e100]


def test_drawn_amplitudes_lie_on_the_branch():
    report = two_cycle_thresholds(**{**PARAMETERS, "drawn_steps": 3000})
    measured, branch, *bounds = report.curves
    assert np.interp(measured.x, branch.x, branch.y) == pytest.approx(np.asarray(measured.y), rel=0.02, abs=0.02)
    assert [float(bound.x[0]) for bound in bounds] == [1.6, 8.0]
