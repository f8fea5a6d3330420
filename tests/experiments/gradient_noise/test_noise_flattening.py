"""Drift along a valley of minima against a scalar loop, the Hessian and exact enumeration of the batches."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.gradient_noise.noise_flattening import (
    imbalance,
    imbalance_drift,
    minibatch_noise_flattening,
    standardised_labels,
)
from descent_audit.landscapes.factorization import Factorization
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

CLAIM = load_claims(["minibatch_noise_flattening"])["minibatch_noise_flattening"]
ARMS = {arm.name: dict(arm.parameters) for arm in CLAIM.arms("smoke")}
STREAMS = Streams(7, "claim", "arm")
QUICK = {**ARMS["claim"], "steps": 300, "late_steps": 100}


def found(report, quantity):
    return {
        (one.at.get("batch_size"), one.at.get("learning_rate")): one.value
        for one in report.measured
        if one.quantity == quantity
    }


def test_labels_have_mean_and_variance_one():
    labels = standardised_labels(64)
    assert labels.mean() == pytest.approx(1.0, abs=1e-14)
    assert np.sum((labels - 1) ** 2) / 63 == pytest.approx(1.0, abs=1e-13)
    assert len(set(labels)) == 64
    report = minibatch_noise_flattening(**{**QUICK, "steps": 1, "late_steps": 1}).whole(STREAMS)
    assert found(report, "label_mean")[None, None] == pytest.approx(np.mean(labels), abs=1e-14)
    assert found(report, "label_variance")[None, None] == pytest.approx(np.var(labels) * 64 / 63, abs=1e-14)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_imbalance_is_the_difference_of_squares(a, b):
    assert float(imbalance(np.array([a, b]))) == pytest.approx(a * a - b * b, abs=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 1.7, 4.0])
def test_curvature_is_the_top_eigenvalue_at_the_minimum_of_that_imbalance(ratio):
    loss, w = Factorization(1.3), np.array([math.sqrt(1.3 * ratio), math.sqrt(1.3 / ratio)])
    top = np.linalg.eigvalsh(loss.hessian(w))[-1]
    assert float(loss.minimum_curvature(float(imbalance(w)))) == pytest.approx(top, rel=1e-12)


def test_drift_uses_the_variance_of_enumerated_batch_means():
    labels = standardised_labels(8)
    means = [labels[list(batch)].mean() for batch in combinations(range(8), 3)]
    drift = imbalance_drift(labels, [2.0, 0.5], (3, 0.05), 1)
    top = math.hypot(3.75, 2.0)
    expected = 3.75 * (1 - 2 * 0.05**2 * np.var(means) / (2 - 0.05 * top))
    assert drift.tolist() == pytest.approx([3.75, expected], rel=1e-12)


def test_full_batch_has_no_drift():
    assert np.all(imbalance_drift(standardised_labels(16), [2.0, 0.5], (16, 0.05), 50) == 3.75)


def test_runs_agree_with_a_scalar_loop():
    """Two hundred scalar runs with batches drawn by shuffling: their mean drift is that of the experiment."""
    rng, labels, drifts = np.random.default_rng(1), standardised_labels(64), []
    for _ in range(60):
        a, b = 2.0, 0.5
        for _ in range(100):
            e = a * b - float(rng.choice(labels, 4, replace=False).mean())
            a, b = a - 0.05 * e * b, b - 0.05 * e * a
        drifts.append(math.log((a * a - b * b) / 3.75))
    report = minibatch_noise_flattening(**{**QUICK, "steps": 100}).whole(STREAMS)
    error = np.std(drifts) / math.sqrt(30)
    assert found(report, "log_drift")[4, 0.05] == pytest.approx(np.mean(drifts), abs=5 * error)


def test_identity_holds_and_the_full_batch_stays():
    report = minibatch_noise_flattening(**QUICK).whole(STREAMS)
    assert all(value < 1e-11 for (_, rate), value in found(report, "identity_error").items() if rate == 0.05)
    assert max(map(abs, found(report, "curvature_identity_error").values())) < 1e-10
    assert abs(found(report, "log_drift")[64, 0.05]) < 1e-12
    assert (64, 0.05) not in found(report, "drift_relative_error")
    assert set(found(report, "drift_relative_error")) == {(4, 0.05), (16, 0.05), (1, 0.1)}
    assert found(report, "curvature_fall")[64, None] == pytest.approx(0.0, abs=1e-12)
    assert found(report, "noisiest_curvature_fall")[None, None] == found(report, "curvature_fall")[4, None] > 0.03


def test_a_wrong_rate_of_drift_would_be_seen():
    """Without the factor 2/(2 - eta lambda) theory is off by more than the tolerance of the claim."""
    labels, steps = standardised_labels(64), 1500
    drift = imbalance_drift(labels, [2.0, 0.5], (1, 0.05), steps)
    plain = steps * math.log1p(-(0.05**2) * (1 - 1 / 64))
    assert math.log(drift[-1] / drift[0]) / plain - 1 > 0.05


def test_parameters_that_do_not_fit_are_refused():
    with pytest.raises(OutOfRange, match="batch_sizes: found 65"):
        minibatch_noise_flattening(**{**QUICK, "batch_sizes": [65]})
    with pytest.raises(OutOfRange, match="late_steps: found 301"):
        minibatch_noise_flattening(**{**QUICK, "late_steps": 301})
