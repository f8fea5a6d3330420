"""Least squares against a naive loop and the normal equations."""

import math

import numpy as np
import pytest

from descent_audit.landscapes.least_squares import LeastSquares

RNG = np.random.default_rng(11)
INPUTS, TARGETS = RNG.standard_normal((9, 3)), RNG.standard_normal(9)
LOSS = LeastSquares(INPUTS, TARGETS)


def test_value_is_half_the_mean_of_the_squared_errors():
    theta = np.array([0.5, -1.0, 2.0])
    squares = [
        (sum(a * b for a, b in zip(x, theta, strict=True)) - y) ** 2 for x, y in zip(INPUTS, TARGETS, strict=True)
    ]
    assert float(LOSS.value(theta)) == pytest.approx(0.5 * math.fsum(squares) / 9, rel=1e-13)
    assert float(LeastSquares(INPUTS, TARGETS, 1.0).value(theta)) == pytest.approx(math.fsum(squares) / 9, rel=1e-13)


def test_minimizer_solves_the_normal_equations():
    assert LOSS.minimizer == pytest.approx(np.linalg.solve(INPUTS.T @ INPUTS, INPUTS.T @ TARGETS), rel=1e-10)
    assert LOSS.gradient(LOSS.minimizer) == pytest.approx(np.zeros(3), abs=1e-14)


def test_smoothness_is_the_largest_squared_singular_value_over_the_samples():
    largest = np.linalg.svd(INPUTS, compute_uv=False)[0] ** 2
    assert LOSS.smoothness == pytest.approx(largest / 9, rel=1e-12)
    assert LeastSquares(INPUTS, TARGETS, 1.0).smoothness == pytest.approx(2 * largest / 9, rel=1e-12)


def test_minimizer_of_too_few_samples_has_no_part_in_the_null_space():
    wide = LeastSquares(INPUTS[:2], TARGETS[:2])
    null = np.linalg.svd(INPUTS[:2])[2][-1]
    assert null @ wide.minimizer == pytest.approx(0.0, abs=1e-12)
    assert float(wide.value(wide.minimizer)) == pytest.approx(0.0, abs=1e-25)
