import pytest

from descent_audit.experiments.linear_networks.bottleneck_floor import rank_bottleneck_floor
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimensions": [4, 12, 12, 12, 4],
    "bottleneck_layer": 2,
    "bottlenecks": [1, 2, 3],
    "label_strengths": [1.9, 1.3, 0.7, 0.1],
    "occurring_classes": 0,
    "learning_rate": 0.05,
    "steps": 3000,
    "replicas": 8,
    "relative_target": 1e-10,
    "relative_accuracy": 1e-8,
    "check_every": 50,
    "block_size": 4,
    "drawn_bottlenecks": [2],
}


def values(quantity, **changes):
    found = rank_bottleneck_floor(**{**SMALL, **changes}).whole(Streams(1, "claim", "arm"))
    return {one.at["bottleneck"]: one.value for one in found.measured if one.quantity == quantity}


def test_training_ends_at_the_share_that_is_truncated():
    assert values("floor_share") == pytest.approx({1: 2.1 / 4, 2: 0.8 / 4, 3: 0.1 / 4})
    assert values("worst_relative_loss") == pytest.approx({1: 2.1 / 4, 2: 0.8 / 4, 3: 0.1 / 4}, abs=1e-8)
    assert min(values("lowest_gap").values()) > -1e-12


def test_the_last_replica_arrives_at_the_last_occupied_check():
    found = rank_bottleneck_floor(**SMALL).whole(Streams(1, "claim", "arm")).measured
    rows = [one for one in found if one.quantity == "steps_largest"]
    assert len(rows) == 3
    assert all(one.value == one.predicted > 0 for one in rows)


def test_floor_vanishes_with_the_bottleneck():
    assert values("smallest_floor_share", bottlenecks=[4])[4] < 1e-25
    assert values("worst_relative_loss", bottlenecks=[4])[4] < 1e-8


def test_labels_of_few_classes_pass_through():
    assert values("smallest_floor_share", bottlenecks=[2], occurring_classes=2)[2] < 1e-25
    assert values("worst_relative_loss", bottlenecks=[2], occurring_classes=2)[2] < 1e-4


def test_replicas_that_have_not_arrived_are_counted():
    assert values("unreached", steps=50, bottlenecks=[1]) == {1: 8.0}
    assert values("converged_fraction", steps=50, bottlenecks=[1]) == {1: 0.0}
    assert values("steps_median", steps=50, bottlenecks=[1]) == {}


def test_parameters_that_do_not_fit_together_are_named():
    with pytest.raises(OutOfRange, match="label_strengths"):
        rank_bottleneck_floor(**{**SMALL, "label_strengths": [1.0]})
    with pytest.raises(OutOfRange, match="occurring_classes"):
        rank_bottleneck_floor(**{**SMALL, "occurring_classes": 5})
