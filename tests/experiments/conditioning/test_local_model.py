"""The quadratic model by symbolic series terms and the constants by random search with SciPy's eigenvalues."""

import math

import numpy as np
import pytest
import scipy.linalg

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.conditioning import local_model
from descent_audit.experiments.conditioning.local_model import PowerIteration, cusp, flat_quartic, quadratic_model
from descent_audit.measurement.randomness import Streams


def report(**changes):
    settings = {
        "model_curvature": 1.0,
        "smallest_radius": 1e-3,
        "largest_radius": 0.2,
        "points": 8,
        "fitted_points": 6,
        "dimension": 6,
        "condition_number": 20.0,
        "pairs": 50,
        "refined_pairs": 4,
        "power_steps": 400,
        "streams": Streams(1, "quadratic_local_model", "claim"),
    }
    return quadratic_model(**{**settings, **changes})


def values(observations):
    return {one.quantity: one.value for one in observations.measured}


def test_exponents_agree_with_the_slope_between_the_end_points_of_the_series():
    found = values(report(points=2, fitted_points=2, smallest_radius=0.01, largest_radius=0.1))
    cubic = [sum(r**n / math.factorial(n) for n in range(3, 20)) for r in (0.01, 0.1)]
    quartic = [r**4 / 12 - r**6 / 45 + 17 * r**8 / 2520 for r in (0.01, 0.1)]
    assert found["error_exponent_generic"] == pytest.approx(math.log10(cubic[1] / cubic[0]), abs=1e-9)
    assert found["error_exponent_symmetric"] == pytest.approx(math.log10(quartic[1] / quartic[0]), abs=1e-6)


def test_exponent_rejects_a_model_of_another_curvature():
    assert abs(values(report(model_curvature=0.8))["error_exponent_generic"] - 3) > 0.5


def test_constants_are_reached_from_inside():
    found = values(report())
    assert 1 - 1e-6 < found["smoothness_ratio"] <= 1 + 1e-12
    assert 1 - 1e-12 <= found["strong_convexity_ratio"] < 1 + 1e-6
    assert found["pairs_outside"] == 0


def test_few_power_steps_leave_the_constants_short():
    found = values(report(power_steps=1))
    assert found["smoothness_ratio"] < 1 - 1e-3
    assert found["strong_convexity_ratio"] > 1 + 1e-3


def test_condition_number_and_linearity_are_those_of_the_hessian():
    found = {one.quantity: one for one in report().measured}
    assert found["measured_condition_number"].predicted == 20.0
    assert found["measured_condition_number"].value == pytest.approx(20.0, rel=1e-6)
    assert found["linearity_error"].value < 1e-12


def test_linearity_error_rejects_a_ratio_of_the_first_point_alone(monkeypatch):
    monkeypatch.setattr(local_model, "_stretch", lambda loss, x, y: loss.gradient(x)[:, 0] + 1.0)
    assert values(report())["linearity_error"] > 0.1


def test_pairs_outside_rejects_a_wrong_spectrum(monkeypatch):
    monkeypatch.setattr(local_model.Quadratic, "smoothness", property(lambda self: 0.3))
    assert values(report())["pairs_outside"] > 0


def test_power_iteration_finds_the_top_eigenvector_of_scipy():
    matrix = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]])
    for end in iterate(lambda v: v @ matrix, np.ones((1, 3)), 1.0, 200, PowerIteration()):
        assert np.linalg.norm(end) == pytest.approx(1.0)
    top = scipy.linalg.eigh(matrix)[1][:, -1]
    assert abs(end[0] @ top) == pytest.approx(1.0, abs=1e-12)


def test_cusp_grows_as_its_radii_part():
    (growth,) = cusp(small_radius=1e-4, large_radius=1e-2, points=8).measured
    assert growth.value == pytest.approx((100 + 1e-4) / (10 + 1e-2), rel=1e-12)
    assert growth.predicted == pytest.approx((100 + 1e-4) / (10 + 1e-2), rel=1e-12)


def test_quartic_is_missed_entirely():
    report = flat_quartic(radii=[0.01, 1.0], difference_spacing=1e-6)
    assert [one.value for one in report.measured] == pytest.approx([1.0, 1.0], abs=1e-7)
