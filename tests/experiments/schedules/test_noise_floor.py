"""Noisy descent under schedules against scalar recursions, exact laws and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.schedules.noise_floor import (
    decay_noise_floor,
    freezing_decay,
    noise_free_path,
    normal_law,
    overshooting_start,
    schedule_rates,
)
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

CLAIM = load_claims(["decay_noise_floor"])["decay_noise_floor"]
ARMS = {arm.name: dict(arm.parameters) for arm in CLAIM.arms("smoke")}
STREAMS = Streams(7, "claim", "arm")
RULE = "gradient_descent.GradientDescent"


def by_schedule(report, quantity):
    return {one.at["schedule"]: one.value for one in report.measured if one.quantity == quantity}


def test_rates_begin_and_end_as_they_must():
    for name in ("cosine", "exponential"):
        rates = schedule_rates(name, 0.5, 0.01, 7)
        assert rates[[0, -1]] == pytest.approx([0.5, 0.005], rel=1e-12)
    assert schedule_rates("constant", 0.5, 0.01, 4).tolist() == [0.5] * 4


@given(st.floats(0.05, 1.9), st.floats(0.1, 3.0))
def test_variance_at_a_constant_rate_tends_to_its_closed_form(relative, curvature):
    rate = relative / curvature
    mean, variance = normal_law(np.full(3000, rate), curvature, 0.7, 2.0)
    assert variance[-1] == pytest.approx(rate * 0.49 / (curvature * (2 - relative)), rel=1e-9)
    assert abs(mean[-1]) < 1e-12


@given(st.lists(st.floats(0.01, 1.8), min_size=1, max_size=12))
def test_law_is_that_of_the_linear_combination_of_all_draws(rates):
    """x_N is a sum over the noise of each step, weighted by the product of the factors that follow it."""
    found, variance = normal_law(np.array(rates), 0.9, 0.4, 3.0)
    after = [math.prod(1 - rate * 0.9 for rate in rates[k + 1 :]) for k in range(len(rates))]
    expected = sum((rate * 0.4 * factor) ** 2 for rate, factor in zip(rates, after, strict=True))
    assert variance[-1] == pytest.approx(expected, rel=1e-10, abs=1e-300)
    assert found[-1] == pytest.approx(3.0 * math.prod(1 - rate * 0.9 for rate in rates), rel=1e-10, abs=1e-14)


def test_replicas_follow_the_law_and_reject_a_wrong_noise():
    report = decay_noise_floor(**{**ARMS["claim"], "replicas": 4096, "block_size": 1024}).whole(STREAMS)
    for name, value in by_schedule(report, "variance_statistic").items():
        assert abs(value - 4096) < 5 * math.sqrt(2 * 4096), name
        assert abs(1.05**2 * value - 4096) > 3 * math.sqrt(2 * 4096), name


def test_floor_reduction_is_the_ratio_of_mean_squares():
    report = decay_noise_floor(**ARMS["claim"]).whole(STREAMS)
    floors = by_schedule(report, "floor")
    for name, value in by_schedule(report, "floor_reduction").items():
        assert value == pytest.approx((floors["constant"] / floors[name]) ** 2, rel=1e-12)
        assert value > 5


def test_sign_changes_are_those_of_a_scalar_loop():
    report = decay_noise_floor(**{**ARMS["claim"], "replicas": 2, "block_size": 2}).whole(STREAMS)
    for name, count in by_schedule(report, "sign_changes").items():
        x, changes = 3.0, 0
        for rate in schedule_rates(name, 1.5, 0.01, 200):
            following = x - rate * x
            changes += (x > 0) != (following > 0)
            x = following
        assert count == changes
    assert by_schedule(report, "sign_changes")["constant"] == 200


def test_without_noise_the_constant_rate_ends_closest():
    report = decay_noise_floor(**ARMS["noise_removed"]).whole(STREAMS)
    floors = by_schedule(report, "floor")
    assert by_schedule(report, "variance_statistic") == {}
    assert floors["constant"] < min(floors["cosine"], floors["exponential"]) < 1e-2
    assert floors["exponential"] == pytest.approx(
        abs(noise_free_path(schedule_rates("exponential", 0.5, 0.01, 200), RULE, 1.0, 3.0)[-1]), rel=1e-9
    )
    assert max(by_schedule(report, "floor_reduction").values()) < 1


def test_large_first_rate_overshoots_by_half():
    report = overshooting_start(**ARMS["overshooting_start"])
    assert by_schedule(report, "first_step_ratio") == pytest.approx({"cosine": -0.5, "exponential": -0.5})


def test_frozen_residual_is_a_product_of_factors():
    report = freezing_decay(**ARMS["freezing_decay"])
    rates = [0.05 * 1e-3 ** (t / 199) for t in range(200)]
    residuals = by_schedule(report, "frozen_residual")
    assert residuals["exponential"] == pytest.approx(math.prod(1 - rate for rate in rates), rel=1e-11)
    assert residuals["constant"] == pytest.approx(0.95**200, rel=1e-11)
    ratio = by_schedule(report, "residual_over_constant")["exponential"]
    assert ratio == pytest.approx(residuals["exponential"] / residuals["constant"], rel=1e-12)


@pytest.mark.parametrize("experiment", ["claim", "overshooting_start", "freezing_decay"])
def test_unknown_schedule_is_refused(experiment):
    runs = {"claim": decay_noise_floor, "overshooting_start": overshooting_start, "freezing_decay": freezing_decay}
    with pytest.raises(OutOfRange, match="schedules: found staircase"):
        runs[experiment](**{**ARMS[experiment], "schedules": ["staircase"]})
