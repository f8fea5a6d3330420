"""Counts against scalar loops, rotations of the eigenvectors and the closed form of gradient descent."""

import math

import numpy as np
import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.adaptive_rates.axis_equalization import (
    axis_equalization,
    baseline_iterations,
    iteration_counts,
    rotated_counts,
)
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.rmsprop import RMSProp

NAME = "adaptive_axis_equalization"


def report(**changes):
    settings = {
        "methods": ["adam", "rmsprop"],
        "adam_optimizer": "adam.Adam",
        "rmsprop_optimizer": "rmsprop.RMSProp",
        "baseline_optimizer": "gradient_descent.GradientDescent",
        "first_decay": 0.9,
        "second_decay": 0.999,
        "epsilon": 1e-300,
        "learning_rate": 0.01,
        "baseline_learning_rate": 1.0,
        "gap_condition_numbers": [10.0, 1e12],
        "gap_steps": 60,
        "condition_numbers": [1.0, 10.0],
        "degrees": [0.0, 45.0],
        "accuracy": 0.01,
        "longest_steps": 2000,
        "fitted_from_condition_number": 1.0,
    }
    return axis_equalization(**{**settings, **changes})


def found(quantity, **changes):
    return [one for one in report(**changes).measured if one.quantity == quantity]


def counted_by_hand(rule, kappa, degrees):
    """Count with scalars: a, b, d are the elements of the Hessian, from the double-angle formulas."""
    angle, half = math.radians(degrees), (1 - 1 / kappa) / 2
    a, d = 1 - half + half * math.cos(2 * angle), 1 - half - half * math.cos(2 * angle)
    b = half * math.sin(2 * angle)
    x, y = math.cos(angle) - math.sin(angle), math.sin(angle) + math.cos(angle)
    m, v, first = [0.0, 0.0], [0.0, 0.0], 0.9 if rule == "adam" else 0.0
    for t in range(1, 5000):
        g = (a * x + b * y, b * x + d * y)
        m = [first * p + (1 - first) * q for p, q in zip(m, g, strict=True)]
        v = [0.999 * p + 0.001 * q * q for p, q in zip(v, g, strict=True)]
        third, fourth = (1 - first**t, 1 - 0.999**t) if rule == "adam" else (1.0, 1.0)
        x -= 0.01 * m[0] / third / math.sqrt(v[0] / fourth)
        y -= 0.01 * m[1] / third / math.sqrt(v[1] / fourth)
        if math.hypot(x, y) <= 0.01 * math.sqrt(2):
            return t
    raise AssertionError("not reached")


@pytest.mark.parametrize("degrees", [5.0, 30.0])
@pytest.mark.parametrize("kappa", [1.0, 20.0])
def test_counts_agree_with_a_scalar_loop(kappa, degrees):
    for name, rule in (("adam", Adam(0.9, 0.999, 1e-300, True)), ("rmsprop", RMSProp(0.999, 1e-300))):
        counts = iteration_counts(rule, 0.01, np.array([kappa]), np.array([degrees]), 0.01, 5000)
        assert abs(counts[0, 0] - counted_by_hand(name, kappa, degrees)) <= 1


def test_gradient_descent_counts_are_the_closed_form_at_every_angle():
    kappa, degrees = np.array([3.0, 30.0, 200.0]), np.array([0.0, 10.0, 45.0, 80.0])
    counts = iteration_counts(GradientDescent(), 1.0, kappa, degrees, 0.01, 3000)
    expected = np.ceil(math.log(0.01 * math.sqrt(2)) / np.log(1 - 1 / kappa))
    np.testing.assert_array_equal(counts, np.broadcast_to(expected[:, None], counts.shape))


def test_cell_that_does_not_arrive_counts_one_more_than_the_run():
    counts = iteration_counts(GradientDescent(), 1.0, np.array([1e6]), np.array([0.0]), 0.01, 50)
    assert counts.tolist() == [[51]]


def test_quarter_turn_only_swaps_the_axes():
    rule = RMSProp(0.999, 1e-300)
    counts = iteration_counts(rule, 0.01, np.array([10.0, 100.0]), np.array([0.0, 90.0]), 0.01, 2000)
    assert np.ptp(counts, axis=1).max() <= 1


def test_coordinates_stay_together_along_the_axes_only_with_adaptive_rates():
    assert all(one.value < 1e-14 for one in found("coordinate_gap"))
    assert all(one.value > 0.5 for one in found("coordinate_gap", methods=["gradient_descent"]))


def test_spread_rejects_gradient_descent():
    assert [one.value for one in found("iteration_spread")] == [0, 0]
    assert found("iteration_spread", methods=["gradient_descent"])[0].value == 40


def test_slowdown_and_exponent_come_from_the_counts():
    counts = {tuple(one.at.values()): one.value for one in found("iterations")}
    for one in found("rotation_slowdown"):
        method = one.at["method"]
        assert one.value == counts[method, 10.0, 45.0] / counts[method, 10.0, 0.0]
    for one in found("exponent_at_45"):
        method = one.at["method"]
        ratio = counts[method, 10.0, 45.0] / counts[method, 1.0, 45.0]
        assert one.value == pytest.approx(math.log10(ratio), rel=1e-12)


def test_rotated_counts_are_those_of_the_full_experiment():
    settings = {"adam_optimizer": "adam.Adam", "rmsprop_optimizer": "rmsprop.RMSProp", "methods": ["rmsprop"]}
    constants = {"first_decay": 0.9, "second_decay": 0.999, "epsilon": 1e-300, "learning_rate": 0.01}
    alone = rotated_counts(
        **settings, **constants, condition_numbers=[1.0, 10.0], degrees=45.0, accuracy=0.01, longest_steps=2000
    )
    full = {tuple(one.at.values()): one.value for one in found("iterations")}
    counted = [one for one in alone.measured if one.quantity == "iterations"]
    assert all(one.value == full[tuple(one.at.values())] for one in counted)
    assert len(counted) == 2


def test_baseline_iterations_are_the_logarithm_for_the_flat_direction():
    kappa = np.array([3.0, 50.0, 1e4])
    expected = [math.ceil(math.log(0.01 * math.sqrt(2)) / math.log(1 - 1 / value)) for value in kappa]
    assert baseline_iterations(1.0, kappa, 0.01, 100_000).tolist() == expected
    assert baseline_iterations(1.0, np.array([1.0]), 0.01, 10).tolist() == [1]
    assert baseline_iterations(1.0, kappa, 0.01, 20).tolist() == [expected[0], 21, 21]


def test_rates_of_both_parameters_are_those_of_a_plain_loop():
    (arm,) = [one for one in load_claims([NAME])[NAME].arms("smoke") if one.name == "rotated"]
    report = rotated_counts(**{**arm.parameters, "methods": ["rmsprop"], "condition_numbers": [100.0]})
    (found,) = [one.value for one in report.measured if one.quantity == "rate_ratio"]
    (steps,) = [one.value for one in report.measured if one.quantity == "iterations"]
    turn = math.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])
    hessian, x, square, ratio = turn @ np.diag([1.0, 0.01]) @ turn.T, turn @ np.ones(2), np.zeros(2), 1.0
    for _ in range(steps):
        gradient = hessian @ x
        square = 0.999 * square + 0.001 * gradient**2
        x = x - 0.01 * gradient / np.sqrt(square)
        ratio = min(ratio, math.sqrt(square.min() / square.max()))
    assert np.linalg.norm(x) <= 0.01 * math.sqrt(2)
    assert found == pytest.approx(ratio, rel=1e-9)
