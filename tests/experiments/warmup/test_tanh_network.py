import math

import numpy as np
import pytest

from descent_audit.experiments.warmup.tanh_network import curvature_along_training
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.models import TanhNetwork
from descent_audit.numerics.datasets import kronecker

SMALL = {
    "model": "tanh",
    "loss": "logistic",
    "weight_scale": 1.0,
    "dimension": 2,
    "hidden_units": 3,
    "samples": 6,
    "direction": [1.0, -0.5, 0.25],
    "replicas": 2,
    "steps": 15,
    "relative_rate": 0.5,
    "difference_width": 1e-5,
    "drawn_replicas": 1,
    "drawn_points": 4,
}


def report(seed=1, **changes):
    return curvature_along_training(**{**SMALL, **changes}, streams=Streams(seed, "claim", "arm"))


def values(found, quantity):
    return [one.value for one in found.measured if one.quantity == quantity]


def naive_loss(theta, inputs, targets, loss):
    total = 0.0
    for x, t in zip(inputs, targets, strict=True):
        f = theta[-1]
        for j in range(3):
            f += theta[9 + j] * math.tanh(theta[2 * j] * x[0] + theta[2 * j + 1] * x[1] + theta[6 + j])
        total += math.log1p(math.exp(-t * f)) if loss == "logistic" else 0.5 * (f - t) ** 2
    return total / len(inputs)


def naive_derivatives(theta, *task):
    """Return gradient and Hessian from values of the loss alone."""
    h, p = 1e-4, len(theta)
    shifts = h * np.eye(p)
    gradient = [(naive_loss(theta + e, *task) - naive_loss(theta - e, *task)) / (2 * h) for e in shifts]
    hessian = np.empty((p, p))
    for i, e in enumerate(shifts):
        for j, f in enumerate(shifts[: i + 1]):
            corners = [naive_loss(theta + a * e + b * f, *task) * a * b for a in (1, -1) for b in (1, -1)]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * h * h)
    return np.array(gradient), hessian


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_ratio_and_loss_are_those_of_a_run_from_loss_values_alone(loss):
    found = report(loss=loss)
    inputs = kronecker(6, 2)
    targets = [math.sin(x[0] - 0.5 * x[1]) for x in inputs]
    if loss == "logistic":
        targets = [math.copysign(1.0, t) for t in targets]
    task = (inputs, targets, loss)
    theta = TanhNetwork(2, 3).start(1.0, 2, Streams(1, "claim", "arm").generator("start"))[0]
    first = np.linalg.eigvalsh(naive_derivatives(theta, *task)[1])[-1]
    for _ in range(15):
        h = 1e-4
        slope = [(naive_loss(theta + e, *task) - naive_loss(theta - e, *task)) / (2 * h) for e in h * np.eye(13)]
        theta = theta - 0.5 / first * np.array(slope)
    last = np.linalg.eigvalsh(naive_derivatives(theta, *task)[1])[-1]
    assert values(found, "curvature_ratio")[0] == pytest.approx(last / first, rel=1e-5)
    assert values(found, "final_loss")[0] == pytest.approx(naive_loss(theta, *task), rel=1e-5)


def test_a_linear_model_with_squared_loss_keeps_its_curvature():
    found = report(model="linear", loss="squared", steps=40)
    assert values(found, "curvature_ratio") == pytest.approx([1.0, 1.0], abs=1e-6)
    assert all(one.predicted == 1.0 for one in found.measured if one.quantity == "curvature_ratio")


def test_a_linear_model_with_logistic_loss_does_not_keep_it():
    assert all(ratio < 0.95 for ratio in values(report(model="linear", steps=200), "curvature_ratio"))


def test_starts_follow_the_seed():
    assert values(report(1), "final_loss") == values(report(1), "final_loss")
    assert values(report(1), "final_loss") != values(report(2), "final_loss")


def test_more_replicas_keep_the_first_run_apart_from_the_others():
    found = report(replicas=5)
    assert len(set(values(found, "curvature_ratio"))) == 5


def test_drawn_curvature_ends_at_the_reported_ratio():
    found = report()
    drawn = next(one for one in found.curves if one.role == "measured")
    assert drawn.x[-1] == 15
    assert drawn.y[-1] == pytest.approx(values(found, "curvature_ratio")[0], rel=1e-12)
    assert next(one for one in found.curves if one.role == "guide").y == [4.0, 4.0]


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_differences_of_the_loss_notice_a_gradient_that_is_off(loss, monkeypatch):
    sound = report(loss=loss)
    assert values(sound, "gradient_error")[0] < 1e-8
    assert values(sound, "curvature_error")[0] < 1e-5
    pullback = TanhNetwork.pullback
    monkeypatch.setattr(TanhNetwork, "pullback", lambda *arguments: 1.001 * pullback(*arguments))
    off = report(loss=loss)
    assert values(off, "gradient_error")[0] == pytest.approx(1e-3, rel=1e-3)
    assert values(off, "curvature_error")[0] == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize(("model", "layers"), [("tanh", [(4, 5), (5, 1)]), ("linear", [(4, 1)])])
def test_squares_of_a_start_are_counted_layer_by_layer(model, layers):
    found = report(model=model, dimension=4, hidden_units=5, direction=[1.0] * 4, replicas=300, weight_scale=0.7)
    (one,) = (entry for entry in found.measured if entry.quantity == "start_square_sum")
    assert one.predicted == 300 * sum(inputs * units for inputs, units in layers)
    assert one.value == pytest.approx(one.predicted, abs=5 * math.sqrt(2 * one.predicted))
