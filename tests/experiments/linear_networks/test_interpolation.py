import numpy as np
import pytest

from descent_audit.experiments.linear_networks.interpolation import capped, wide_network_interpolation
from descent_audit.experiments.linear_networks.saddle_start import identity_saddle
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.variants import aligned

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimensions": [4, 12, 12, 4],
    "variants": ["plain", "classes", "few"],
    "samples": [4, 4, 2],
    "inputs": ["orthonormal"],
    "condition_numbers": [1.0],
    "labels": ["gaussian", "one_hot", "gaussian"],
    "label_strengths": [1.75, 1.25, 0.75, 0.25],
    "starts": ["semi_orthogonal"],
    "start_scales": [1.0],
    "learning_rates": [0.1],
    "steps": [400],
    "replicas": [8],
    "relative_target": 1e-8,
    "check_every": 20,
    "block_size": 4,
    "drawn_replicas": 3,
    "drawn_steps": 20,
    "drawn_check_every": 10,
}


def values(quantity, **changes):
    sampling = wide_network_interpolation(**{**SMALL, **changes})
    found = sampling.whole(Streams(1, "claim", "arm"))
    return {one.at["variant"]: one.value for one in found.measured if one.quantity == quantity}


def test_every_replica_reaches_zero_and_the_floor_is_zero():
    assert set(values("reached_fraction").values()) == {1.0}
    assert max(values("smallest_floor_share").values()) < 1e-25


def test_losses_that_vanish_change_by_all_that_they_were():
    found = wide_network_interpolation(**SMALL).whole(Streams(1, "claim", "arm"))
    for quantity, tolerance in (("largest_loss_change", 1e-8), ("steps_largest", 0.0)):
        rows = [one for one in found.measured if one.quantity == quantity]
        assert len(rows) == 3
        assert all(abs(one.value - one.predicted) <= tolerance < one.value for one in rows)


def test_bottleneck_and_excess_of_samples_reach_nothing():
    narrow = {"dimensions": [4, 12, 2, 12, 4], "variants": ["narrow"], "samples": [4], "labels": ["spectral"]}
    assert values("reached_fraction", **narrow) == {"narrow": 0.0}
    assert values("smallest_floor_share", **narrow)["narrow"] == pytest.approx(0.25)
    more = {"variants": ["more"], "samples": [8], "labels": ["gaussian"]}
    assert values("reached_fraction", **more) == {"more": 0.0}
    assert values("weights_per_label", **more)["more"] == (4 * 12 + 12 * 12 + 12 * 4) / 32


def test_divergence_counts_as_not_reached():
    with np.errstate(all="ignore"):
        large = {"variants": ["large"], "samples": [4], "labels": ["gaussian"], "learning_rates": [5.0]}
        assert values("reached_fraction", **large) == {"large": 0.0}
        assert values("nonfinite_fraction", **large) == {"large": 1.0}
    np.testing.assert_array_equal(capped(np.array([np.nan, np.inf, 2.0])), [1e100, 1e100, 2.0])


def test_zero_start_does_not_move():
    zero = {"variants": ["zero"], "samples": [4], "labels": ["gaussian"], "starts": ["zero"]}
    assert values("largest_loss_change", **zero) == {"zero": 0.0}


def test_set_ups_that_do_not_fit_together_are_named():
    with pytest.raises(OutOfRange, match="starts"):
        wide_network_interpolation(**{**SMALL, "starts": ["zero", "zero"]})
    with pytest.raises(OutOfRange, match="samples"):
        wide_network_interpolation(**{**SMALL, "condition_numbers": [3.0]})
    with pytest.raises(OutOfRange, match="samples"):
        wide_network_interpolation(**{**SMALL, "labels": ["spectral"]})
    assert aligned({"a": [1], "b": [2, 3]}, 2) == [(1, 2), (1, 3)]


def test_identity_start_follows_one_number_to_the_saddle():
    found = identity_saddle(
        optimizer="gradient_descent.GradientDescent",
        dimensions=[3, 3, 3, 3],
        learning_rate=0.05,
        steps=3000,
        perturbation=1e-3,
        replicas=2,
        check_every=100,
        streams=Streams(1, "claim", "arm"),
    )
    w = 1.0
    for _ in range(3000):
        w -= 0.05 * w**2 * (w**3 + 1)
    value = {one.quantity: one.value for one in found.measured}
    assert value["saddle_relative_loss"] == pytest.approx((1 + w**3) ** 2, rel=1e-10)
    assert value["freed_relative_loss"] < 0.4
