import numpy as np
import pytest
from scipy import stats

from descent_audit.experiments.linear_networks.discrete_labels import (
    COMBINATION,
    DUPLICATE,
    consistency_probability,
    discrete_labels,
    enumerated_consistency,
)
from descent_audit.experiments.linear_networks.sample_floor import sample_excess_floor, share_law, smallest_gap_before
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimensions": [4, 12, 12, 4],
    "training_samples": [5, 9],
    "learning_rate": 0.1,
    "steps": 1000,
    "replicas": 8,
    "relative_target": 1e-10,
    "relative_accuracy": 1e-8,
    "check_every": 20,
    "block_size": 4,
    "law_samples": [5, 9],
    "law_draws": 200,
    "law_block_size": 100,
    "histogram_bins": 20,
}


def values(quantity, **changes):
    found = sample_excess_floor(**{**SMALL, **changes}).whole(Streams(1, "claim", "arm"))
    return {one.at["samples"]: one.value for one in found.measured if one.quantity == quantity}


def test_training_ends_at_the_least_squares_floor():
    assert set(values("converged_fraction").values()) == {1.0}
    assert max(values("relative_gap").values()) <= 1e-10
    assert min(values("lowest_gap").values()) > -1e-12


def test_share_follows_the_law_of_projected_gaussians():
    rng = np.random.default_rng(0)
    projected = np.sum(rng.standard_normal((2000, 4 * 1)) ** 2, axis=1)
    kept = np.sum(rng.standard_normal((2000, 4 * 4)) ** 2, axis=1)
    assert stats.kstest(projected / (projected + kept), stats.beta(*share_law(4, 4, 5)).cdf).pvalue > 1e-6
    assert max(values("share_distance").values()) < 0.2
    assert values("mean_share")[9] == pytest.approx(1 - 4 / 9, abs=0.05)
    assert min(values("smallest_share_over_quantile").values()) > 1


def test_no_floor_without_excess():
    assert values("smallest_share", training_samples=[4], law_samples=[4])[4] < 1e-12
    assert values("share_distance", training_samples=[4], law_samples=[4]) == {}


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_consistent_labelings_are_counted_by_hand(classes):
    duplicate = sum(a == b for a in range(classes) for b in range(classes)) / classes**2
    assert enumerated_consistency(classes, DUPLICATE) == duplicate == consistency_probability(classes, DUPLICATE)
    pairs = range(classes)
    hits = sum(
        sorted([a, b]) == sorted([c, d]) for a in pairs for b in pairs for c in pairs for d in pairs
    )  # e_a + e_b = e_c + e_d
    assert enumerated_consistency(classes, COMBINATION) == pytest.approx(hits / classes**4)
    assert consistency_probability(classes, COMBINATION) == pytest.approx(hits / classes**4)


def test_draws_are_fitted_as_often_as_enumerated():
    sampling = discrete_labels(classes=[3], drawn_classes=[3], dimension=5, samples=6, draws=600, block_size=200)
    found = sampling.whole(Streams(1, "claim", "arm")).measured
    for one in (one for one in found if one.quantity == "consistent_count"):
        assert stats.binomtest(int(one.value), 600, one.predicted / 600).pvalue > 1e-6
    assert max(one.value for one in found if one.quantity == "largest_fitted_floor") < 1e-20
    assert min(one.value for one in found if one.quantity == "smallest_unfitted_floor") > 1e-6


def test_inputs_that_would_depend_anyway_are_refused():
    with pytest.raises(OutOfRange, match="samples"):
        discrete_labels(classes=[2], drawn_classes=[2], dimension=5, samples=7, draws=1, block_size=1)


def test_gap_before_the_target_is_that_of_the_check_before():
    gaps = np.array([[5.0, 4.0, 0.1, 9.0], [2.0, 1.5, 0.1, 8.0], [0.5, 1.2, 0.1, 7.0], [0.5, 0.4, 0.1, 6.0]])
    assert smallest_gap_before(gaps, np.array([20, 25, 0, -1]), 10) == 1.2
    assert smallest_gap_before(gaps[:, 2:], np.array([0, -1]), 10) == np.inf


def test_training_goes_on_above_the_target_alone():
    assert min(values("gap_before_target").values()) > 1e-10
