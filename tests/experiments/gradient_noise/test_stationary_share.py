"""Occupancies of walkers against loops, and which parameters are refused."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_noise.stationary_share import occupancy, stationary_flat_share
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

LOSS = TwoWells(Well(0.5, 1.3), Well(1.5, 1.0))
SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.3, "flat_width": 1.5, "flat_depth": 1.0, "temperatures": [0.2, 0.8],
    "drawn_points": 3, "reversal_temperatures": [0.2], "reversal_bracket": [0.0, 3.0], "halvings": 30,
    "chain_learning_rates": [0.005], "chain_temperatures": [0.8], "learning_rate": 0.005, "walk_temperatures": [0.8],
    "steps": 100, "walkers": 300, "block_size": 100,
}  # fmt: skip


def report(**changed):
    return stationary_flat_share(**{**SETTING, **changed}).whole(Streams(3, "claim", "arm"))


def test_occupancy_is_that_of_walkers_from_either_bottom():
    *exact, change = occupancy(LOSS, 0.005, 0.8, 200)
    rng = np.random.default_rng(6)
    for start, share in zip(LOSS.minima, exact, strict=True):
        x = np.full(20_000, start)
        for _ in range(200):
            x = x - 0.005 * LOSS.gradient(x) + math.sqrt(2 * 0.005 * 0.8) * rng.standard_normal(x.shape)
        assert np.mean(x > 0) == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 20_000))
    assert change < 1e-9


def test_every_walker_is_counted_and_expected():
    counts = [one for one in report().measured if one.quantity == "occupancy_count"]
    assert {one.at["start"] for one in counts} == {"sharp", "flat"}
    assert all(one.replicates == 300 and 0 <= one.value <= 300 and 0 < one.predicted < 300 for one in counts)


def test_there_is_a_closed_form_at_equal_depth_alone():
    even = [one.predicted for one in report(sharp_depth=1.0).measured if one.quantity == "flat_share"]
    assert even == pytest.approx([0.75, 0.75])
    assert {one.predicted for one in report().measured if one.quantity == "flat_share"} == {None}


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("walk_temperatures", {"walk_temperatures": [0.0]}),
        ("chain_learning_rates", {"chain_learning_rates": [0.1]}),
        ("learning_rate", {"learning_rate": 0.02}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(key, changed):
    with pytest.raises(OutOfRange) as refused:
        report(**changed)
    assert refused.value.key == key
