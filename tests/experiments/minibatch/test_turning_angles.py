"""Turning of descent against runs in the parameters themselves, and the step correlation against all batches."""

import itertools
import math

import numpy as np
import pytest

from descent_audit.experiments.minibatch.turning_angles import (
    overshooting_turns,
    path_angles,
    turning_angles,
)
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

DESIGN = SignDesign(2, 0.3, 0.5)
SETTINGS = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimension": 2,
    "smallest_scale": 0.3,
    "noise": 0.5,
    "learning_rates": [0.4, 0.2, 0.1],
    "travel": 100.0,
    "fitted_rates": 2,
    "batch_size": 2,
    "batch_learning_rates": [0.3],
    "batch_travel": 5.0,
    "runs": 600,
    "block_size": 300,
    "scalar_relative_rates": [0.5],
    "scalar_dimensions": [1, 2],
    "scalar_noise": 1.0,
    "pairs": 2000,
    "pair_block_size": 1000,
}


def values(observations, quantity):
    return [one.value for one in observations.measured if one.quantity == quantity]


def test_angles_are_those_of_steps_in_the_parameters():
    rate, theta, steps = 0.3, np.zeros(2), []
    for _ in range(12):
        step = -rate * DESIGN.loss.gradient(theta)
        theta = theta + step
        steps.append(step)
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in itertools.pairwise(steps)]
    np.testing.assert_allclose(path_angles(DESIGN, rate, 12), np.arccos(np.clip(cosines, -1, 1)), atol=1e-7)


def test_report_has_the_laws_and_controls_break_them():
    sampling = turning_angles(**SETTINGS)
    report = sampling.whole(Streams(1, "turning", "claim"))
    (angle,) = values(report, "mean_batch_angle")
    assert 70 < angle < 120
    assert all(value <= 1 + 1e-9 for value in values(report, "angle_over_bound"))
    (total,) = [one for one in report.measured if one.quantity == "total_turning"]
    assert total.value == pytest.approx(total.predicted, rel=0.03)
    smooth = turning_angles(**{**SETTINGS, "batch_size": 8, "runs": 1, "block_size": 1})
    (angle,) = values(smooth.whole(Streams(1, "turning", "claim")), "mean_batch_angle")
    assert angle < 5
    quiet = turning_angles(**{**SETTINGS, "scalar_noise": 0.0})
    assert values(quiet.whole(Streams(1, "turning", "claim")), "reversals") == [0]


def test_beyond_the_inverse_of_the_smoothness_the_path_turns_back():
    report = overshooting_turns(dimension=2, smallest_scale=0.3, learning_rates=[1.5, 1.9], steps=200)
    assert min(values(report, "largest_angle")) > 90
    assert values(report, "last_angle")[1] == pytest.approx(180.0, abs=0.01)
    assert math.isfinite(values(report, "last_angle")[0])


def test_rate_without_a_bound_is_refused():
    with pytest.raises(OutOfRange, match="learning_rates"):
        turning_angles(**{**SETTINGS, "learning_rates": [1.2]})
