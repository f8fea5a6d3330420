"""The diagonal linear network against SciPy, finite differences and a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from descent_audit.networks.diagonal import Weights, dual_solution, hessian_trace, weights_of
from descent_audit.numerics.datasets import kronecker

INPUTS = kronecker(3, 6)
TRUTH = np.array([1.0, 0.0, -0.5, 0.0, 0.0, 0.2])
LABELS = INPUTS @ TRUTH


@given(st.floats(-5.0, 5.0), st.floats(1e-3, 5.0))
def test_weights_come_back(function, product):
    layers = weights_of(np.array([function]), np.array([product]))
    assert min(layers.positive[0], layers.negative[0]) > 0
    assert layers.function[0] == pytest.approx(function, abs=1e-12)
    assert layers.product[0] == pytest.approx(product, rel=1e-12)


def test_trace_is_that_of_differences_of_the_gradient():
    layers = weights_of(TRUTH, np.full(6, 0.3))
    flat, step = np.concatenate(layers), 1e-5

    def loss(at):
        return np.mean((INPUTS @ (at[:6] ** 2 - at[6:] ** 2) - LABELS) ** 2) / 2

    moved = [(loss(flat + step * e) - 2 * loss(flat) + loss(flat - step * e)) / step**2 for e in np.eye(12)]
    assert hessian_trace(INPUTS, layers) == pytest.approx(sum(moved), rel=1e-4)


@pytest.mark.parametrize("product", [0.01, 0.1, 1.0])
def test_dual_solution_minimises_the_potential_among_all_fits(product):
    found = dual_solution(INPUTS, LABELS, np.full(6, product))

    def potential(beta):
        return np.sum(beta * np.arcsinh(beta / (2 * product)) - np.sqrt(beta**2 + 4 * product**2))

    fits = {"type": "eq", "fun": lambda beta: INPUTS @ beta - LABELS}
    best = minimize(potential, found + 0.1, constraints=[fits], method="SLSQP", options={"ftol": 1e-14, "maxiter": 500})
    np.testing.assert_allclose(INPUTS @ found, LABELS, atol=1e-11)
    assert potential(found) <= potential(best.x) + 1e-6  # SciPy meets the labels to about that
    np.testing.assert_allclose(found, best.x, atol=1e-3)


def test_large_products_give_the_least_euclidean_norm_and_small_ones_the_least_sum_of_sizes():
    np.testing.assert_allclose(
        dual_solution(INPUTS, LABELS, np.full(6, 1e4)), np.linalg.pinv(INPUTS) @ LABELS, atol=1e-6
    )
    split = linprog(np.ones(12), A_eq=np.hstack([INPUTS, -INPUTS]), b_eq=LABELS)
    sparse = split.x[:6] - split.x[6:]
    assert np.abs(dual_solution(INPUTS, LABELS, np.full(6, 1e-8))).sum() == pytest.approx(np.abs(sparse).sum(), rel=0.1)


def test_descent_from_equal_weights_ends_at_the_dual_solution():
    layers = Weights(np.full(6, 0.3), np.full(6, 0.3))
    for _ in range(200000):
        slope = INPUTS.T @ (INPUTS @ layers.function - LABELS) / 3
        layers = Weights(layers.positive * (1 - 2e-3 * slope), layers.negative * (1 + 2e-3 * slope))
    np.testing.assert_allclose(layers.function, dual_solution(INPUTS, LABELS, layers.product), atol=1e-4)
