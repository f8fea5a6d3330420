"""Logistic regression beyond the bound, against scalar loops and SciPy."""

import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from descent_audit.experiments.gradient_descent.logistic_rates import (
    logistic_threshold,
    minimizer,
    noisy_labels,
    separable_descent,
)
from descent_audit.numerics.datasets import kronecker

SET_UP = {
    "samples": 40,
    "dimension": 2,
    "margin": 2.0,
    "steps": 600,
    "halvings": 10,
    "lost_gradient": 1e-6,
    "largest_relative_rate": 40.0,
    "bounded_relative_rate": 20.0,
}


def measured(report) -> dict[str, float]:
    return {one.quantity: one.value for one in report.measured}


def value(w, inputs, labels):
    return -special.log_expit(labels * (inputs @ w)).mean()


def gradient(w, inputs, labels):
    return -(special.expit(-labels * (inputs @ w)) * labels) @ inputs / len(labels)


def test_noisy_labels_follow_their_probability():
    data, loss = kronecker(300, 4), noisy_labels(300, 3, 2.0)
    uniform = stats.norm.cdf(data[:, 3])
    expected = [1.0 if u < special.expit(2.0 * sum(x[:3])) else -1.0 for x, u in zip(data, uniform, strict=True)]
    assert loss.labels.tolist() == expected
    assert np.array_equal(loss.inputs, data[:, :3])
    assert loss.labels.mean() == pytest.approx(np.mean(2 * special.expit(2 * data[:, :3].sum(axis=1)) - 1), abs=0.1)


def test_minimizer_is_the_one_that_scipy_finds():
    loss = noisy_labels(80, 4, 2.0)
    found = optimize.minimize(
        value, np.zeros(4), args=(loss.inputs, loss.labels), jac=gradient, tol=1e-13, method="BFGS"
    )
    assert minimizer(loss) == pytest.approx(found.x, abs=1e-5)
    assert np.linalg.norm(gradient(minimizer(loss), loss.inputs, loss.labels)) < 1e-14


def test_threshold_is_that_of_a_plain_bisection():
    loss = noisy_labels(40, 2, 2.0)
    smoothness = np.linalg.eigvalsh(loss.inputs.T @ loss.inputs)[-1] / 160
    low, high = 1 / smoothness, 40 / smoothness
    for _ in range(10):
        rate, w = (low + high) / 2, np.zeros(2)
        for _ in range(600):
            w = w - rate * gradient(w, loss.inputs, loss.labels)
        lost = np.linalg.norm(gradient(w, loss.inputs, loss.labels)) > 1e-6
        low, high = (low, rate) if lost else (rate, high)
    found = measured(logistic_threshold(**SET_UP))
    assert found["threshold_over_bound"] == pytest.approx((low + high) / 2 * smoothness / 2, rel=1e-9)


def test_threshold_belongs_to_the_curvature_at_the_minimum():
    found = measured(logistic_threshold(**{**SET_UP, "steps": 3000, "halvings": 14}))
    loss = noisy_labels(40, 2, 2.0)
    w, h = minimizer(loss), 1e-5
    shifts = h * np.eye(2)
    hessian = [
        (gradient(w + s, loss.inputs, loss.labels) - gradient(w - s, loss.inputs, loss.labels)) / (2 * h)
        for s in shifts
    ]
    expected = 2.0 / np.linalg.eigvalsh(np.array(hessian))[-1] / (2.0 / loss.smoothness)
    assert found["threshold_over_bound"] == pytest.approx(expected, rel=0.01)
    assert found["threshold_times_curvature"] == pytest.approx(2.0, rel=0.01)
    assert found["bounded_rate_over_threshold"] == pytest.approx(10.0 / found["threshold_over_bound"], rel=1e-12)


def test_largest_loss_is_that_of_a_scalar_loop():
    loss, w, losses = noisy_labels(40, 2, 2.0), np.zeros(2), [math.log(2)]
    for _ in range(30):
        w = w - 20.0 / loss.smoothness * gradient(w, loss.inputs, loss.labels)
        losses.append(value(w, loss.inputs, loss.labels))
    found = measured(logistic_threshold(**{**SET_UP, "steps": 30}))
    assert found["largest_loss_ratio"] == pytest.approx(max(losses) / math.log(2), rel=1e-6)


def test_separable_loss_vanishes_as_in_a_plain_loop():
    report = separable_descent(samples=40, direction=[1.0, -1.0], relative_rate=50.0, steps=300, largest_loss=1e100)
    inputs = kronecker(40, 2)
    labels, w = np.where(inputs[:, 0] > inputs[:, 1], 1.0, -1.0), np.zeros(2)
    rate = 50.0 * 160 / np.linalg.eigvalsh(inputs.T @ inputs)[-1]
    for _ in range(300):
        w = w - rate * gradient(w, inputs, labels)
    assert np.all(labels * (inputs @ w) > 0)
    assert measured(report)["final_loss"] == pytest.approx(value(w, inputs, labels), rel=1e-6)
    assert measured(report)["final_loss"] < 0.01


def test_bound_is_the_curvature_where_all_margins_vanish():
    assert measured(logistic_threshold(**SET_UP))["bound_over_curvature_at_origin"] == pytest.approx(1.0, abs=1e-13)
