"""Training with label noise against a plain loop over u and v, and what of it belongs to the truth."""

import numpy as np
import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.experiments.gradient_noise import label_noise as experiment
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

NAME = "label_noise_sparsity"
ARMS = {arm.name: arm for arm in load_claims([NAME])[NAME].arms("smoke")}
SHORT = {**ARMS["claim"].parameters, "steps": 50, "cooling_steps": 30, "runs": 2, "block_size": 2}


def cell(**changed):
    (found,) = experiment.label_noise(**{**SHORT, **changed}).cells
    return found


def test_runs_are_those_of_a_plain_loop():
    found = cell().draw(np.random.default_rng(4), 2)
    problem = cell().draw.args[0]
    rng = np.random.default_rng(4)
    picked, coins = rng.integers(0, 24, (50, 2)), rng.integers(0, 2, (50, 2))
    errors, shrunk = [], []
    for run in range(2):
        u = v = np.full(40, np.sqrt(0.1))
        for step in range(50):
            x = problem.inputs[picked[step, run]]
            y = x @ problem.truth + (1.0 if coins[step, run] else -1.0)
            z = 2 * 0.008 * (x @ (u * u - v * v) - y) * x
            u, v = u * (1 - z), v * (1 + z)
        shrunk.append(np.log(u * v / 0.1))
        for _ in range(30):
            z = 2 * 0.04 * problem.inputs.T @ (problem.inputs @ (u * u - v * v - problem.truth)) / 24
            u, v = u * (1 - z), v * (1 + z)
        errors.append(np.sum((u * u - v * v - problem.truth) ** 2))
    assert found.mean("error") == pytest.approx(np.mean(errors), rel=1e-12)
    expected = -4 * 0.008**2 * 50 * np.mean(problem.inputs**2, axis=0)
    assert found.mean("shrink_ratio") == pytest.approx(np.mean(np.array(shrunk) / expected), rel=1e-10)
    assert found.largest["identity"] < 1e-13


def test_truths_have_one_norm_and_only_one_is_sparse():
    sparse, dense = (cell(truth=truth).draw.args[0] for truth in ("sparse", "dense"))
    assert np.linalg.norm(sparse.truth) == pytest.approx(np.sqrt(3)) == np.linalg.norm(dense.truth)
    assert np.count_nonzero(sparse.truth) == 3
    coefficients, *_ = np.linalg.lstsq(dense.inputs.T, dense.truth, rcond=None)
    np.testing.assert_allclose(dense.inputs.T @ coefficients, dense.truth, atol=1e-12)


def test_full_batch_draws_nothing_and_shrinks_least():
    streams = Streams(1, NAME, "full_batch")
    one, other = (
        {item.quantity: item.value for item in experiment.label_noise(**{**SHORT, **changed}).whole(streams).measured}
        for changed in ({"label_noise": 0.0, "full_batch": True}, {})
    )
    assert "shrink_ratio" not in one
    assert one["trace_ratio"] > other["trace_ratio"]


@pytest.mark.parametrize("changed", [{"samples": 40}, {"start_product": 0.0}])
def test_without_other_fits_there_is_nothing_to_choose(changed):
    with pytest.raises(OutOfRange) as fault:
        cell(**changed)
    assert fault.value.key == "samples"
