"""Velocities under a gradient of constant size against explicit sums of weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.momentum.momentum_gain import (
    constant_average,
    constant_gain,
    terminal_gain,
    velocity_gains,
)

HEAVY_BALL = "heavy_ball.HeavyBall"
PARAMETERS = {
    "optimizer": HEAVY_BALL,
    "sign": "constant",
    "learning_rate": 0.01,
    "gradient": 2.0,
    "momentum": [0.0, 0.5, 0.9],
    "steps": 500,
    "alternating_momentum": [0.5],
    "alternating_steps": 200,
    "valley_momentum": [0.5, 0.8],
    "valley_relative_rate": 1e-3,
    "valley_accuracy": 0.1,
    "drawn_momentum": 0.9,
    "drawn_steps": 20,
}


def values(quantity, **changes):
    report = terminal_gain(**{**PARAMETERS, **changes})
    return {one.at["momentum"]: one for one in report.measured if one.quantity == quantity}


@given(st.floats(0, 0.99), st.sampled_from(["constant", "alternating"]), st.floats(0.01, 3), st.floats(0.1, 5))
def test_velocity_is_the_weighted_sum_of_past_gradients(momentum, sign, rate, gradient):
    found = velocity_gains(HEAVY_BALL, np.array([momentum]), rate, gradient, sign, 12)[:, 0]
    signs = [1.0 if sign == "constant" or t % 2 == 0 else -1.0 for t in range(12)]
    expected = [sum(momentum ** (t - s) * signs[s] for s in range(t + 1)) for t in range(12)]
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


@given(st.floats(0, 0.99), st.integers(1, 40))
def test_constant_gain_is_the_sum_of_the_weights(momentum, steps):
    expected = sum(momentum**k for k in range(steps))
    assert float(constant_gain(np.array([momentum]), np.array([steps]))[0, 0]) == pytest.approx(expected, rel=1e-10)


def test_terminal_gains_are_the_limits_of_both_sequences():
    assert [one.value for one in values("terminal_gain").values()] == pytest.approx([1.0, 2.0, 10.0], rel=1e-12)
    (start_up,) = values("terminal_gain", momentum=[0.99], steps=200).values()
    assert start_up.value == pytest.approx(sum(0.99**k for k in range(200)), rel=1e-12)
    assert start_up.predicted == pytest.approx(start_up.value, rel=1e-12)
    assert values("alternating_gain")[0.5].value == pytest.approx(2 / 3, rel=1e-12)
    alternating = values("terminal_gain", sign="alternating")
    assert (alternating[0.9].value, alternating[0.9].predicted) == pytest.approx((1 / 1.9, 10.0), rel=1e-12)


def test_velocity_error_shows_the_alternating_sign():
    assert max(one.value for one in values("velocity_error").values()) < 1e-12
    assert values("velocity_error", sign="alternating")[0.9].value > 5


def test_valley_speedup_is_the_ratio_of_scalar_counts():
    def count(momentum):
        y, v, steps = 1.0, 0.0, 0
        while abs(y) > 0.1 or abs(v) > 0.1:
            v = momentum * v - 1e-3 * y
            y, steps = y + v, steps + 1
        return steps

    for momentum, one in values("valley_speedup").items():
        assert one.value == count(0.0) / count(momentum)
        assert one.value == pytest.approx(1 / (1 - momentum), rel=0.05)


def test_scaled_rate_makes_the_velocity_an_average():
    report = constant_average(optimizer=HEAVY_BALL, momentum=[0.8], learning_rate=0.3, gradient=-1.5, steps=400)
    found = {one.quantity: one.value for one in report.measured}
    assert found == pytest.approx({"gain_of_sum": 5.0, "gain_of_average": 1.0}, rel=1e-12)
