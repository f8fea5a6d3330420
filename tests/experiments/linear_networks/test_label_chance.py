import numpy as np
import pytest
from scipy.stats import binomtest

from descent_audit.experiments.linear_networks.label_chance import agreement, alignment, random_label_chance
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimensions": [4, 12, 12, 4],
    "samples": 4,
    "labels": ["gaussian", "one_hot"],
    "noise_share": 1.0,
    "learning_rate": 0.1,
    "steps": 600,
    "networks": 64,
    "test_samples": 200,
    "relative_target": 1e-8,
    "check_every": 20,
    "block_size": 32,
    "histogram_bins": 20,
}


def values(quantity, **changes):
    found = random_label_chance(**{**SMALL, **changes}).whole(Streams(2, "claim", "arm"))
    return {one.at["labels"]: one.value for one in found.measured if one.quantity == quantity}


def test_random_labels_are_fitted_and_worth_nothing():
    assert set(values("reached_fraction").values()) == {1.0}
    assert max(map(abs, values("alignment_z").values())) < 5
    assert max(map(abs, values("agreement_z").values())) < 6
    assert min(values("relative_test_error").values()) > 1


def test_test_error_of_noise_has_its_expectation():
    rng = np.random.default_rng(0)
    learned, true = rng.standard_normal((2, 20000, 4, 4)) / 2
    errors = np.sum((learned - true) ** 2, axis=(1, 2)) / np.sum(true**2, axis=(1, 2))
    assert errors.mean() == pytest.approx(1 + 4 * 4 / 14, rel=0.03)
    found = random_label_chance(**SMALL).whole(Streams(2, "claim", "arm")).measured
    predicted = [one.predicted for one in found if one.quantity == "relative_test_error"]
    assert predicted[0] == pytest.approx(1 + 4 * 4 / 14, rel=0.2)
    assert predicted[1] == pytest.approx(1 + 1 * 4 / 14)


@pytest.mark.parametrize(("noise", "cosine"), [(0.0, 1.0), (0.5, 0.5**0.5)])
def test_signal_in_the_labels_is_learned(noise, cosine):
    own = {"labels": ["gaussian"], "noise_share": noise}
    assert values("mean_cosine", **own)["gaussian"] == pytest.approx(cosine, abs=0.1)
    assert values("alignment_z", **own)["gaussian"] > 6
    assert values("reached_fraction", **own) == {"gaussian": 1.0}
    assert values("relative_test_error", **own)["gaussian"] < 1


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
def test_gaussian_labels_are_positive_half_of_the_time(noise):
    own = {"labels": ["gaussian"], "noise_share": noise, "networks": 256}
    (found,) = (
        one
        for one in random_label_chance(**{**SMALL, **own}).whole(Streams(2, "claim", "arm")).measured
        if one.quantity == "positive_labels"
    )
    assert found.replicates == 2 * found.predicted == 4 * 4 * 256
    assert binomtest(int(found.value), found.replicates).pvalue > 1e-6


def test_one_hot_labels_have_no_sign_to_count():
    assert set(values("positive_labels")) == {"gaussian"}


def test_alignment_and_agreement_of_known_maps():
    first = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert alignment(first, first)[0] == pytest.approx(1.0)
    assert alignment(first, first[:, ::-1])[0] == 0.0
    inputs = np.array([[[3.0, 1.0, -1.0, 2.0], [1.0, 2.0, -2.0, 1.0]]])
    assert agreement(first, first, inputs)[0] == 1.0
    assert agreement(first, first[:, ::-1], inputs)[0] == 0.0
    assert agreement(first, np.array([[[1.0, 0.0], [1.5, 0.0]]]), inputs)[0] == 0.5


def test_parameters_that_do_not_fit_together_are_named():
    for key, changes in (("noise_share", {"noise_share": 1.5}), ("noise_share", {"noise_share": 0.5})):
        with pytest.raises(OutOfRange, match=key):
            random_label_chance(**{**SMALL, **changes})
    with pytest.raises(OutOfRange, match="samples"):
        random_label_chance(**{**SMALL, "samples": 5})
