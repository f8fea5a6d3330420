"""Backtracking against naive loops: on the full loss, and on samples, whose accepted steps no point changes."""

import numpy as np
import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.dynamics.backtracking import Armijo
from descent_audit.experiments.schedules import batch_search, scale_search
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.theory.least_squares_moments import (
    iterated_losses,
    sample_step_map,
    scaled_regression,
    scheduled_losses,
    second_moment_map,
    stationary_loss,
)
from descent_audit.theory.mean_square_stability import sample_contraction

NAME = "backtracking_batch_floor"
LOSS = scaled_regression(12, 2, 0.3, 0.3)
RULE = Armijo(0.5, 0.5, 20)
FULL = {
    "optimizer": "gradient_descent.GradientDescent",
    "curvatures": [1.0, 0.1],
    "stiffness": 100.0,
    "scales": [1.0, 1024.0],
    "start": [3.0, -2.5],
    "accuracy": 1e-4,
    "decrease": 0.3,
    "shrink": 0.5,
    "first_step": 2.0**20,
    "longest_search": 60,
    "longest_run": 10000,
    "fixed_rate": 0.01,
    "fixed_scales": [1.0],
}


def values(report):
    return {(one.quantity, *one.at.values()): one.value for one in report.measured}


def kink(x, inner, outer):
    far = max(abs(x) - 1.0, 0.0)
    near = min(abs(x), 1.0)
    return inner * near**2 / 2 + inner * far + outer * far**2 / 2


def test_search_takes_the_steps_of_a_plain_loop():
    def loss(x):
        return kink(x[0], 1.0, 100.0) + kink(x[1], 0.1, 10.0)

    def slope(x):
        return np.array([(loss(x + h) - loss(x - h)) / 2e-6 for h in 1e-6 * np.eye(2)])

    x, steps, alphas = np.array([3.0, -2.5]), 0, []
    first = loss(x)
    while loss(x) > 1e-4 * first:
        gradient, alpha = slope(x), 2.0**20
        while not loss(x - alpha * gradient) <= loss(x) - 0.3 * alpha * gradient @ gradient:
            alpha /= 2
        x, steps = x - alpha * gradient, steps + 1
        alphas.append(100.0 * alpha)
    found = values(scale_search.full_loss_search(**FULL))
    assert found["search_steps", 1.0] == found["search_steps", 1024.0] == steps
    assert (found["smallest_step",], found["largest_step",]) == (min(alphas), max(alphas))
    assert found["iterate_difference",] == 0.0


def test_search_is_within_its_bound_and_the_first_trial_is_not():
    assert values(scale_search.full_loss_search(**FULL))["steps_over_bound",] < 1.0
    unsearched = values(scale_search.full_loss_search(**{**FULL, "longest_search": 0, "longest_run": 60000}))
    assert unsearched["steps_over_bound",] > 1.0
    assert unsearched["speedup",] < 1.0


def test_accepted_step_of_a_sample_is_the_same_at_every_point():
    expected = batch_search.accepted_steps(LOSS, RULE, 64.0)
    rng = np.random.default_rng(0)
    for theta in rng.normal(size=(20, 2)):
        for x, y, alpha in zip(LOSS.inputs, LOSS.targets, expected, strict=True):
            gradient, step = (x @ theta - y) * x, 64.0
            while not 0.5 * (x @ (theta - step * gradient) - y) ** 2 <= (
                0.5 * (x @ theta - y) ** 2 - 0.5 * step * gradient @ gradient
            ):
                step /= 2
            assert step == alpha


def test_recursion_is_the_mean_over_all_sequences_of_samples():
    alpha = batch_search.accepted_steps(LOSS, RULE, 64.0)
    points = [np.zeros(2)]
    for _ in range(3):
        points = [
            theta - step * (x @ theta - y) * x
            for theta in points
            for x, y, step in zip(LOSS.inputs, LOSS.targets, alpha, strict=True)
        ]
    mean = np.mean([LOSS.value(theta) for theta in points])
    (found,) = iterated_losses(LOSS, np.zeros(2), sample_step_map(LOSS, alpha), [3])
    assert found == pytest.approx(mean, rel=1e-12)


def test_floor_and_contraction_are_what_many_steps_come_to():
    alpha = batch_search.accepted_steps(LOSS, RULE, 64.0)
    step = sample_step_map(LOSS, alpha)
    late = iterated_losses(LOSS, np.zeros(2), step, [400])[0] - LOSS.value(LOSS.minimizer)
    assert stationary_loss(LOSS, step) == pytest.approx(late, rel=1e-9)
    quiet = scaled_regression(12, 2, 0.3, 0.0)
    excess = iterated_losses(quiet, np.zeros(2), sample_step_map(quiet, alpha), [40, 41])
    assert excess[1] / excess[0] == pytest.approx(sample_contraction(quiet, alpha), rel=1e-6)


def test_step_that_is_the_same_for_all_samples_is_mini_batch_descent():
    np.testing.assert_allclose(sample_step_map(LOSS, np.full(12, 0.1)), second_moment_map(LOSS, 0.1, 1), atol=1e-13)
    constant = scheduled_losses(LOSS, np.zeros(2), lambda _: 0.1, 7)
    step = second_moment_map(LOSS, 0.1, 1)
    np.testing.assert_allclose(constant, iterated_losses(LOSS, np.zeros(2), step, range(8)), rtol=1e-12)


def test_floor_needs_noise():
    (arm,) = [one for one in load_claims([NAME])[NAME].arms("smoke") if one.name == "noisy_labels"]
    with pytest.raises(OutOfRange) as fault:
        batch_search.noisy_samples(**{**arm.parameters, "noise": 0.0})
    assert fault.value.key == "noise"
    report = batch_search.noisy_samples(**{**arm.parameters, "runs": 500, "batch_runs": 200}).whole(
        Streams(1, NAME, "noisy_labels")
    )
    found = values(report)
    assert found["floor_over_schedule",] > 50
    assert found["batch_excess", 4] < found["excess_floor",]
