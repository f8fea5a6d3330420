import math

import numpy as np
import pytest

from descent_audit.landscapes.tanh_regression import TanhRegression


def example():
    rng = np.random.default_rng(0)
    return TanhRegression(rng.standard_normal((2, 3, 7)), rng.standard_normal((2, 7))), rng.standard_normal((2, 3))


def test_value_agrees_with_a_scalar_loop():
    loss, theta = example()
    for replica in range(2):
        terms = [
            0.5 * (math.tanh(float(x @ theta[replica])) - y) ** 2
            for x, y in zip(loss.inputs[replica].T, loss.targets[replica], strict=True)
        ]
        assert loss.value(theta)[replica] == pytest.approx(sum(terms) / 7)


def test_gradient_agrees_with_differences():
    loss, theta = example()
    for j in range(3):
        shift = 1e-6 * np.eye(3)[j]
        slope = (loss.value(theta + shift) - loss.value(theta - shift)) / 2e-6
        assert loss.gradient(theta)[:, j] == pytest.approx(slope, abs=1e-8)


def test_a_sample_is_computed_the_same_way_wherever_it_stands():
    rng = np.random.default_rng(1)
    loss = TanhRegression(rng.standard_normal((4, 8, 101)), rng.standard_normal((4, 101)))
    theta = rng.standard_normal((4, 8))
    order = np.stack([rng.permutation(101) for _ in range(4)])
    permuted = loss.batch(order).sample_gradients(theta)
    expected = np.take_along_axis(loss.sample_gradients(theta), order[:, None, :], axis=-1)
    np.testing.assert_array_equal(permuted, expected)


def test_batch_selects_in_order():
    loss, theta = example()
    batch = loss.batch(np.array([[3, 1], [0, 6]]))
    np.testing.assert_array_equal(batch.targets[0], loss.targets[0, [3, 1]])
    assert batch.gradient(theta)[1] == pytest.approx(loss.sample_gradients(theta)[1][:, [0, 6]].mean(axis=-1))
