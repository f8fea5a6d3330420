"""Rescaled losses against exact powers of two, the closed form of gradient descent and scalar loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.adaptive_rates.scale_invariance import dominant_epsilon, scale_invariance

pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide")


def report(**changes):
    defaults = {
        "methods": ["adam", "rmsprop"],
        "adam_optimizer": "adam.Adam",
        "rmsprop_optimizer": "rmsprop.RMSProp",
        "baseline_optimizer": "gradient_descent.GradientDescent",
        "first_decay": 0.9,
        "second_decay": 0.999,
        "curvatures": [1.0, 0.01],
        "start": [1.0, 1.0],
        "learning_rate": 0.02,
        "steps": 40,
        "binary_exponents": [-40, 30],
        "decimal_exponents": [-9, 4],
        "epsilon": 1e-8,
        "gradient_exponents": [-12, -8, -5],
        "constant_gradients": [1e-3, 1e3],
        "constant_steps": 50,
    }
    return scale_invariance(**{**defaults, **changes})


def found(quantity, observations):
    return [one for one in observations.measured if one.quantity == quantity]


@settings(max_examples=15, deadline=None)
@given(st.integers(-200, 200), st.floats(0.001, 0.5))
def test_power_of_two_changes_no_bit_until_squares_underflow(exponent, rate):
    observations = report(binary_exponents=[exponent], learning_rate=rate, steps=15)
    assert all(one.value == 0 for one in found("scale_deviation_binary", observations))


def test_other_factors_differ_by_rounding_only():
    assert all(one.value < 1e-13 for one in found("scale_deviation_decimal", report()))


def test_invariance_rejects_gradient_descent():
    observations = report(methods=["gradient_descent"], binary_exponents=[-3], decimal_exponents=[-1], steps=300)
    t = np.arange(1, 301)
    expected = max(np.abs((1 - 0.002) ** t - 0.98**t).max(), np.abs((1 - 2e-5) ** t - (1 - 2e-4) ** t).max())
    (deviation,) = found("scale_deviation_decimal", observations)
    assert deviation.value == pytest.approx(expected, rel=1e-10)
    assert deviation.value > 0.5


def test_step_is_half_of_the_rate_where_gradient_and_constant_agree():
    steps = {one.at["gradient"]: one.value for one in found("epsilon_step_ratio", report())}
    assert steps[1e-8] == pytest.approx(0.5, rel=1e-12)
    assert steps[1e-12] == pytest.approx(1e-4, rel=1e-3)
    assert steps[1e-5] == pytest.approx(1 - 1e-3, rel=1e-5)


def test_constant_is_what_keeps_a_step_without_gradient_defined():
    assert all(one.value == 0 for one in found("nonfinite_with_epsilon", report()))
    assert all(one.value == 1 for one in found("nonfinite_without_epsilon", report()))
    assert all(one.value == 1 for one in found("nonfinite_with_epsilon", report(epsilon=0.0)))


def test_effective_rate_of_a_constant_gradient():
    for one in found("effective_rate_product", report()):
        square = sum(0.001 * 0.999**age for age in range(50)) if one.at["method"] == "rmsprop" else 1.0
        assert one.value == pytest.approx(0.02 / math.sqrt(square), rel=1e-10)
        assert one.value == pytest.approx(one.predicted, rel=1e-10)


@pytest.mark.parametrize(("scale", "small"), [(1e-12, True), (1e-8, False)])
def test_dominant_constant_makes_it_gradient_descent(scale, small):
    observations = dominant_epsilon(
        rmsprop_optimizer="rmsprop.RMSProp",
        baseline_optimizer="gradient_descent.GradientDescent",
        second_decay=0.999,
        curvatures=[1.0],
        start=[1.0],
        learning_rate=0.02,
        steps=20,
        scale=scale,
        epsilon=1e-8,
    )
    x, y, v, largest = 1.0, 1.0, 0.0, 0.0
    for _ in range(20):
        g = scale * x
        v = 0.999 * v + 0.001 * g * g
        x, y = x - 0.02 * g / (math.sqrt(v) + 1e-8), y - 0.02 / 1e-8 * scale * y
        largest = max(largest, abs((x - 1) / (y - 1) - 1))
    assert observations.measured[0].value == pytest.approx(largest, rel=1e-3)
    assert (observations.measured[0].value < 1e-3) == small
