import math

import numpy as np
import pytest

from descent_audit.landscapes.logistic import Logistic
from descent_audit.networks.models import (
    LinearModel,
    LogisticLoss,
    SquaredLoss,
    TanhNetwork,
    Training,
    difference_hessian,
)

D, H, N, REPLICAS = 3, 4, 6, 5
MODELS = [TanhNetwork(D, H), LinearModel(D)]
LOSSES = [LogisticLoss(), SquaredLoss()]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def training(model, loss, rng):
    labels = np.sign(rng.standard_normal(N))
    return Training(model, loss, rng.standard_normal((N, D)), labels)


def with_biases(start, rng):
    return start + 0.3 * rng.standard_normal(start.shape)


def test_tanh_outputs_are_the_sums_of_the_formula(rng):
    model, inputs = TanhNetwork(D, H), rng.standard_normal((N, D))
    parameters = rng.standard_normal(H * D + 2 * H + 1)
    weights, biases = parameters[: H * D].reshape(H, D), parameters[H * D : H * D + H]
    heads, offset = parameters[H * D + H : -1], parameters[-1]
    for i, output in enumerate(model.outputs(parameters, inputs)):
        total = offset
        for j in range(H):
            total += heads[j] * math.tanh(sum(weights[j, k] * inputs[i, k] for k in range(D)) + biases[j])
        assert output == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("outputs", [np.array([0.3, -2.0, 40.0]), np.array([-800.0, 800.0, 0.0])])
def test_losses_are_the_means_of_the_formulas(outputs):
    labels = np.array([1.0, -1.0, -1.0])
    margins = labels * outputs
    expected = np.mean([math.log1p(math.exp(-m)) if m > -30 else -m for m in margins])
    assert LogisticLoss().value(outputs, labels) == pytest.approx(expected, rel=1e-12)
    assert SquaredLoss().value(outputs, labels) == pytest.approx(np.sum((outputs - labels) ** 2) / 6, rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_the_slope_of_the_loss(model, loss, rng):
    task = training(model, loss, rng)
    x, width = with_biases(model.start(1.0, REPLICAS, rng), rng), 1e-5
    slope = np.stack(
        [(task.value(x + e) - task.value(x - e)) / (2 * width) for e in width * np.eye(x.shape[-1])], axis=-1
    )
    np.testing.assert_allclose(task.gradient(x), slope, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_replicas_do_not_mix(model, rng):
    task = training(model, LogisticLoss(), rng)
    x = with_biases(model.start(1.0, REPLICAS, rng), rng)
    for index in range(REPLICAS):
        np.testing.assert_allclose(task.gradient(x)[index], task.gradient(x[index]), rtol=1e-12, atol=1e-15)
        assert task.value(x)[index] == pytest.approx(float(task.value(x[index])), rel=1e-12)


def test_tanh_start_has_the_stated_moments(rng):
    start = TanhNetwork(4, 16).start(0.5, 4000, rng)
    assert start[:, :64].var() == pytest.approx(0.25 / 4, rel=0.02)
    assert start[:, 80:96].var() == pytest.approx(0.25 / 16, rel=0.05)
    assert not start[:, 64:80].any() and not start[:, 96].any()


def test_hessian_of_least_squares_is_its_second_moment(rng):
    task = training(LinearModel(D), SquaredLoss(), rng)
    design = np.column_stack([task.inputs, np.ones(N)])
    hessian = difference_hessian(task.gradient, task.model.start(1.0, REPLICAS, rng), 1e-5)
    np.testing.assert_allclose(hessian, np.broadcast_to(design.T @ design / N, hessian.shape), atol=1e-9)


def test_hessian_of_logistic_regression_is_the_closed_form(rng):
    task = training(LinearModel(D), LogisticLoss(), rng)
    exact = Logistic(np.column_stack([task.inputs, np.ones(N)]), task.targets)
    points = with_biases(task.model.start(1.0, REPLICAS, rng), rng)
    for hessian, point in zip(difference_hessian(task.gradient, points, 1e-5), points, strict=True):
        np.testing.assert_allclose(hessian, exact.hessian(point), atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_hessian_of_the_network_is_the_second_difference_of_the_loss(loss, rng):
    task = training(TanhNetwork(2, 2), loss, rng)
    task = Training(task.model, loss, task.inputs[:, :2], task.targets)
    x, width = with_biases(task.model.start(1.0, 1, rng), rng), 2e-4
    hessian = difference_hessian(task.gradient, x, 1e-5)[0]
    for i, e in enumerate(width * np.eye(x.shape[-1])):
        for j, f in enumerate(width * np.eye(x.shape[-1])):
            corners = task.value(x + e + f) - task.value(x + e - f) - task.value(x - e + f) + task.value(x - e - f)
            assert hessian[i, j] == pytest.approx(corners[0] / (4 * width**2), abs=1e-6)


def test_wrong_head_gradient_would_be_seen(rng):
    task = training(TanhNetwork(D, H), SquaredLoss(), rng)
    x = with_biases(task.model.start(1.0, 1, rng), rng)
    gradient, width = task.gradient(x)[0], 1e-5
    swapped = np.concatenate([gradient[: H * D], gradient[H * D + H : -1], gradient[H * D : H * D + H], gradient[-1:]])
    slope = [((task.value(x + e) - task.value(x - e)) / (2 * width))[0] for e in width * np.eye(x.shape[-1])]
    assert np.max(np.abs(swapped - slope)) > 1e-3
