"""First steps and excursions against scalar arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.adaptive_rates.adaptive_first_step import adaptive_first_step, predicted_first_step


def report(**changes):
    settings = {
        "methods": ["adam", "adam_uncorrected", "rmsprop"],
        "adam_optimizer": "adam.Adam",
        "rmsprop_optimizer": "rmsprop.RMSProp",
        "baseline_optimizer": "gradient_descent.GradientDescent",
        "learning_rate": 0.01,
        "first_decay": 0.9,
        "second_decay": 0.999,
        "gradients": [1e-3, 1.0, 1e3],
        "first_decays": [0.9],
        "second_decays": [0.99],
        "epsilons": [0.0, 1e-8],
        "compared_gradients": [1e-3, 1e3],
        "excursion_start": 1.0,
        "excursion_learning_rates": [0.05, 0.1],
        "excursion_epsilon": 1e-8,
        "excursion_steps": 40,
    }
    return adaptive_first_step(**{**settings, **changes})


def found(quantity, **changes):
    return [one for one in report(**changes).measured if one.quantity == quantity]


def largest_by_hand(rate, start, steps, epsilon):
    x, v, largest = start, 0.0, 0.0
    for _ in range(steps):
        v = 0.999 * v + 0.001 * x * x
        x -= rate * x / (math.sqrt(v) + epsilon)
        largest = max(largest, abs(x))
    return largest / abs(start)


@given(st.floats(0.0, 0.99), st.floats(0.0, 0.999), st.floats(1e-3, 1e3), st.floats(0.0, 1.0))
def test_formulas_are_the_update_worked_out_by_hand(first, second, size, epsilon):
    mean, square = (1 - first) * size, (1 - second) * size * size
    expected = {
        "adam": (mean / (1 - first)) / (math.sqrt(square / (1 - second)) + epsilon),
        "adam_uncorrected": mean / (math.sqrt(square) + epsilon),
        "rmsprop": size / (math.sqrt(square) + epsilon),
        "gradient_descent": size,
    }
    for method, value in expected.items():
        assert float(predicted_first_step(method, -size, first, second, epsilon)) == pytest.approx(value, rel=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_uncorrected_step_exceeds_the_rate_by_the_side_of_the_boundary(first, second):
    gap = second - (1 - (1 - first) ** 2)
    if abs(gap) > 1e-9:
        assert (float(predicted_first_step("adam_uncorrected", 1.0, first, second, 0.0)) > 1) == (gap > 0)


def test_usual_constants():
    steps = {one.at["method"]: one.value for one in found("first_step_ratio")}
    assert steps == pytest.approx({"adam": 1.0, "adam_uncorrected": math.sqrt(10), "rmsprop": math.sqrt(1000)})


def test_excursions_agree_with_a_scalar_loop():
    for one in found("largest_excursion", methods=["rmsprop"], excursion_start=-2.0):
        expected = largest_by_hand(one.at["learning_rate"], -2.0, 40, 1e-8)
        assert one.value == pytest.approx(expected, rel=1e-12)


def test_runs_that_fall_short_of_the_minimum_go_no_further_than_their_first_step():
    short = found("largest_excursion", methods=["adam"], excursion_learning_rates=[0.02, 0.2])
    assert [one.value for one in short] == pytest.approx([0.98, 0.8], rel=1e-7)
    assert [one.predicted for one in short] == pytest.approx([one.value for one in short], rel=1e-12)
    passing = found("largest_excursion", methods=["rmsprop"], excursion_learning_rates=[0.05])
    assert passing[0].predicted is None


def test_jump_is_where_the_first_step_passes_the_mirror_image():
    bound = 2 * math.sqrt(0.001)
    rates = [0.99 * bound, 1.01 * bound]
    below, above = found("largest_excursion", methods=["rmsprop"], excursion_learning_rates=rates)
    assert (below.at["jumps"], above.at["jumps"]) == (False, True)
    assert below.value < 1 < above.value
    assert above.value == pytest.approx(above.predicted, rel=1e-12)


def test_scale_ratio_rejects_a_step_without_normalisation():
    (adam, *_), (descent,) = found("step_scale_ratio"), found("step_scale_ratio", methods=["gradient_descent"])
    assert adam.value == pytest.approx(1.0, rel=1e-12)
    assert descent.value == pytest.approx(1e6, rel=1e-12)
