"""Limits of Adam against scalar loops and the first order in the inverse of the constant."""

import math

import numpy as np
import pytest

from descent_audit.experiments.adaptive_rates.adam_limits import largest_deviation, limit_identities
from descent_audit.optimizers.gradient_descent import GradientDescent


def report(**changes):
    settings = {
        "adam_optimizer": "adam.Adam",
        "rmsprop_optimizer": "rmsprop.RMSProp",
        "averaged_optimizer": "averaged_gradient.AveragedGradient",
        "heavy_ball_optimizer": "heavy_ball.HeavyBall",
        "curvatures": [1.0, 0.01],
        "start": [1.0, 1.0],
        "steps": 60,
        "first_decay": 0.9,
        "second_decay": 0.999,
        "rmsprop_first_decay": 0.0,
        "rmsprop_learning_rate": 0.02,
        "epsilons": [1e2, 1e4],
        "rate_over_epsilon": 0.5,
        "fitted_from_epsilon": 10.0,
        "averaged_learning_rate": 0.5,
        "heavy_ball_rescaled": True,
    }
    return limit_identities(**{**settings, **changes})


def value(quantity, **changes):
    return next(one.value for one in report(**changes).measured if one.quantity == quantity)


def deviation_by_hand(curvature, epsilon, steps):
    x, y, m, v, n, largest = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0
    for t in range(1, steps + 1):
        g, h = curvature * x, curvature * y
        m, v, n = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, 0.9 * n + 0.1 * h
        x -= 0.5 * epsilon * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + epsilon)
        y -= 0.5 * n / (1 - 0.9**t)
        largest = max(largest, abs(x - y))
    return largest


def test_deviation_at_a_large_constant_agrees_with_a_scalar_loop():
    for epsilon in (1e2, 1e4):
        expected = max(deviation_by_hand(curvature, epsilon, 60) for curvature in (1.0, 0.01))
        found = value("large_epsilon_deviation", epsilons=[epsilon, 1e5])
        assert found == pytest.approx(expected, rel=1e-8)


def test_deviation_is_of_first_order():
    assert value("large_epsilon_exponent", epsilons=[1e4, 1e6]) == pytest.approx(-1.0, abs=1e-3)


def test_fit_leaves_out_small_constants():
    with_small = value("large_epsilon_exponent", epsilons=[1.0, 1e2, 1e4])
    assert with_small == value("large_epsilon_exponent", epsilons=[1e2, 1e4])


@pytest.mark.parametrize("first_decay", [0.3, 0.9, 0.99])
def test_identities_hold_for_other_constants(first_decay):
    assert value("rmsprop_deviation", second_decay=0.9) == 0.0
    assert value("heavy_ball_deviation", first_decay=first_decay) < 1e-12


def test_identities_reject_what_is_left_in():
    assert value("rmsprop_deviation", rmsprop_first_decay=0.9) > 1e-3
    assert value("heavy_ball_deviation", heavy_ball_rescaled=False) > 1e-3


def test_largest_deviation_is_over_steps_and_coordinates():
    start, rule = np.array([[1.0, 0.0], [2.0, -4.0]]), GradientDescent()
    found = largest_deviation(lambda x: x, start, 5, (rule, 1.0), (rule, 0.5))
    np.testing.assert_allclose(found, [0.5, 2.0])
