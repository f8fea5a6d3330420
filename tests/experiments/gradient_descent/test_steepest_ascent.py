"""Directions of steepest ascent against scalar arithmetic and a quadratic expansion."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.steepest_ascent import (
    central_differences,
    directions,
    oblique_products,
    random_points,
    steepest_direction,
)
from descent_audit.landscapes.log_sum_exp import LogSumExp
from descent_audit.measurement.randomness import Streams

SLOPES, OFFSETS = [[1.0, 1.0], [-2.0, 0.0], [0.0, -1.0]], [0.0, 0.0, 0.5]
LOSS = LogSumExp(np.array(SLOPES), np.array(OFFSETS))


def report(**changes):
    settings = {
        "slopes": SLOPES,
        "offsets": OFFSETS,
        "point": [0.7, -0.4],
        "further_points": 3,
        "half_width": 1.0,
        "smallest_gradient": 0.2,
        "radius": 1e-5,
        "angles": 720,
        "difference": 1e-6,
        "metric": [1.0, 1.0],
        "near_axis": 0.1,
        "learning_rate": 1e-3,
    }
    return steepest_direction(**{**settings, **changes}, streams=Streams(4, "claim", "arm"))


def values(observations, quantity, **at):
    return [
        one.value
        for one in observations.measured
        if one.quantity == quantity and all(one.at[key] == value for key, value in at.items())
    ]


def scalar_value(p, q):
    return math.log(math.exp(p + q) + math.exp(-2 * p) + math.exp(0.5 - q))


def best_degrees(p, q, radius, angles):
    increase = [
        scalar_value(p + radius * math.cos(2 * math.pi * k / angles), q + radius * math.sin(2 * math.pi * k / angles))
        for k in range(angles)
    ]
    return 360 * max(range(angles), key=increase.__getitem__) / angles


def gradient_degrees(p, q):
    weights = [math.exp(p + q), math.exp(-2 * p), math.exp(0.5 - q)]
    slope = (weights[0] - 2 * weights[1], weights[0] - weights[2])
    return math.degrees(math.atan2(slope[1], slope[0])) % 360


@pytest.mark.parametrize("radius", [1e-5, 1.0])
def test_angle_error_is_that_of_a_scalar_search(radius):
    expected = abs(best_degrees(0.7, -0.4, radius, 720) - gradient_degrees(0.7, -0.4))
    found = values(report(radius=radius), "angle_error_degrees", point=0, gradient="analytic")
    assert found == pytest.approx([min(expected, 360 - expected)], abs=1e-8)


def test_small_circle_follows_the_gradient_at_every_point():
    found = report()
    assert max(values(found, "angle_error_degrees")) <= 0.5
    assert values(found, "deviating_points") == [0, 0]
    assert values(found, "decrease_fraction") == [1.0]


def test_cosine_law_error_grows_with_the_radius():
    errors = [values(report(radius=r), "cosine_law_error", point=0, gradient="analytic")[0] for r in (1e-5, 1e-4, 1e-3)]
    assert errors[1] / errors[0] == pytest.approx(10, rel=0.05)
    assert errors[2] / errors[1] == pytest.approx(10, rel=0.05)
    gradient, hessian = LOSS.gradient(np.array([0.7, -0.4])), LOSS.hessian(np.array([0.7, -0.4]))
    expected = 1e-4 * np.linalg.eigvalsh(hessian)[-1] / 2 / np.linalg.norm(gradient)
    assert errors[1] == pytest.approx(expected, rel=0.01)


def test_other_metric_rejects_its_gradient_as_the_steepest_direction():
    found = report(metric=[1.0, 4.0])
    assert min(values(found, "angle_error_degrees", oblique=True)) > 0.5


def test_points_near_an_axis_are_marked():
    slope = LOSS.gradient(np.array([0.7, -0.4]))
    share = np.min(np.abs(slope)) / np.linalg.norm(slope)
    assert values(report(near_axis=0.99 * share), "angle_error_degrees", point=0, oblique=True)
    assert values(report(near_axis=1.01 * share), "angle_error_degrees", point=0, oblique=False)


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_central_differences_are_the_gradient(p, q):
    found = central_differences(LOSS, np.array([[p, q]]), 1e-6)
    assert found == pytest.approx(LOSS.gradient(np.array([[p, q]])), abs=1e-8)


def test_random_points_keep_their_distance_from_the_minimum():
    points = random_points(LOSS, 300, half_width=1.0, smallest_gradient=0.3, rng=np.random.default_rng(0))
    assert np.abs(points).max() <= 1
    assert np.linalg.norm(LOSS.gradient(points), axis=1).min() >= 0.3


def test_directions_have_length_one():
    assert np.linalg.norm(directions(np.linspace(0, 6, 30)), axis=1) == pytest.approx(np.ones(30))


def test_the_cosine_law_is_missed_by_half_the_radius_times_the_curvature():
    for radius in (1e-4, 1e-3):
        for one in report(radius=radius).measured:
            if one.quantity == "cosine_law_error":
                assert one.value == pytest.approx(one.predicted, rel=0.02, abs=1e-6 * radius)


def test_oblique_gradients_are_those_away_from_both_axes_by_their_angle():
    angles = np.radians([0.0, 5.7, 5.8, 45.0, 84.2, 84.3, 95.8, 174.3, 300.0])
    gradients = np.array([0.3, 1, 2, 3, 4, 5, 6, 7, 8])[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = oblique_products(gradients, math.sin(math.radians(5.75)))
    assert found.tolist() == [False, False, True, True, True, False, True, False, True]
