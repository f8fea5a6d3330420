"""The mean square that adaptive rules divide by, against a naive loop, and what their response to a slope shows."""

import numpy as np
import pytest

from descent_audit.experiments.adaptive_rates import noise_preconditioning as experiment
from descent_audit.experiments.adaptive_rates import rule_responses
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

STREAMS = Streams(5, "second_moment_preconditioner", "claim")
RUNS = {"learning_rate": 1e-3, "first_decay": 0.9, "second_decay": 0.99, "runs": 2, "block_size": 2}
BATCHES = {"dimension": 2, "smallest_scale": 0.1, "noise": 0.5, "batch_size": 2, "steps": 40, **RUNS}
POWER = {"dimension": 2, "condition_number": 100.0, "noise": 0.5, "steps": 4000, **RUNS}


def values(report):
    return {(one.quantity, *one.at.values()): one.value for one in report.measured}


def test_gradient_of_batches_at_the_minimum_has_the_variance_that_v_starts_from():
    sampling = experiment.batch_noise(optimizers=["rmsprop.RMSProp"], **{**BATCHES, "steps": 2})
    (cell,) = sampling.cells
    design = SignDesign(2, 0.1, 0.5)
    samples = design.samples
    each = (design.loss.inputs @ design.minimizer - design.loss.targets)[:, None] * design.loss.inputs
    pairs = [(each[i] + each[j]) / 2 for i in range(samples) for j in range(i)]
    start = cell.draw.args[4]
    np.testing.assert_allclose(start, np.var(pairs, axis=0), rtol=1e-12)


@pytest.mark.parametrize("name", ["rmsprop.RMSProp", "adam.Adam"])
def test_mean_square_is_that_of_a_naive_loop(name):
    sampling = experiment.power_noise(optimizers=[name], power=1.0, **{**POWER, "steps": 60})
    (cell,) = sampling.cells
    found = cell.draw(np.random.default_rng(3), 2)
    rng, curvatures = np.random.default_rng(3), np.array([1.0, 0.01])
    noise = 0.5 * np.sqrt(curvatures)
    x, mean, square, total = np.zeros((2, 2)), np.zeros((2, 2)), np.tile(noise**2, (2, 1)), np.zeros((2, 2))
    for step in range(1, 61):
        gradient = curvatures * x + noise * rng.standard_normal((2, 2))
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        x = x - 1e-3 * (mean if "Adam" in name else gradient) / np.sqrt(square)
        total += square if step > 30 else 0.0
    np.testing.assert_allclose(found.mean("square"), total.mean(axis=0) / 30, rtol=1e-12)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_condition_number_that_is_left_follows_the_noise(power):
    report = experiment.power_noise(optimizers=["rmsprop.RMSProp"], power=power, **POWER).whole(STREAMS)
    found = values(report)
    assert found["effective_condition", "RMSProp"] == pytest.approx(100.0 ** (1 - power / 2), rel=0.15)
    assert found["moment_exponent", "RMSProp"] == pytest.approx(power / 2, abs=0.05)


def test_response_is_the_same_for_all_coordinates_or_the_slopes_own():
    rules = ["rmsprop.RMSProp", "adam.Adam", "heavy_ball.HeavyBall", "gradient_descent.GradientDescent"]
    settings = {"dimension": 3, "condition_number": 50.0, "learning_rate": 1e-3, "decay": 0.9, "steps": 100}
    found = values(rule_responses.open_loop(optimizers=rules, **settings))
    assert [found["response_condition", rule.partition(".")[2]] for rule in rules] == pytest.approx([1, 1, 50, 50])


def test_rule_with_a_diagonal_does_not_commute_with_rotations():
    settings = {"dimension": 3, "condition_number": 50.0, "learning_rate": 0.01, "decay": 0.9, "steps": 20}
    found = values(
        rule_responses.rotated_runs(optimizers=["heavy_ball.HeavyBall", "rmsprop.RMSProp"], streams=STREAMS, **settings)
    )
    assert found["equivariance_error", "HeavyBall"] < 1e-13
    assert found["equivariance_error", "RMSProp"] > 0.01


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"batch_size": 8}, "batch_size"),
        ({"noise": 0.0}, "batch_size"),
        ({"optimizers": ["heavy_ball.HeavyBall"]}, "optimizers"),
    ],
)
def test_what_leaves_no_mean_square_is_refused(change, key):
    with pytest.raises(OutOfRange) as fault:
        experiment.batch_noise(**{"optimizers": ["rmsprop.RMSProp"], **BATCHES, **change})
    assert fault.value.key == key
