"""The last oscillation against scalar loops, the fixed points of two steps and the power of gradient descent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.adaptive_rates.step_floor import step_floor, window_and_samples
from descent_audit.optimizers.rmsprop import RMSProp


def report(**changes):
    settings = {
        "method": "rmsprop",
        "rmsprop_optimizer": "rmsprop.RMSProp",
        "baseline_optimizer": "gradient_descent.GradientDescent",
        "learning_rates": [0.1, 0.05],
        "curvatures": [1e-3, 20.0],
        "second_decays": [0.5, 0.9],
        "start": 1.0,
        "steps": 1200,
        "window_steps": 50,
        "decay_learning_rate": 0.05,
        "decay_second_decay": 0.5,
        "decay_curvature": 1.0,
        "rate_ratios": [0.1, 0.01],
    }
    return step_floor(**{**settings, **changes})


def found(quantity, **changes):
    return [one for one in report(**changes).measured if one.quantity == quantity]


@given(st.floats(1e-4, 1.0), st.floats(1e-3, 1e3), st.floats(0.0, 0.99))
def test_half_a_rate_is_an_exact_cycle_of_two_steps(rate, curvature, decay):
    rule, x = RMSProp(decay, 0.0), np.array([rate / 2])
    state = (curvature * x) ** 2
    once, state = rule.update(x, curvature * x, state, rate)
    assert float(once[0]) == pytest.approx(-rate / 2, rel=1e-12)
    twice, _ = rule.update(once, curvature * once, state, rate)
    assert float(twice[0]) == pytest.approx(rate / 2, rel=1e-12)


def test_floor_is_half_a_rate_for_every_cell():
    cells = found("floor_over_eta")
    assert len({tuple(one.at.values()) for one in cells}) == 8
    assert all(one.value == pytest.approx(0.5, abs=1e-9) for one in cells)
    assert all(one.value < 1e-9 for one in found("period_two_residual"))


def test_floor_of_a_short_run_agrees_with_a_scalar_loop():
    (one,) = found(
        "floor_over_eta", learning_rates=[0.1], curvatures=[2.0], second_decays=[0.9], steps=40, window_steps=5
    )
    x, v, sizes = 1.0, 0.0, []
    for _ in range(40):
        v = 0.9 * v + 0.1 * (2 * x) ** 2
        x -= 0.1 * 2 * x / math.sqrt(v)
        sizes.append(abs(x))
    assert one.value == pytest.approx(max(sizes[-5:]) / 0.1, rel=1e-9)


def test_decaying_rate_takes_the_amplitude_with_it():
    for one in found("decayed_floor_over_final_eta"):
        ratio, x, v = one.at["rate_ratio"], 1.0, 0.0
        for t in range(1, 1201):
            v = 0.5 * v + 0.5 * x * x
            x -= 0.05 * ratio ** (t / 1200) * x / math.sqrt(v)
        assert one.value == pytest.approx(abs(x) / (0.05 * ratio), rel=1e-7)
        assert one.value == pytest.approx(0.5, abs=0.02)


def test_floor_rejects_gradient_descent():
    (one,) = found(
        "floor_over_eta", method="gradient_descent", learning_rates=[0.1], curvatures=[1.0], second_decays=[0.9]
    )
    assert one.value == pytest.approx(0.9**1151 / 0.1, rel=1e-9)


def test_window_and_samples_keep_what_is_asked_for():
    path = [np.array([float(t)]) for t in range(1, 11)]
    last, samples = window_and_samples(iter(path), 10, 3, np.array([1, 5, 10]))
    assert last.ravel().tolist() == [8, 9, 10]
    assert samples.ravel().tolist() == [1, 5, 10]


def test_two_steps_of_gradient_descent_lead_as_far_as_a_scalar_loop():
    changes = {"method": "gradient_descent", "learning_rates": [0.05], "curvatures": [20.0, 1.0], "steps": 80}
    for one in found("period_two_residual", **changes):
        x, path = 1.0, []
        for _ in range(80):
            x -= 0.05 * one.at["curvature"] * x
            path.append(x)
        moves = [abs(after - before) for before, after in zip(path[30:], path[32:], strict=False)]
        assert one.predicted == pytest.approx(max(moves) / 0.05, rel=1e-10, abs=1e-300)
        assert one.value == pytest.approx(one.predicted, rel=1e-9, abs=1e-300)
