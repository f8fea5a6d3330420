"""Walkers at a saddle against the covariance recursion, root finding and scalar loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.gradient_noise.saddle_escape import (
    deviation,
    exact_half_time,
    off_the_line,
    outside_probability,
    saddle_escape_noise,
)
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

CLAIM = load_claims(["saddle_escape_noise"])["saddle_escape_noise"]
ARMS = {arm.name: dict(arm.parameters) for arm in CLAIM.arms("smoke")}
STREAMS = Streams(7, "claim", "arm")


def values(report, quantity):
    return [one.value for one in report.measured if one.quantity == quantity]


@given(st.floats(1e-12, 1.0), st.floats(1e-3, 0.5), st.integers(0, 60))
def test_deviation_follows_the_variance_recursion(temperature, rate, steps):
    variance = 0.0
    for _ in range(steps):
        variance = (1 + rate) ** 2 * variance + 2 * rate * temperature
    assert float(deviation(temperature, rate, steps)) == pytest.approx(math.sqrt(variance), rel=1e-10)


def test_outside_probability_is_two_normal_tails_and_zero_without_noise():
    for step in (150, 200, 250):
        spread = float(deviation(1e-8, 0.05, step))
        assert float(outside_probability(1e-8, 0.05, 1.0, step)) == pytest.approx(2 * norm.sf(1 / spread), rel=1e-12)
    assert outside_probability(0.0, 0.05, 1.0, np.arange(3)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("temperature", [1e-9, 1e-7, 1e-3])
def test_half_time_is_where_the_probability_is_one_half(temperature):
    found = brentq(lambda t: float(outside_probability(temperature, 0.05, 1.0, t)) - 0.5, 1.0, 400.0, xtol=1e-10)
    assert exact_half_time(temperature, 0.05, 1.0) == pytest.approx(found, abs=1e-7)


def test_a_decade_of_temperature_delays_by_a_fixed_time():
    delay = exact_half_time(1e-9, 0.05, 1.0) - exact_half_time(1e-8, 0.05, 1.0)
    assert delay == pytest.approx(math.log(10) / (2 * math.log(1.05)), abs=1e-4)


def test_walkers_have_the_law_of_the_recursion():
    report = saddle_escape_noise(**{**ARMS["claim"], "temperatures": [1e-8]}).whole(STREAMS)
    (count,) = (one for one in report.measured if one.quantity == "left_count")
    p = 2 * norm.sf(1 / float(deviation(1e-8, 0.05, 200)))
    assert count.predicted == pytest.approx(512 * p, rel=1e-12)
    assert abs(count.value - 512 * p) < 5 * math.sqrt(512 * p * (1 - p))
    assert values(report, "half_time")[0] == pytest.approx(exact_half_time(1e-8, 0.05, 1.0), abs=8)
    assert values(report, "share_at_half_time") == [pytest.approx(0.5, abs=1e-12)]


def test_half_time_that_does_not_come_is_infinite():
    report = saddle_escape_noise(**{**ARMS["claim"], "temperatures": [1e-9, 1e-7], "steps": 200}).whole(STREAMS)
    assert values(report, "half_time")[0] == math.inf
    assert values(report, "half_time")[1] < 200


def test_without_noise_nothing_leaves_and_no_half_time_is_reported():
    report = saddle_escape_noise(**ARMS["noise_removed"]).whole(STREAMS)
    assert values(report, "left_count") == [0]
    assert values(report, "half_time") == []
    assert values(report, "final_offset_noise_free") == [0]
    assert values(report, "final_distance_noise_free")[0] == pytest.approx(0.95**200, rel=1e-12)


@pytest.mark.parametrize(("offset", "rate"), [(1e-12, 0.05), (1e-3, 0.3), (0.4, 0.01)])
def test_start_off_the_line_leaves_at_the_step_of_a_scalar_loop(offset, rate):
    y, step = offset, 0
    while y <= 1.0:
        y, step = y + rate * y, step + 1
    parameters = {**ARMS["off_the_line"], "offset": offset, "learning_rate": rate}
    (found,) = off_the_line(**parameters).measured
    assert found.value == found.predicted == step


def test_parameters_that_do_not_fit_are_refused():
    with pytest.raises(OutOfRange, match="steps: found 500, allowed: at least 567"):
        off_the_line(**{**ARMS["off_the_line"], "steps": 500})
    with pytest.raises(OutOfRange, match="count_steps: found 301"):
        saddle_escape_noise(**{**ARMS["claim"], "count_steps": 301})
