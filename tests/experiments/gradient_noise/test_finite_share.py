"""Shares after a limited number of steps against plain loops."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_noise.finite_share import evenly_spaced, exact_share, finite_time_flat_share
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.0, "flat_width": 1.5, "flat_depth": 1.0, "learning_rate": 0.005,
    "temperatures": [0.15, 0.5], "start_ends": [-1.0, 1.0], "steps": 200, "walkers": 512, "block_size": 256,
    "drawn_temperatures": [0.1, 0.6], "drawn_points": 2,
}  # fmt: skip


def report(**changed):
    return finite_time_flat_share(**{**SETTING, **changed}).whole(Streams(3, "claim", "arm"))


def test_starts_are_the_mid_points_of_equal_parts():
    starts = evenly_spaced((-1.0, 1.0), 8)
    assert starts.tolist() == [-1 + 2 * (i + 0.5) / 8 for i in range(8)]
    assert np.mean(starts > 0) == 0.5


def test_mean_and_variance_are_those_of_repeated_runs():
    exact = exact_share(LOSS, 0.005, 0.33, steps=150, ends=(-1.0, 1.0), starts=64)
    rng = np.random.default_rng(5)
    x = np.tile(evenly_spaced((-1.0, 1.0), 64), (4000, 1))
    for _ in range(150):
        x = x - 0.005 * LOSS.gradient(x) + math.sqrt(2 * 0.005 * 0.33) * rng.standard_normal(x.shape)
    shares = np.mean(x > 0, axis=1)
    assert shares.mean() == pytest.approx(exact.mean, abs=5 * math.sqrt(exact.variance / 64 / 4000))
    assert shares.var() == pytest.approx(exact.variance / 64, rel=0.15)
    assert exact.variance < exact.mean * (1 - exact.mean)


def test_scores_follow_from_the_shares():
    found = {one.quantity: one for one in report().measured if one.quantity in ("rise_z", "deficit_z")}
    shares = {one.at["temperature"]: one for one in report().measured if one.quantity == "flat_share"}
    low = exact_share(LOSS, 0.005, 0.15, steps=200, ends=(-1.0, 1.0), starts=256)
    high = exact_share(LOSS, 0.005, 0.5, steps=200, ends=(-1.0, 1.0), starts=256)
    rise = (shares[0.5].value - shares[0.15].value) / math.sqrt((low.variance + high.variance) / 512)
    assert found["rise_z"].value == pytest.approx(rise)
    assert found["deficit_z"].value == pytest.approx((shares[0.15].value - 0.5) / math.sqrt(low.variance / 512))


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("walkers", {"walkers": 300}),
        ("temperatures", {"temperatures": [0.0, 0.5]}),
        ("learning_rate", {"learning_rate": 0.05}),
        ("sharp_width", {"sharp_width": 0.0}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(key, changed):
    with pytest.raises((OutOfRange, ZeroDivisionError)) as refused:
        report(**changed)
    assert key in str(refused.value)
