"""Squared errors with and without one half, against runs written out and the exact solution."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_descent.squared_error import half_factor, loss_after, points_after
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.numerics.datasets import kronecker

DATA = kronecker(32, 5)
INPUTS, TARGETS = DATA[:, :-1], DATA[:, -1]


def report(**changes):
    settings = {
        "samples": 32,
        "dimension": 4,
        "data_row": 1,
        "difference": 1e-6,
        "relative_rate": 1.0,
        "compensated": True,
        "steps": 50,
        "drawn_steps": 5,
    }
    return half_factor(**{**settings, **changes})


def value(observations, quantity):
    (found,) = (one.value for one in observations.measured if one.quantity == quantity)
    return found


def naive_run(factor, rate, steps):
    """Return the points of a run, each gradient a sum over samples and components."""
    theta, path = [0.0] * 4, []
    for _ in range(steps):
        errors = [sum(a * b for a, b in zip(x, theta, strict=True)) - y for x, y in zip(INPUTS, TARGETS, strict=True)]
        slope = [2 * factor / 32 * math.fsum(e * x[j] for e, x in zip(errors, INPUTS, strict=True)) for j in range(4)]
        theta = [t - rate * s for t, s in zip(theta, slope, strict=True)]
        path.append(theta)
    return np.array(path)


def test_compensated_runs_are_the_same_to_the_last_bit():
    found = report()
    assert value(found, "trajectory_deviation") == 0.0
    assert {one.value for one in found.measured if one.quantity == "gradient_ratio"} == {2.0}
    assert value(found, "smoothness_ratio") == pytest.approx(2.0, abs=1e-12)


def test_deviation_at_one_rate_is_that_of_naive_runs():
    rate = 1.5 * 32 / np.linalg.svd(INPUTS, compute_uv=False)[0] ** 2
    reference, other = naive_run(0.5, rate, 12), naive_run(1.0, rate, 12)
    expected = np.max(np.abs(other - reference).max(axis=1) / np.abs(reference).max(axis=1))
    found = report(relative_rate=1.5, compensated=False, steps=12)
    assert value(found, "trajectory_deviation") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("compensated", "relative_rate"), [(True, 1.0), (False, 0.7), (False, 1.5)])
def test_final_loss_is_as_predicted_and_as_in_a_naive_run(compensated, relative_rate):
    rate = relative_rate * 32 / np.linalg.svd(INPUTS, compute_uv=False)[0] ** 2 * (0.5 if compensated else 1.0)
    last = naive_run(1.0, rate, 30)[-1]
    expected = math.log10(np.sum((INPUTS @ last - TARGETS) ** 2) / np.sum(TARGETS**2))
    found = report(compensated=compensated, relative_rate=relative_rate, steps=30)
    one = next(one for one in found.measured if one.quantity == "final_loss_decades")
    assert one.value == pytest.approx(expected, abs=1e-9)
    assert one.predicted == pytest.approx(expected, abs=1e-9)


def test_loss_before_the_first_step_is_that_of_the_targets():
    loss = LeastSquares(INPUTS, TARGETS, 1.0)
    assert loss_after(loss, 0.1, 0) == pytest.approx(float(np.mean(TARGETS**2)), rel=1e-12)


def test_drawn_runs_coincide_only_where_they_are_compensated():
    half, full = report().curves
    assert half.y == pytest.approx(full.y)
    half, full = report(relative_rate=1.5, compensated=False).curves
    assert full.y[-1] > 1e3 * half.y[-1]


@pytest.mark.parametrize(("factor", "rate"), [(0.5, 0.3), (1.0, 0.9)])
def test_points_after_so_many_steps_are_those_of_a_naive_run(factor, rate):
    loss = LeastSquares(INPUTS, TARGETS, factor)
    assert points_after(loss, rate, 12) == pytest.approx(naive_run(factor, rate, 12), rel=1e-9, abs=1e-12)
