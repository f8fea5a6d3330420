"""Mean losses against a tree of all batches, runs drawn by another generator, and what must be refused."""

from itertools import pairwise, product

import numpy as np
import pytest

from descent_audit.experiments.minibatch.mean_loss import Descent, sgd_mean_loss, sgd_near_minimum
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.theory.least_squares_moments import scaled_regression

PROBLEM = {"samples": 16, "dimension": 2, "smallest_scale": 0.3, "noise": 0.5, "learning_rate": 0.2, "batch_size": 2}
SMALL = {
    **PROBLEM,
    "optimizer": "gradient_descent.GradientDescent",
    "reference_batch_size": 2,
    "steps": 20,
    "checkpoint_steps": [1, 5, 20],
    "runs": 2000,
    "block_size": 500,
    "drawn_runs": 3,
    "drawn_points": 6,
    "floor_steps": 2000,
}


def rows(**changes):
    streams = Streams(1, "name", "claim")
    return sgd_mean_loss(**{**SMALL, **changes}).whole(streams).measured


def scores(found):
    return [(one.value - one.predicted) / one.standard_error for one in found if one.quantity == "mean_loss"]


def value(quantity, **changes):
    return next(one.value for one in rows(**changes) if one.quantity == quantity)


def test_losses_agree_with_a_loop_over_runs():
    loss = scaled_regression(16, 2, 0.3, 0.5)
    losses = Descent(loss, GradientDescent(), 0.2, 2, 5).losses(np.random.default_rng(0), 6000)
    assert losses.shape == (6, 6000)
    rng, naive = np.random.default_rng(1), []
    for _ in range(3000):
        theta = np.zeros(2)
        for _ in range(5):
            batch = rng.choice(16, 2, replace=False)
            theta -= 0.2 * (loss.inputs[batch] @ theta - loss.targets[batch]) @ loss.inputs[batch] / 2
        naive.append(np.mean((loss.inputs @ theta - loss.targets) ** 2) / 2)
    error = np.hypot(np.std(naive) / np.sqrt(3000), losses[-1].std() / np.sqrt(6000))
    assert abs(losses[-1].mean() - np.mean(naive)) < 5.5 * error


def test_mean_is_within_its_error_and_full_batch_reference_is_not():
    assert max(map(abs, scores(rows()))) < 5.6
    assert scores(rows(reference_batch_size=16))[-1] > 5.6


def test_reference_of_another_rate_is_rejected():
    streams = Streams(1, "name", "claim")
    sampling = sgd_mean_loss(**{**SMALL, "runs": 8000})
    tallies = {cell.name: cell.block(streams, 0) for cell in sampling.cells}
    wrong = sgd_mean_loss(**{**SMALL, "learning_rate": 0.25}).report(tallies)
    assert max(map(abs, scores(wrong.measured))) > 5.6


def test_upward_steps_agree_with_a_count_of_all_sequences():
    loss, total, ups, some = scaled_regression(4, 1, 1.0, 2.0), 0, 0, 0
    for sequence in product(range(4), repeat=3):
        theta, losses = 0.0, [float(loss.value(np.zeros(1)))]
        for i in sequence:
            theta -= 0.4 * (loss.inputs[i, 0] * theta - loss.targets[i]) * loss.inputs[i, 0]
            losses.append(float(loss.value(np.array([theta]))))
        rises = [after > before for before, after in pairwise(losses)]
        total, ups, some = total + 3, ups + sum(rises), some + any(rises)
    tiny = {"samples": 4, "dimension": 1, "smallest_scale": 1.0, "noise": 2.0, "batch_size": 1, "learning_rate": 0.4}
    tiny |= {"reference_batch_size": 1, "steps": 3, "checkpoint_steps": [3], "runs": 20000, "block_size": 5000}
    assert value("increase_fraction", **tiny) == pytest.approx(ups / total, abs=0.012)
    assert value("runs_with_increase", **tiny) == pytest.approx(some / 64, abs=0.02)


def test_full_batch_descent_never_rises_below_its_limit_and_does_beyond():
    assert value("gd_largest_increment") <= 8 * np.finfo(float).eps
    beyond = Descent(scaled_regression(16, 2, 0.3, 0.5), GradientDescent(), 3.0, 2, 5).full_batch_losses()
    assert np.all(np.diff(beyond) > 0.0)


def test_minimum_is_left_upwards_and_the_floor_needs_noise():
    noisy = {one.quantity: one for one in sgd_near_minimum(**PROBLEM, floor_steps=2000).measured}
    assert noisy["start_at_minimum_change"].value > 1e-4
    assert noisy["start_at_minimum_change"].value == pytest.approx(noisy["start_at_minimum_change"].predicted, rel=1e-9)
    assert noisy["noise_floor"].value == pytest.approx(noisy["noise_floor"].predicted, rel=1e-9)
    clean = {
        one.quantity: one.value for one in sgd_near_minimum(**{**PROBLEM, "noise": 0.0}, floor_steps=2000).measured
    }
    assert max(map(abs, clean.values())) < 1e-12


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 0},
        {"batch_size": 17},
        {"reference_batch_size": 17},
        {"checkpoint_steps": [5, 21]},
        {"learning_rate": 2.5},
    ],
)
def test_parameters_that_do_not_fit_are_refused(changes):
    with pytest.raises(OutOfRange, match=next(iter(changes))):
        rows(**changes)
