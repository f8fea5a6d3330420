"""The exact recursion against all batches of a small problem, one after another."""

from itertools import combinations

import numpy as np
import pytest

from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.least_squares_moments import (
    descent_losses,
    iterated_losses,
    powered_losses,
    scaled_regression,
    second_moment_map,
)
from descent_audit.trajectories import final

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
