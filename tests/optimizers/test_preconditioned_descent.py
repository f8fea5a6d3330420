"""Preconditioned descent against plain descent and against Newton's method by hand."""

import math

import numpy as np

from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.preconditioned_descent import PreconditionedDescent


def test_identity_is_gradient_descent():
    x, gradient = np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([[0.5, -1.0], [2.0, 8.0]])
    rule = PreconditionedDescent(lambda g: g)
    assert rule.init(x) is None
    moved, state = rule.update(x, gradient, None, 0.25)
    plain, _ = GradientDescent().update(x, gradient, None, 0.25)
    np.testing.assert_array_equal(moved, plain)
    assert state is None


def test_inverse_curvature_is_newton_on_a_cubic():
    x, f_prime, f_second = 1.7, 3 * 1.7**2 - 2, 6 * 1.7
    moved, _ = PreconditionedDescent(lambda g: g / f_second).update(np.array([x]), np.array([f_prime]), None, 1.0)
    assert math.isclose(float(moved[0]), x - f_prime / f_second, rel_tol=1e-15)
