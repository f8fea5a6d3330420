import math
from fractions import Fraction

import numpy as np
import pytest

from descent_audit.experiments.minibatch.full_batch import exact_gradient, first_step_gap, full_batch_identity
from descent_audit.landscapes.tanh_regression import TanhRegression
from descent_audit.measurement.randomness import Streams


def values(**changes):
    settings = {
        "optimizer": "gradient_descent.GradientDescent",
        "dimension": 3,
        "samples": [40],
        "replicas": [2],
        "left_out": 0,
        "replacement": False,
        "learning_rate": 0.3,
        "steps": 20,
        "exact_samples": 20,
        "exact_replicas": 2,
        "exact_steps": 5,
        "drawn_points": 6,
    }
    arm = changes.pop("arm", "claim")
    found = full_batch_identity(**{**settings, **changes}, streams=Streams(1, "name", arm))
    return {one.quantity: one.value for one in found.measured}


def test_full_batches_are_descent():
    found = values()
    assert found["ordered_gap"] == found["exact_sum_gap"] == 0.0
    assert 0.0 < found["shuffled_relative_gap"] < 1e-13


@pytest.mark.parametrize("changes", [{"left_out": 1}, {"replacement": True}])
def test_other_batches_are_not(changes):
    found = values(**changes)
    assert min(found[name] for name in ("ordered_gap", "exact_sum_gap", "smallest_relative_gap")) > 1e-5


def test_exact_gradient_is_the_rounded_sum_of_fractions():
    rng = np.random.default_rng(0)
    loss = TanhRegression(rng.standard_normal((1, 2, 30)), rng.standard_normal((1, 30)))
    theta = rng.standard_normal((1, 2))
    gradients = loss.sample_gradients(theta)[0]
    expected = [float(sum(map(Fraction, component))) / 30 for component in gradients.tolist()]
    assert exact_gradient(loss, theta)[0].tolist() == expected
    assert expected == pytest.approx([math.fsum(component) / 30 for component in gradients])


def test_descent_agrees_with_a_scalar_loop_over_shuffled_samples():
    rng = np.random.default_rng(1)
    loss = TanhRegression(rng.standard_normal((1, 1, 5)), rng.standard_normal((1, 5)))
    theta, vector = 0.0, np.zeros((1, 1))
    for _ in range(10):
        total = 0.0
        for i in rng.permutation(5):
            x, y = loss.inputs[0, 0, i], loss.targets[0, i]
            total += (math.tanh(x * theta) - y) * (1 - math.tanh(x * theta) ** 2) * x
        theta -= 0.3 * total / 5
        vector = vector - 0.3 * exact_gradient(loss, vector)
    assert vector[0, 0] == pytest.approx(theta, rel=1e-13)


def test_first_step_gap_agrees_with_gradients_at_zero():
    rng = np.random.default_rng(2)
    loss = TanhRegression(rng.standard_normal((3, 2, 6)), rng.standard_normal((3, 6)))
    batch = np.array([[0, 1, 2], [3, 3, 4], [5, 0, 5]])
    expected = []
    for replica in range(3):
        gradients = loss.sample_gradients(np.zeros((3, 2)))[replica]
        full = [sum(row) / 6 for row in gradients.tolist()]
        part = [sum(row[i] for i in batch[replica]) / 3 for row in gradients.tolist()]
        expected.append(math.dist(full, part) / math.hypot(*full))
    assert first_step_gap(loss, batch) == pytest.approx(max(expected), rel=1e-12)


def test_rounded_sums_stay_beside_exact_ones():
    assert 0.0 < values()["rounded_sum_gap"] < 1e-14


def test_gradient_is_that_of_differences_of_the_loss():
    assert 0 < values()["gradient_error"] < 1e-8
