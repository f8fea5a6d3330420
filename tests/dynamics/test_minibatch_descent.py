"""Vectorised runs against a scalar loop and against the gradient of the batch as a data set of its own."""

import numpy as np
import pytest

from descent_audit.dynamics.minibatch_descent import batch_descent, batch_gradient, random_descent
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.heavy_ball import HeavyBall


def problem(factor=0.5):
    rng = np.random.default_rng(0)
    return LeastSquares(rng.standard_normal((6, 2)), rng.standard_normal(6), factor)


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_batch_gradient_is_that_of_the_batch_alone(factor):
    loss, rng = problem(factor), np.random.default_rng(1)
    theta, batches = rng.standard_normal((5, 2)), rng.integers(0, 6, (5, 3))
    found = batch_gradient(loss, theta, batches)
    for point, batch, gradient in zip(theta, batches, found, strict=True):
        alone = LeastSquares(loss.inputs[batch], loss.targets[batch], factor)
        assert gradient == pytest.approx(alone.gradient(point), rel=1e-13)


def test_runs_agree_with_a_scalar_loop():
    loss, batches = problem(), np.random.default_rng(2).integers(0, 6, (4, 3, 2))
    *_, found = batch_descent(loss, GradientDescent(), np.zeros((3, 2)), 0.2, 4, lambda k: batches[k - 1])
    for run in range(3):
        theta = [0.0, 0.0]
        for batch in batches[:, run]:
            slope = [0.0, 0.0]
            for i in batch:
                x, y = loss.inputs[i], loss.targets[i]
                error = theta[0] * x[0] + theta[1] * x[1] - y
                slope = [slope[0] + error * x[0] / 2, slope[1] + error * x[1] / 2]
            theta = [theta[0] - 0.2 * slope[0], theta[1] - 0.2 * slope[1]]
        assert found[run] == pytest.approx(theta, rel=1e-13)


@pytest.mark.parametrize("rule", [GradientDescent(), HeavyBall(0.5)])
def test_random_batches_of_all_samples_are_full_batch_descent(rule):
    loss = problem()
    *_, found = random_descent(loss, rule, np.random.default_rng(3), np.ones((4, 2)), 0.1, 20, 6)
    x, state = np.ones(2), rule.init(np.ones(2))
    for _ in range(20):
        x, state = rule.update(x, loss.gradient(x), state, 0.1)
    assert found == pytest.approx(np.tile(x, (4, 1)), rel=1e-12)


def test_random_batches_differ_between_runs_and_steps():
    loss = problem()
    first, second = random_descent(loss, GradientDescent(), np.random.default_rng(4), np.zeros((50, 2)), 0.1, 2, 1)
    assert 2 < len(np.unique(first, axis=0)) <= 6 < len(np.unique(second, axis=0)) <= 36
