"""Exact line search against a numerical minimisation along the gradient."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize

from descent_audit.experiments.conditioning.line_search import ExactLineSearch, line_search_path, line_search_rate
from descent_audit.landscapes.quadratic import DiagonalQuadratic


def test_step_minimises_the_loss_along_the_gradient():
    loss, x = DiagonalQuadratic(np.array([1.0, 0.1, 0.03])), np.array([0.3, -1.0, 2.0])
    gradient = loss.gradient(x)
    moved, _ = ExactLineSearch(loss).update(x, gradient, None, 1.0)
    best = scipy.optimize.minimize_scalar(lambda rate: float(loss.value(x - rate * gradient)))
    np.testing.assert_allclose(moved, x - best.x * gradient, rtol=1e-6)


def test_path_holds_start_and_all_steps_with_orthogonal_gradients():
    loss = DiagonalQuadratic(np.array([1.0, 0.05]))
    path = line_search_path(loss, np.array([1.0, 3.0]), 6)
    assert path.shape == (7, 2)
    for before, after in pairwise(path):
        assert abs(loss.gradient(before) @ loss.gradient(after)) < 1e-14


@pytest.mark.parametrize("condition_number", [5.0, 100.0])
def test_worst_start_has_the_largest_factor_of_all_starts(condition_number):
    report = line_search_rate(condition_number=condition_number, steps=3)
    worst = max(one.value for one in report.measured if one.quantity == "line_search_factor")
    loss = DiagonalQuadratic(np.array([1.0, 1 / condition_number]))
    starts = np.stack([np.ones(400), np.geomspace(1e-2, 1e4, 400)], axis=-1)
    moved, _ = ExactLineSearch(loss).update(starts, loss.gradient(starts), None, 1.0)
    factors = loss.value(moved) / loss.value(starts)
    assert factors.max() <= worst + 1e-12
    assert factors.max() > worst - 1e-3


def test_first_factor_prediction_agrees_with_the_measurement():
    report = line_search_rate(condition_number=40.0, steps=2)
    (first,) = (one for one in report.measured if one.quantity == "first_factor_over_worst")
    assert first.value == pytest.approx(first.predicted, rel=1e-9)
