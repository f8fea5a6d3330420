"""Increases of the loss against a scalar loop, and thresholds against the exact map."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.strict_decrease import (
    increases_over_range,
    loss_increases,
    stays_away,
    strict_decrease_range,
)
from descent_audit.landscapes.huber import Huber
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.power import Power
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.randomness import Streams

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
FUNCTIONS = {
    "functions": ["quadratic", "huber", "log_cosh"],
    "dimensions": [4, 2, 2],
    "radii": [3.0, 3.0, 4.0],
    "condition_number": 100.0,
    "samples": 30,
    "starts": 4,
    "steps": 60,
}
STREAMS = Streams(2, "claim", "arm")


def report(**changes):
    settings = {
        **FUNCTIONS,
        "relative_rates": [0.5, 1.9],
        "first_increase_relative_rates": [1.0, 4.0],
        "halvings": 12,
        "quartic_learning_rates": [0.01, 0.3],
        "quartic_relative_starts": [0.1, 2.0],
        "quartic_steps": 1000,
    }
    return strict_decrease_range(**{**settings, **changes}, streams=STREAMS)


def values(observations, quantity):
    return {tuple(one.at.values()): one.value for one in observations.measured if one.quantity == quantity}


def naive_increases(x, rate, steps):
    """Count the watched steps on log cosh in one dimension that do not lower the loss."""
    count = 0
    for _ in range(steps):
        loss, slope = math.log(math.cosh(x)), math.tanh(x)
        if slope**2 < 1e-10 * (1 + loss):
            break
        x -= rate * slope
        count += not math.log(math.cosh(x)) < loss
    return count


@given(st.floats(0.3, 6), st.sampled_from([0.5, 1.9, 2.3, 3.7, 8.0]))
def test_count_agrees_with_a_scalar_loop(start, rate):
    found = loss_increases(LogCosh(), 1.0, np.array([[start]]), [rate], 15)
    assert abs(found[0] - naive_increases(start, rate, 15)) <= (0 if rate < 2 else 1)


def test_every_rate_runs_from_every_start_on_its_own():
    starts, rates = np.array([[0.5], [3.0], [-2.0]]), [1.5, 2.5, 5.0]
    together = loss_increases(LogCosh(), 1.0, starts, rates, 12)
    apart = [sum(loss_increases(LogCosh(), 1.0, start[None], rate, 12) for start in starts) for rate in rates]
    assert together.tolist() == [float(count) for count in apart]


def test_no_step_counts_once_the_gradient_is_negligible():
    still = np.array([[1e-7]])
    assert loss_increases(LogCosh(), 1.0, still, [3.0], 1).tolist() == [0.0]
    assert loss_increases(LogCosh(), 1.0, np.array([[0.1]]), [3.0], 1).tolist() == [1.0]


def test_overflow_counts_as_an_increase():
    with np.errstate(all="ignore"):
        assert loss_increases(Power(4.0), 1.0, np.array([[1e60]]), [1.0], 5)[0] >= 1
        assert loss_increases(Power(4.0), 1.0, np.array([[1e150]]), [1.0], 5)[0] >= 1


def test_equal_loss_counts_as_an_increase():
    assert loss_increases(Huber(), 1.0, np.array([[0.5]]), [2.0], 10).tolist() == [10.0]
    quadratic = DiagonalQuadratic(np.array([1.0]))
    assert loss_increases(quadratic, 1.0, np.array([[0.5]]), [1.999, 2.0, 2.001], 10).tolist() == [0.0, 10.0, 10.0]


@given(st.floats(0.001, 5), st.floats(0.05, 3).filter(lambda size: abs(size - 1) > 1e-6))
def test_quartic_run_is_decided_by_the_size_of_its_start(rate, size):
    start = size / math.sqrt(2 * rate)
    with np.errstate(all="ignore"):
        away = stays_away(Power(4.0), np.array([start]), np.array([rate]), 3000)
    assert away.tolist() == [size > 1]


def test_thresholds_are_found():
    found = report()
    assert set(values(found, "increases_below_two").values()) == {0}
    first = values(found, "first_increase_rate")
    assert first["quadratic",] == pytest.approx(2.0, abs=5e-3)
    assert first["huber",] == pytest.approx(2.0, abs=5e-3)
    assert first["log_cosh",] >= 1.999
    starts = values(found, "quartic_critical_start")
    assert starts[0.01,] == pytest.approx(1 / math.sqrt(0.02), rel=2e-3)
    assert starts[0.3,] == pytest.approx(1 / math.sqrt(0.6), rel=2e-3)


def test_rates_beyond_two_are_noticed_on_every_function():
    found = increases_over_range(**FUNCTIONS, relative_rates=[2.2, 5.0], streams=STREAMS)
    assert len(found.measured) == 6
    assert min(values(found, "increases_below_two").values()) > 0
    assert {one.predicted for one in found.measured} == {None}
