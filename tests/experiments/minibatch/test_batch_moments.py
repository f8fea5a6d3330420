"""Moments of batch gradients against exact fractions, sampling by another road, and what must be refused."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from descent_audit.experiments.minibatch.batch_moments import Draws, enumerated_moments, minibatch_gradient_moments
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.enumeration import subsets, tuples

SMALL = {
    "problems": 2,
    "enumerated_samples": 6,
    "enumerated_dimension": 2,
    "batch_sizes": [1, 2, 3, 6],
    "tuple_samples": 4,
    "tuple_batch_sizes": [1, 2, 3],
    "samples": 20,
    "dimension": 3,
    "batch_size": 5,
    "runs": 2000,
    "block_size": 500,
    "label_noise": 0.3,
    "enumerated_norm_exponent": 0.0,
    "sampled_norm_exponent": 0.0,
    "reweighted": False,
    "drawn_batch_size": 3,
    "drawn_bins": 5,
}


def found(**changes):
    streams = Streams(1, "name", "claim")
    report = minibatch_gradient_moments(**{**SMALL, **changes}, streams=streams).whole(streams)
    return [(one.quantity, dict(one.at), one.value) for one in report.measured]


def values(quantity, **changes):
    return [value for name, _, value in found(**changes) if name == quantity]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_law_is_exact_in_fractions(batch_size):
    numbers = [Fraction(n) for n in (3, -1, 4, 10)]
    mean = sum(numbers) / 4
    spread = sum((n - mean) ** 2 for n in numbers) / 4
    batches = [sum(batch) / batch_size for batch in combinations(numbers, batch_size)]
    assert sum(batches) / len(batches) == mean
    variance = sum((batch - mean) ** 2 for batch in batches) / len(batches)
    assert variance == spread / batch_size * Fraction(4 - batch_size, 3)
    moments = enumerated_moments(
        Draws(np.array([[3.0, -1.0, 4.0, 10.0]]), 0.0, False),
        subsets(4, batch_size),
        lambda piece: np.full(len(piece), 1 / len(batches)),
    )
    assert moments.bias == pytest.approx([0.0], abs=1e-15)
    assert float(moments.variance) == pytest.approx(float(variance), rel=1e-14, abs=1e-15)


def test_unequal_probabilities_agree_with_a_scalar_loop():
    gradients = np.random.default_rng(0).standard_normal((2, 4))
    draws = Draws(gradients, 1.0, False)
    norms = [np.hypot(*column) for column in gradients.T]
    weights = [norm / sum(norms) for norm in norms]
    mean, bias, variance = gradients.mean(axis=1), np.zeros(2), 0.0
    for i, j in product(range(4), repeat=2):
        deviation = (gradients[:, i] + gradients[:, j]) / 2 - mean
        bias += weights[i] * weights[j] * deviation
        variance += weights[i] * weights[j] * deviation @ deviation
    moments = enumerated_moments(draws, tuples(4, 2), lambda piece: draws.probabilities[piece].prod(axis=-1))
    assert moments.bias == pytest.approx(bias, rel=1e-12)
    assert float(moments.variance) == pytest.approx(variance, rel=1e-12)


@pytest.mark.parametrize("exponent, reweighted", [(0.0, False), (0.5, True), (1.0, True)])
def test_covariance_is_that_of_many_drawn_batches(exponent, reweighted):
    draws = Draws(np.random.default_rng(1).standard_normal((2, 8)), exponent, reweighted)
    batches = draws.batches(np.random.default_rng(2), 100_000, 3)
    sampled = np.cov(draws.values[:, batches].mean(axis=-1))
    factor = (8 - 3) / 7 if exponent == 0.0 else 1.0
    assert sampled == pytest.approx(draws.spread * factor / 3, rel=0.05, abs=0.003)


def test_uniform_batches_are_unbiased_and_keep_the_law():
    assert max(values("relative_bias")) < 1e-14
    assert max(values("variance_law_error")) < 1e-13
    assert max(values("variance_at_full_batch")) < 1e-28
    assert abs(values("variance_z")[0]) < 5.5
    assert values("hotelling")[0] < 40.0


def test_preferred_samples_bias_and_weights_repair():
    unequal = {"enumerated_norm_exponent": 1.0, "sampled_norm_exponent": 0.5}
    assert min(values("relative_bias", **unequal)) > 1e-3
    assert values("hotelling", **unequal)[0] > 100.0
    assert max(values("relative_bias", **unequal, reweighted=True)) < 1e-14
    assert values("hotelling", **unequal, reweighted=True)[0] < 40.0


def test_largest_bias_is_that_of_a_single_draw():
    streams = Streams(1, "name", "claim")
    unequal = {**SMALL, "enumerated_norm_exponent": 1.0, "sampled_norm_exponent": 0.5}
    report = minibatch_gradient_moments(**unequal, streams=streams).whole(streams)
    rows = [one for one in report.measured if one.quantity == "largest_bias"]
    assert [one.value for one in rows] == pytest.approx([one.predicted for one in rows], rel=1e-12)
    assert len({one.predicted for one in rows}) == 1


def test_label_noise_has_its_variance():
    assert values("squared_label_noise", samples=400)[0] == pytest.approx(400, abs=6 * 800**0.5)
    assert not values("squared_label_noise", label_noise=0.0)


@pytest.mark.parametrize(
    "changes",
    [{"batch_sizes": [0]}, {"batch_sizes": [7]}, {"batch_size": 20}, {"batch_size": 0}, {"drawn_batch_size": 9}],
)
def test_impossible_batch_sizes_are_refused(changes):
    with pytest.raises(OutOfRange, match=next(iter(changes))):
        found(**changes)
