"""The exact recursion against all batches of a small problem, one after another."""

from itertools import combinations

import numpy as np
import pytest

from descent_audit.dynamics.trajectories import final
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.theory.least_squares_moments import (
    descent_losses,
    first_increase,
    iterated_losses,
    powered_losses,
    scaled_regression,
    second_moment_map,
    stationary_loss,
)

START = np.array([0.3, -0.2])


def problem():
    rng = np.random.default_rng(0)
    return LeastSquares(rng.standard_normal((4, 2)), rng.standard_normal(4))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_expected_loss_agrees_with_the_tree_of_all_batches(batch_size):
    loss, points, means = problem(), START[None], []
    for _ in range(3):
        points = np.concatenate(
            [
                points - 0.3 * LeastSquares(loss.inputs[list(batch)], loss.targets[list(batch)]).gradient(points)
                for batch in combinations(range(4), batch_size)
            ]
        )
        means.append(loss.value(points).mean())
    step = second_moment_map(loss, 0.3, batch_size)
    assert iterated_losses(loss, START, step, [1, 2, 3]) == pytest.approx(means, rel=1e-12)
    assert powered_losses(loss, START, step, [1, 2, 3]) == pytest.approx(means, rel=1e-12)


def test_closed_form_of_descent_agrees_with_descent():
    loss = problem()
    found = descent_losses(loss, START, 0.3, [0, 5, 40])
    expected = [float(loss.value(final(loss.gradient, START, 0.3, steps))) for steps in (0, 5, 40)]
    assert found == pytest.approx(expected, rel=1e-12)


def test_regression_has_scaled_columns_and_alternating_weights():
    noisy, clean = scaled_regression(40, 3, 0.25, 0.5), scaled_regression(40, 3, 0.25, 0.0)
    assert clean.minimizer == pytest.approx([1.0, -1.0, 1.0])
    spread = np.linalg.norm(noisy.inputs, axis=0) / np.sqrt(40)
    assert spread[0] / spread[2] == pytest.approx(4.0, rel=0.2)
    assert np.std(noisy.targets - clean.targets) == pytest.approx(0.5, rel=0.15)


def test_stationary_loss_is_where_many_steps_end():
    loss = problem()
    step = second_moment_map(loss, 0.1, 1)
    late = powered_losses(loss, START, step, [2**16])[0] - float(loss.value(loss.minimizer))
    assert stationary_loss(loss, step) == pytest.approx(late, rel=1e-10)


def test_stationary_loss_of_one_dimension_solves_the_scalar_recursion():
    inputs, targets, rate = np.array([1.0, 2.0, -1.5]), np.array([0.5, -1.0, 2.0]), 0.1
    loss = LeastSquares(inputs[:, None], targets)
    residuals = targets - inputs * (inputs @ targets) / (inputs @ inputs)
    contraction = 1.0 - np.mean((1.0 - rate * inputs**2) ** 2)
    coupling = np.mean((1.0 - rate * inputs**2) * rate * inputs * residuals)
    mean = 0.0
    variance = (rate**2 * np.mean(inputs**2 * residuals**2) + 2 * coupling * mean) / contraction
    found = stationary_loss(loss, second_moment_map(loss, rate, 1))
    assert found == pytest.approx(0.5 * np.mean(inputs**2) * variance, rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_first_increase_agrees_with_all_batches(batch_size):
    loss = problem()
    ends = [
        loss.minimizer
        - 0.3 * LeastSquares(loss.inputs[list(batch)], loss.targets[list(batch)]).gradient(loss.minimizer)
        for batch in combinations(range(4), batch_size)
    ]
    expected = loss.value(np.array(ends)).mean() - float(loss.value(loss.minimizer))
    assert first_increase(loss, 0.3, batch_size) == pytest.approx(expected, rel=1e-12, abs=1e-15)
