"""Logistic regression against a naive loop, SciPy's minimum and extreme margins."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from descent_audit.landscapes.logistic import Logistic

RNG = np.random.default_rng(3)
INPUTS = RNG.standard_normal((40, 3))
LABELS = np.where(RNG.random(40) < 0.5, 1.0, -1.0)
LOSS = Logistic(INPUTS, LABELS)


def test_value_is_the_mean_over_samples():
    w = np.array([0.3, -1.2, 2.0])
    losses = [
        math.log1p(math.exp(-y * sum(a * b for a, b in zip(x, w, strict=True))))
        for x, y in zip(INPUTS, LABELS, strict=True)
    ]
    assert float(LOSS.value(w)) == pytest.approx(math.fsum(losses) / 40, rel=1e-13)


def test_value_at_the_origin_is_log_two_and_the_curvature_is_the_bound():
    assert float(LOSS.value(np.zeros(3))) == pytest.approx(math.log(2), rel=1e-15)
    assert np.linalg.eigvalsh(LOSS.hessian(np.zeros(3)))[-1] == pytest.approx(LOSS.smoothness, rel=1e-12)


def test_gradient_vanishes_at_the_minimum_that_scipy_finds():
    found = minimize(
        lambda w: float(LOSS.value(w)), np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14}
    )
    assert LOSS.gradient(found.x) == pytest.approx(np.zeros(3), abs=1e-6)


def test_huge_margins_do_not_overflow():
    with np.errstate(over="raise", invalid="raise"):
        right = Logistic(np.array([[1.0]]), np.array([1.0]))
        assert right.value(np.array([[1e4], [-1e4]])).tolist() == [0.0, 1e4]
        assert right.gradient(np.array([[1e4], [-1e4]])).ravel().tolist() == [0.0, -1.0]
