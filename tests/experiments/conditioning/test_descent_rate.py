"""Iteration counts against a scalar loop, and rates against the spectrum of the iteration matrix."""

import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.conditioning.descent_rate import (
    descent_rate,
    equal_contraction,
    predicted_iterations,
    small_loss_in_flat_directions,
)
from descent_audit.measurement.randomness import Streams


def report(**changes):
    settings = {
        "condition_numbers": [3.0, 30.0, 90.0],
        "rules": ["inverse_smoothness", "optimal"],
        "start": [1.0, 1.0],
        "accuracy": 1e-6,
        "fitted_from_condition_number": 30.0,
        "dense_condition_numbers": [10.0],
        "dense_dimension": 12,
        "dense_steps_per_condition_number": 100,
        "streams": Streams(3, "descent_rate_condition_number", "claim"),
    }
    return descent_rate(**{**settings, **changes})


def counted_by_hand(condition_number, rate, start, accuracy):
    x, y = start
    target = accuracy * math.hypot(x, y)
    for step in range(1, 100_000):
        x, y = x - rate * x, y - rate * y / condition_number
        if math.hypot(x, y) <= target:
            return step
    raise AssertionError("not reached")


@given(st.floats(1.5, 60.0), st.floats(0.1, 10.0), st.sampled_from(["inverse_smoothness", "optimal"]))
def test_prediction_agrees_with_a_scalar_loop(condition_number, flat, rule):
    rate = 1.0 if rule == "inverse_smoothness" else 2 / (1 + 1 / condition_number)
    count = counted_by_hand(condition_number, rate, (1.0, flat), 1e-4)
    predicted = predicted_iterations(np.array([condition_number]), rule, [1.0, flat], 1e-4)
    assert abs(float(predicted[0]) - count) <= 1


def test_counts_agree_with_a_scalar_loop():
    counts = {tuple(one.at.values()): one.value for one in report().measured if one.quantity == "iterations"}
    for condition_number in (3.0, 30.0, 90.0):
        for rule, rate in (("inverse_smoothness", 1.0), ("optimal", 2 / (1 + 1 / condition_number))):
            by_hand = counted_by_hand(condition_number, rate, (1.0, 1.0), 1e-6)
            assert counts[condition_number, rule] == by_hand


def test_asymptotic_rate_is_the_spectral_radius_of_the_iteration():
    (rate,) = (one for one in report().measured if one.quantity == "asymptotic_rate")
    spectrum = np.geomspace(0.1, 1.0, 12)
    iteration = np.eye(12) - 2 / 1.1 * np.diag(spectrum)
    assert rate.value == pytest.approx(np.abs(scipy.linalg.eigvals(iteration)).max(), abs=1e-6)


def test_no_flat_component_is_done_in_one_step():
    found = report(condition_numbers=[1e4], rules=["inverse_smoothness"], start=[1.0, 0.0])
    assert [(one.value, one.predicted) for one in found.measured if one.quantity == "iterations"] == [(1, 1)]
    assert not any(one.quantity.startswith("exponent") for one in found.measured)


def test_equal_curvatures_are_done_in_one_step():
    found = report(condition_numbers=[1.0])
    assert [(one.value, one.predicted) for one in found.measured if one.quantity == "iterations"] == [(1, 1), (1, 1)]


def test_heavy_ball_is_drawn_below_descent_and_preconditioned_at_one():
    curves = {curve.series: np.asarray(curve.y) for curve in report().curves if curve.role == "measured"}
    assert (curves["heavy ball"][1:] < curves[r"$\eta = 2/(L+\mu)$"][1:]).all()
    assert curves["preconditioned"].tolist() == [1, 1, 1]


def test_loss_in_stiff_directions_takes_one_step_and_otherwise_more():
    few = small_loss_in_flat_directions(condition_numbers=[50.0], stiff_directions=9, accuracy=0.01, steps=1000)
    assert few.measured[0].value == 1
    many = small_loss_in_flat_directions(condition_numbers=[50.0], stiff_directions=9, accuracy=1e-6, steps=1000)
    flat_factor, loss = (1 - 1 / 50) ** 2, 1 / (9 * 50 + 1)
    assert many.measured[0].value == math.ceil(math.log(1e-6 / loss) / math.log(flat_factor))


def test_both_coordinates_contract_alike():
    assert equal_contraction(condition_numbers=[7.0], steps=40).measured[0].value == pytest.approx(1.0, abs=1e-13)
