"""The three biased means against loops over scalars and hand calculation."""

from itertools import combinations, permutations, product

import numpy as np
import pytest

from descent_audit.experiments.minibatch.biased_batches import batch_level_loss, reshuffled_epochs, unequal_batches
from descent_audit.measurement.parameters import OutOfRange

INPUTS, TARGETS = [1.0, 2.0, 3.0, 4.0], [2.0, 0.0, 1.0, -1.0]
EPOCH = {"optimizer": "gradient_descent.GradientDescent", "learning_rate": 0.05, "start": 0.0}


def slope(theta, i):
    return (INPUTS[i] * theta - TARGETS[i]) * INPUTS[i]


def naive_biases(sequences):
    totals = np.zeros(4)
    for order in sequences:
        theta = 0.0
        for k, i in enumerate(order):
            totals[k] += slope(theta, i) - sum(slope(theta, j) for j in range(4)) / 4
            theta -= 0.05 * slope(theta, i)
    return totals / len(sequences)


def test_conditional_bias_agrees_with_scalar_loops():
    scale = abs(sum(slope(0.0, i) for i in range(4)) / 4)
    report = reshuffled_epochs(**EPOCH, inputs=INPUTS, targets=TARGETS).measured
    for batches, sequences in (
        ("epoch", list(permutations(range(4)))),
        ("independent", list(product(range(4), repeat=4))),
    ):
        found = [one.value for one in report if one.at["batches"] == batches]
        assert found == pytest.approx(naive_biases(sequences) / scale, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_root_gradient_agrees_with_finite_differences(batch_size):
    def root(theta, batch):
        return np.sqrt(np.mean([(INPUTS[i] * theta - TARGETS[i]) ** 2 for i in batch]))

    def derivative(batch):
        return (root(0.5 + 1e-5, batch) - root(0.5 - 1e-5, batch)) / 2e-5

    mean = np.mean([derivative(batch) for batch in combinations(range(4), batch_size)])
    report = batch_level_loss(inputs=INPUTS, targets=TARGETS, batch_sizes=[batch_size], theta=0.5).measured
    assert report[0].value == pytest.approx(abs(mean / derivative(range(4)) - 1.0), abs=1e-8)


def test_short_batch_counts_too_much():
    found = {
        one.quantity: one.value for one in unequal_batches(gradients=[1.0, 2, 3, 4, 100], partition=[2, 2, 1]).measured
    }
    assert found == {"partition_mean": 35.0, "partition_excess": 13.0}


def test_equal_batches_have_no_excess():
    found = unequal_batches(gradients=[1.0, 2.0, 3.0, 100.0], partition=[2, 2]).measured
    assert [one.value for one in found] == [one.predicted for one in found] == [26.5, 0.0]


@pytest.mark.parametrize("partition", [[2, 2], [5, 0], [6, -1]])
def test_partition_that_does_not_fit_is_refused(partition):
    with pytest.raises(OutOfRange, match="partition"):
        unequal_batches(gradients=[1.0, 2.0, 3.0, 4.0, 100.0], partition=partition)


def test_targets_must_fit_inputs():
    with pytest.raises(OutOfRange, match="targets"):
        reshuffled_epochs(**EPOCH, inputs=INPUTS, targets=TARGETS[1:])
