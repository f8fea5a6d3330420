"""Averages and steps against SciPy's recursive filter, weighted means and a scalar loop."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from descent_audit.experiments.adaptive_rates.bias_profile import bias_profile, lag, sparse_gradient, step_ratio


def report(**changes):
    settings = {
        "adam_optimizer": "adam.Adam",
        "gradient": 0.37,
        "gradient_decay": 1.0,
        "learning_rate": 0.001,
        "decays": [[0.9, 0.99], [0.5, 0.98]],
        "dominant_epsilon": 1e20,
        "settled_within": 0.01,
        "steps": 900,
    }
    return bias_profile(**{**settings, **changes})


def values(observations, quantity):
    return {tuple(one.at.values()): one for one in observations.measured if one.quantity == quantity}


def averaged(gradients, decay):
    return lfilter([1 - decay], [1, -decay], gradients)


def test_ratio_is_that_of_filtered_gradients():
    t, gradients = np.arange(1, 200), np.full(199, 0.37)
    mean, square = averaged(gradients, 0.9), averaged(gradients**2, 0.99)
    formula = step_ratio(t[:, None], np.array([[0.9, 0.99]]))[:, 0]
    np.testing.assert_allclose(mean / np.sqrt(square), formula, rtol=1e-12)


def test_landmarks_agree_with_a_continuous_optimum_and_the_asymptote():
    observations = report()
    for first, second in ((0.9, 0.99), (0.5, 0.98)):

        def ratio(t, first=first, second=second):
            return -(1 - first**t) / math.sqrt(1 - second**t)

        best = minimize_scalar(ratio, bounds=(1, 100), method="bounded")
        assert abs(values(observations, "peak_step")[first, second].value - best.x) <= 1
        assert values(observations, "peak_ratio")[first, second].value == pytest.approx(-best.fun, rel=1e-2)
        settled = math.log(1 - 1.01**-2) / math.log(second)
        assert abs(values(observations, "settling_step")[first, second].value - settled) <= 1
        extra = sum(-ratio(t) - 1 for t in range(1, 901))
        assert values(observations, "extra_distance")[first, second].value == pytest.approx(extra, rel=1e-10)


def test_moments_are_read_off_the_steps_of_a_changing_gradient():
    gradients = 0.37 * 0.9 ** np.arange(10)
    t = np.arange(1, 11)
    mean = averaged(gradients, 0.9) / (1 - 0.9**t)
    square = averaged(gradients**2, 0.99) / (1 - 0.99**t)
    errors = values(report(gradient_decay=0.9, decays=[[0.9, 0.99]], steps=10), "moment_error")
    assert errors[0.9, 0.99, "first"].value == pytest.approx(np.abs(mean / gradients - 1).max(), rel=1e-10)
    assert errors[0.9, 0.99, "second"].value == pytest.approx(np.abs(square / gradients**2 - 1).max(), rel=1e-10)


def test_constant_gradient_has_no_error_left_and_a_falling_one_does():
    assert all(one.value < 1e-12 for one in values(report(), "moment_error").values())
    assert all(one.value < 1e-12 for one in values(report(), "profile_error").values())
    falling = values(report(gradient_decay=0.9, steps=10), "moment_error")
    assert falling[0.9, 0.99, "first"].value == pytest.approx(1 / (1 - 0.9**10) - 1, rel=1e-10)


def test_equal_constants_have_no_peak_step():
    observations = report(decays=[[0.9, 0.9]], steps=50)
    assert not values(observations, "peak_step")
    assert values(observations, "peak_ratio")[0.9, 0.9].value == pytest.approx(math.sqrt(1 - 0.9**50), rel=1e-12)


def test_sparse_step_agrees_with_a_scalar_loop():
    settings = {"adam_optimizer": "adam.Adam", "learning_rate": 0.01, "first_decay": 0.9, "second_decay": 0.99}
    found = sparse_gradient(**settings, silent_steps=700, epsilon=1e-300, drawn_steps=3)
    m, v, steps = 0.0, 0.0, []
    for t, gradient in enumerate([0.0] * 700 + [1.0, 0.0, 0.0, 0.0], 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient
        steps.append(m / (1 - 0.9**t) / (math.sqrt(v / (1 - 0.99**t)) + 1e-300))
    assert found.measured[0].value == pytest.approx(steps[700], rel=1e-12)
    assert found.measured[0].predicted == pytest.approx(steps[700], rel=1e-12)
    for curve in found.curves[:2]:
        np.testing.assert_allclose(curve.y, steps[700:], rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.9, 0.97, 1.0, 1.02])
def test_lag_is_that_of_filtered_gradients(ratio):
    gradients, t = ratio ** np.arange(30), np.arange(1, 31)
    found = lag(np.array([0.9, 0.99]), ratio, 30)
    for index, decay in enumerate((0.9, 0.99)):
        late = averaged(gradients, decay) / (1 - decay**t) / gradients - 1
        np.testing.assert_allclose(found[:, index], late, rtol=1e-10, atol=1e-14)


def test_errors_under_a_falling_gradient_are_the_predicted_lags():
    observations = report(gradient_decay=0.9, steps=10)
    for quantity in ("profile_error", "moment_error"):
        found = values(observations, quantity).values()
        assert all(one.value > 0.05 for one in found)
        assert [one.value for one in found] == pytest.approx([one.predicted for one in found], rel=1e-11)
