"""Mini-batch runs between two minima against scalar loops and the bounds of what batches can do."""

import numpy as np
import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.gradient_noise.barrier_crossing import (
    batch_gradient,
    minibatch_barrier_crossing,
    vanishing_noise,
)
from descent_audit.landscapes.sine_regression import SineRegression
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.theory.batch_transfer import BatchDescent

CLAIM = load_claims(["minibatch_barrier_crossing"])["minibatch_barrier_crossing"]
ARMS = {arm.name: dict(arm.parameters) for arm in CLAIM.arms("smoke")}
STREAMS = Streams(3, "claim", "arm")
QUICK = {**ARMS["claim"], "batch_sizes": [2, 15], "steps": 60, "runs": 64, "spacing": 0.05, "drawn_points": 11}


def values(report, quantity):
    return [one.value for one in report.measured if one.quantity == quantity]


@pytest.fixture(scope="module")
def report():
    return minibatch_barrier_crossing(**QUICK).whole(STREAMS)


def test_batch_gradient_draws_every_batch_equally_often():
    loss = SineRegression((1.0, 2.0, -0.5, 0.3), (0.1, 0.9, 0.4, -0.2))
    gradient = batch_gradient(BatchDescent(loss, 0.1, 2, (0.0, 1.0)), np.random.default_rng(0))
    single = loss.sample_gradients(0.8)
    means = np.array([(single[i] + single[j]) / 2 for i in range(4) for j in range(i)])
    drawn = gradient(np.full(60_000, 0.8))
    nearest = np.abs(drawn[:, None] - means).argmin(axis=1)
    assert drawn == pytest.approx(means[nearest], abs=1e-12)
    assert np.bincount(nearest, minlength=6) == pytest.approx(np.full(6, 10_000), abs=500)


def test_full_batch_neither_moves_nor_hits(report):
    assert values(report, "hits_full_batch") == [0]
    assert values(report, "full_batch_shift")[0] < 1e-12


def test_hits_at_certified_sizes_count_only_those(report):
    assert values(report, "certified_trapped_from") == [14]
    assert values(report, "hit_count")[0] > 0
    assert values(report, "hits_at_certified_sizes") == [0]


def test_a_large_rate_certifies_the_full_batch_alone():
    report = minibatch_barrier_crossing(**{**QUICK, "learning_rate": 1.0, "steps": 5}).whole(STREAMS)
    assert values(report, "certified_trapped_from") == [16]


def test_hull_bars_stand_inside_the_basin(report):
    bars = [one for one in report.curves if one.panel == "hull" and one.series.startswith("$m$")]
    assert [bar.series for bar in bars] == ["$m$ = 14", "$m$ = 15"]
    for bar in bars:
        assert 0.56 < bar.x[0] < 1.01 < bar.x[1] < 1.55


def test_vanishing_noise_freezes_where_all_samples_are_fitted():
    report = vanishing_noise(**{**ARMS["vanishing_noise"], "runs": 32, "block_size": 32}).whole(STREAMS)
    assert values(report, "farthest_from_solution")[0] < 1e-8
    assert values(report, "spread_at_solution")[0] < 1e-12
    inputs, theta = np.array(ARMS["vanishing_noise"]["inputs"]), 3.05
    slopes = (np.sin(theta * inputs) - np.sin(3 * inputs)) * inputs * np.cos(theta * inputs)
    assert values(report, "spread_at_start")[0] == pytest.approx(np.std(slopes), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"batch_sizes": [17]}, "batch_sizes"),
        ({"batch_sizes": [8]}, "batch_sizes"),
        ({"labels": [0.5]}, "labels"),
        ({"target": [0.9, 1.1]}, "target"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(change, key):
    with pytest.raises(OutOfRange) as caught:
        minibatch_barrier_crossing(**{**QUICK, **change})
    assert caught.value.key == key
