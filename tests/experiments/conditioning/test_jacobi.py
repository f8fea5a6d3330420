"""The diagonal preconditioner against SciPy's generalised eigenvalues and a scalar loop."""

import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.conditioning.jacobi import (
    effective_condition,
    jacobi_rotation,
    measured_condition,
    plane_hessian,
    random_rotations,
)
from descent_audit.landscapes.quadratic import random_orthogonal, rotated_hessian
from descent_audit.measurement.randomness import Streams


@given(st.floats(1.0, 1e4), st.floats(0.0, 90.0))
def test_formula_agrees_with_generalised_eigenvalues(condition_number, degrees):
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    hessian = turn @ np.diag([1.0, 1 / condition_number]) @ turn.T
    low, high = scipy.linalg.eigh(hessian, np.diag(np.diag(hessian)), eigvals_only=True)
    assert float(effective_condition(condition_number, degrees)) == pytest.approx(high / low, rel=1e-8)
    assert float(measured_condition(plane_hessian(condition_number, degrees))) == pytest.approx(high / low, rel=1e-8)


@given(st.floats(1.0, 1e5))
def test_limits_of_the_formula(condition_number):
    assert float(effective_condition(condition_number, 0.0)) == 1.0
    assert float(effective_condition(condition_number, 45.0)) == pytest.approx(condition_number, rel=1e-12)


def test_counts_agree_with_a_scalar_loop():
    report = jacobi_rotation(
        condition_numbers=[10.0],
        angles=3,
        tested_degrees=5.0,
        iterated_condition_number=30.0,
        iterated_degrees=[0.0, 10.0, 45.0],
        accuracy=1e-5,
    )
    counts = {one.at["degrees"]: one for one in report.measured if one.quantity == "iterations"}
    for degrees in (10.0, 45.0):
        (a, b), (_, d) = plane_hessian(30.0, degrees)
        angle = math.radians(degrees)
        x, y = math.cos(angle) - math.sin(angle), math.sin(angle) + math.cos(angle)
        target, step = 1e-5 * math.hypot(x, y), 0
        while math.hypot(x, y) > target:
            x, y, step = x - (a * x + b * y) / a, y - (b * x + d * y) / d, step + 1
        assert counts[degrees].value == step
        assert abs(counts[degrees].value - counts[degrees].predicted) < 2
    assert counts[0.0].value == counts[0.0].predicted == 1


def test_gain_rejects_diagonal_eigenvectors():
    settings = {"angles": 3, "iterated_condition_number": 10.0, "iterated_degrees": [0.0], "accuracy": 1e-3}
    for degrees, gains in ((5.0, True), (45.0, False)):
        report = jacobi_rotation(condition_numbers=[10.0, 1e3], tested_degrees=degrees, **settings)
        assert all((one.value > 2) == gains for one in report.measured if one.quantity == "condition_gain")


def test_scaling_of_the_coordinates_is_undone():
    hessian = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]])
    scale = np.diag([1.0, 1e3, 1e-2])
    assert float(measured_condition(scale @ hessian @ scale)) == pytest.approx(
        float(measured_condition(hessian)), rel=1e-9
    )


def test_random_bases_gain_little_in_many_dimensions():
    report = random_rotations(
        condition_number=1e4, dimensions=[20], draws=20, streams=Streams(2, "jacobi_preconditioner_rotation", "claim")
    )
    found = {one.quantity: one.value for one in report.measured}
    assert 0.3 < found["smallest_gain_random"] <= found["median_gain_random"] < 2
    assert found["gain_over_axis_ratio"] <= 1.0
    curvatures = [
        np.diag(rotated_hessian(np.geomspace(1e-4, 1.0, 20), random_orthogonal(20, np.random.default_rng(seed))))
        for seed in range(20)
    ]
    typical = np.median([one.max() / one.min() for one in curvatures]) / 1e4
    assert 0.2 * typical < found["axis_ratio_over_condition"] < 10 * typical
