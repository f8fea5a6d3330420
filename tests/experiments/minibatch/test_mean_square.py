"""The runs below and above the mean-square limit against naive loops, and medians against sorted samples."""

import numpy as np
import pytest
from scipy import stats

from descent_audit.experiments.minibatch.mean_square import (
    EDGES,
    median_interval,
    median_loss,
    middle_of_bin,
    sgd_mean_square_limit,
)
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.theory.least_squares_moments import iterated_losses, scaled_regression, second_moment_map

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "samples": 16,
    "dimension": 2,
    "smallest_scale": 0.3,
    "noise": 0.5,
    "batch_sizes": [1, 4, 16],
    "bracket_learning_rates": [0.01, 5.0],
    "halvings": 40,
    "run_batch_size": 1,
    "below_factor": 0.7,
    "just_above_factor": 1.15,
    "above_factor": 1.6,
    "steps": 100,
    "runs": 400,
    "block_size": 200,
    "drawn_points": 5,
}


def measured(**changes):
    found = sgd_mean_square_limit(**{**SMALL, **changes}).whole(Streams(1, "name", "claim")).measured
    return {(one.quantity, *one.at.values()): one for one in found}


def test_limits_grow_to_the_classical_one():
    found = measured()
    rates = [found["critical_rate", size].value for size in (1, 4, 16)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(2.0 / scaled_regression(16, 2, 0.3, 0.5).smoothness, rel=1e-9)
    assert rates == pytest.approx([found["critical_rate", size].predicted for size in (1, 4, 16)], rel=1e-9)


def test_enumeration_agrees_with_loops_over_pairs():
    found, loss = measured(), scaled_regression(16, 2, 0.3, 0.5)
    rate, total = found["critical_rate", 1].value, 0.0
    for i in range(16):
        for j in range(16):
            theta = loss.minimizer + 1.0
            for k in (i, j):
                theta = theta - rate * (loss.inputs[k] @ theta - loss.targets[k]) * loss.inputs[k]
            total += float(loss.value(theta)) / 256
    recursion = iterated_losses(loss, loss.minimizer + 1.0, second_moment_map(loss, rate, 1), [2])[0]
    assert recursion == pytest.approx(total, rel=1e-12)
    assert found["enumeration_error", 1, 2].value < 1e-12
    assert found["enumeration_error", 2, 1].value < 1e-12


def test_mean_grows_above_the_limit_and_falls_below():
    found = measured()
    assert found["mean_loss_below",].value < 1.0 < 10.0 < found["mean_loss_above",].value
    assert found["mean_square_growth",].value > 1.0 > found["rate_over_stability_limit",].value
    assert measured(run_batch_size=16, runs=2, block_size=2)["mean_loss_above",].value < 1.0


def test_mean_below_the_limit_agrees_with_the_recursion():
    found = measured(steps=10, below_factor=0.3, runs=20000, block_size=5000)["mean_loss_below",]
    assert found.value == pytest.approx(found.predicted, rel=0.03)


def test_median_of_a_histogram_is_that_of_the_sample():
    decades = np.random.default_rng(0).normal(3.0, 4.0, 5001)
    counts = np.histogram(decades, EDGES)[0]
    assert np.log10(median_loss(counts)) == pytest.approx(np.median(decades), abs=EDGES[1] - EDGES[0])


@pytest.mark.parametrize("loss", [3e-9, 0.144676, 7.0, 2e40])
def test_middle_of_a_bin_is_the_median_of_equal_losses(loss):
    counts = np.histogram(np.full(10, np.log10(loss)), EDGES)[0]
    assert middle_of_bin(loss) == pytest.approx(median_loss(counts), rel=1e-12)
    assert abs(np.log10(middle_of_bin(loss) / loss)) <= 0.5 * (EDGES[1] - EDGES[0])


def test_medians_are_predicted_where_nothing_is_random():
    assert measured()["median_loss_below",].predicted is None
    found = measured(run_batch_size=16, runs=4, block_size=4)["median_loss_below",]
    assert found.value == pytest.approx(found.predicted, rel=1e-9)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_runs_that_overflow_stay_finite():
    found = measured(above_factor=30.0, steps=800, runs=2, block_size=2)
    assert all(np.isfinite([one.value, one.predicted or 0.0]).all() for one in found.values())
    assert found["mean_loss_above",].value > 1e90


@pytest.mark.parametrize(
    "changes",
    [{"batch_sizes": [1, 17]}, {"run_batch_size": 0}, {"bracket_learning_rates": [0.01, 0.1]}],
)
def test_parameters_that_do_not_fit_are_refused(changes):
    with pytest.raises(OutOfRange, match=next(iter(changes))):
        measured(**changes)


@pytest.mark.parametrize("runs", [3, 8, 400])
def test_interval_of_a_median_holds_the_order_statistics_of_sorted_losses(runs):
    losses = np.random.default_rng(runs).lognormal(0.0, 3.0, (2, runs))
    low, high = median_interval(np.array([np.histogram(np.log10(row), EDGES)[0] for row in losses]))
    width = 10.0 ** (EDGES[1] - EDGES[0])
    if runs == 3:
        assert low.tolist() == [10.0 ** EDGES[0]] * 2
        assert high.tolist() == [10.0 ** EDGES[-1]] * 2
        return
    first = stats.binom.ppf(0.025, runs, 0.5)
    first, last = int(first), int(runs + 1 - first)
    for row, *ends in zip(np.sort(losses), low, high, strict=True):
        assert ends[0] <= row[first - 1] <= ends[0] * width
        assert ends[1] / width <= row[last - 1] <= ends[1]
