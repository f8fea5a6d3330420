"""Critical points of a linear network against differences and matrices written out; the idle network likewise."""

import numpy as np
import pytest

from descent_audit.experiments.gradient_noise.linear_saddles import linear_network_saddles, subsets_of_modes
from descent_audit.experiments.gradient_noise.origin_point import idle_network
from descent_audit.measurement.randomness import Streams

SETTINGS = {
    "optimizer": "gradient_descent.GradientDescent",
    "strengths": [2.0, 0.5],
    "weight_scale": 0.3,
    "learning_rate": 0.1,
    "steps": 2000,
    "runs": 10,
}
IDLE = {"hidden_units": [2, 2], "samples": 24, "interval": 2.0, "frequency": 3.0, "slope": 0.3, "penalty": 1e-3}


def found(quantity, **changes):
    report = linear_network_saddles(**{**SETTINGS, **changes}, streams=Streams(1, "claim", "arm"))
    return {one.at.get("modes"): one for one in report.measured if one.quantity == quantity}


def test_saddles_are_those_of_the_loss_written_out():
    """The loss ½‖BA − diag(s)‖² in eight numbers, with its Hessian from second differences."""

    def loss(w):
        first, second = w.reshape(2, 2, 2)
        return 0.5 * np.sum((second @ first - np.diag([2.0, 0.5])) ** 2)

    for modes, one in found("saddle_eigenvalue").items():
        layer = np.diag([np.sqrt(s) * (mode == "1") for s, mode in zip((2.0, 0.5), modes, strict=True)])
        point, h, eye = np.concatenate([layer.ravel(), layer.ravel()]), 1e-4, 1e-4 * np.eye(8)
        hessian = [
            [(loss(point + a + b) - loss(point + a) - loss(point + b) + loss(point)) / h**2 for b in eye] for a in eye
        ]
        assert one.value == pytest.approx(np.linalg.eigvalsh(hessian)[0], abs=2e-3)
        assert one.value == pytest.approx(one.predicted, abs=1e-12)
        assert found("saddle_loss")[modes].value == pytest.approx(loss(point), abs=1e-12)
    assert set(found("saddle_eigenvalue")) == {"00", "10", "01"}


def test_descent_ends_at_zero_loss_and_not_at_a_saddle_start():
    assert found("worst_descent_loss")[None].value < 1e-20
    assert found("worst_descent_loss", weight_scale=1e-300)[None].value == pytest.approx(0.5 * (4 + 0.25))


def test_subsets_are_all_of_them_and_the_full_one_is_last():
    subsets = subsets_of_modes(3)
    assert len({tuple(row) for row in subsets.tolist()}) == 8
    assert not subsets[0].any()
    assert subsets[-1].all()


def test_idle_network_is_a_minimum_until_the_mean_exceeds_one():
    report = idle_network(**IDLE, target_shifts=[0.5, -0.5, 1.0, 1.01])
    values = [one.value for one in report.measured if one.quantity == "origin_eigenvalue"]
    coupling = 1e-3 / 1.001
    for shift, value in zip((0.5, -0.5, 1.0, 1.01), values, strict=True):
        block = np.array([[1e-3, coupling * shift], [coupling * shift, 1e-3]])
        assert value == pytest.approx(np.linalg.eigvalsh(block)[0], abs=1e-12)
    assert values[2] > 0 > values[3]
    assert max(one.value for one in report.measured if one.quantity == "origin_gradient") < 1e-14
