"""Level sets against the axes that SciPy's eigenvalues give and a brute-force search over the circle."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from descent_audit.experiments.conditioning.level_sets import largest_misdirection, level_sets
from descent_audit.landscapes.quadratic import plane_rotation, rotated_hessian


def report(condition_numbers, **changes):
    settings = {
        "rotation": 0.3,
        "rays": 360,
        "halvings": 60,
        "drawn_condition_numbers": [4.0],
        "drawn_arrows": 3,
    }
    return level_sets(condition_numbers=condition_numbers, **{**settings, **changes})


def values(observations):
    return {one.quantity: one.value for one in observations.measured}


@pytest.mark.parametrize("condition_number", [1.0, 3.0, 250.0])
def test_axis_ratio_is_that_of_the_eigenvalues(condition_number):
    hessian = rotated_hessian(np.array([1.0, 1 / condition_number]), plane_rotation(0.3))
    low, high = scipy.linalg.eigvalsh(hessian)
    assert values(report([condition_number]))["axis_ratio"] == pytest.approx(math.sqrt(high / low), rel=1e-9)


@pytest.mark.parametrize("condition_number", [2.0, 30.0])
def test_largest_misdirection_is_the_maximum_over_all_points(condition_number):
    def negative_angle(polar):
        x = np.array([math.cos(polar), math.sin(polar)])
        step = x * [1.0, 1 / condition_number]
        return -math.acos(x @ step / np.linalg.norm(x) / np.linalg.norm(step))

    best = scipy.optimize.minimize_scalar(
        negative_angle, bounds=(0.01, 1.56), method="bounded", options={"xatol": 1e-9}
    )
    assert float(largest_misdirection(condition_number)) == pytest.approx(-best.fun, abs=1e-8)
    assert values(report([condition_number]))["largest_misdirection"] == pytest.approx(-best.fun, abs=1e-6)


def test_prediction_agrees_with_the_arccosine_form():
    kappa = np.array([1.5, 10.0, 1e4])
    np.testing.assert_allclose(largest_misdirection(kappa), np.arccos(2 * np.sqrt(kappa) / (kappa + 1)), rtol=1e-9)


def test_nothing_depends_on_the_rotation():
    upright, turned = values(report([16.0], rotation=0.0)), values(report([16.0], rotation=1.1))
    assert upright["axis_ratio"] == pytest.approx(turned["axis_ratio"], rel=1e-12)
    assert upright["largest_misdirection"] == pytest.approx(turned["largest_misdirection"], abs=1e-12)
    assert turned["perpendicularity"] < 1e-12


def test_axis_ratio_rejects_rough_roots():
    assert abs(values(report([16.0], halvings=6))["axis_ratio"] - 4) > 1e-3


def test_circle_has_no_misdirection():
    found = values(report([1.0]))
    assert found["largest_misdirection"] < 1e-7
    assert found["axis_ratio"] < 1 + 1e-12
