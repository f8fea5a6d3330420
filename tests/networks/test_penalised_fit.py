"""Loss, gradient and Hessian of the penalised fit against sums, SciPy's differences and linear regression."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from descent_audit.networks.deep_tanh import DeepTanhNetwork
from descent_audit.networks.penalised_fit import PenalisedFit

NETWORK = DeepTanhNetwork(2, 3)
X = np.linspace(-1.5, 1.0, 9)
Y = np.cos(2 * X)
RNG = np.random.default_rng(3)
ANCHOR = RNG.standard_normal(NETWORK.parameters)
BASIS = np.linalg.qr(RNG.standard_normal((NETWORK.parameters, 5)))[0]


def fit(anchor=ANCHOR, basis=BASIS):
    return PenalisedFit(NETWORK, X, Y, 0.02, anchor, basis)


def test_value_is_a_sum_over_samples_and_parameters():
    q = RNG.standard_normal(5)
    p = [a + sum(b * c for b, c in zip(row, q, strict=True)) for a, row in zip(ANCHOR, BASIS, strict=True)]
    errors = [float(NETWORK.outputs(np.array(p), np.array([x]))[0]) - y for x, y in zip(X, Y, strict=True)]
    expected = sum(e * e for e in errors) / (2 * 9) + 0.01 * sum(one * one for one in p)
    assert float(fit().value(q)) == pytest.approx(expected, rel=1e-12)


def test_gradient_and_hessian_are_those_of_differences():
    q = RNG.standard_normal(5)
    assert fit().gradient(q) == pytest.approx(approx_fprime(q, lambda one: float(fit().value(one)), 1e-7), abs=1e-5)
    differences = (fit().gradient(q + 1e-5 * np.eye(5)) - fit().gradient(q - 1e-5 * np.eye(5))) / 2e-5
    assert np.allclose(fit().hessian(q), differences, atol=1e-8)


def test_gauss_newton_is_the_hessian_without_residuals():
    """With targets that the network meets, what Gauss and Newton leave out vanishes."""
    q = RNG.standard_normal((2, 5))[:1]
    met = PenalisedFit(NETWORK, X, NETWORK.outputs(fit().parameters(q)[0], X), 0.02, ANCHOR, BASIS)
    gradient, square = met.gauss_newton(q)
    assert np.allclose(square, met.hessian(q), atol=1e-13)
    assert np.allclose(gradient, met.gradient(q), atol=1e-14)
    assert not np.allclose(fit().gauss_newton(q)[1], fit().hessian(q), atol=1e-3)


def test_loss_of_the_output_layer_is_ridge_regression():
    free = NETWORK.output_parameters
    anchor = np.concatenate([ANCHOR[:-free], np.zeros(free)])
    ridge = fit(anchor, np.eye(NETWORK.parameters)[:, -free:])
    features = np.array([NETWORK.outputs(anchor + np.eye(NETWORK.parameters)[k], X) for k in range(-free, 0)]).T
    expected = np.linalg.solve(features.T @ features / 9 + 0.02 * np.eye(free), features.T @ Y / 9)
    assert np.allclose(ridge.gradient(expected), 0.0, atol=1e-13)


def test_subspace_of_a_subspace_is_one():
    inner = np.linalg.qr(RNG.standard_normal((5, 2)))[0]
    r = RNG.standard_normal((4, 2))
    within = fit().within(inner)
    assert np.allclose(within.value(r), fit().value(r @ inner.T), rtol=1e-13)
    assert np.allclose(within.gradient(r), fit().gradient(r @ inner.T) @ inner, atol=1e-13)
