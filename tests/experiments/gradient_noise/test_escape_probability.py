"""Escape within so many steps against loops that know no operator, and what the report makes of counts."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from descent_audit.experiments.gradient_noise.escape_probability import (
    cold_escape,
    escape_change,
    escape_probability,
    flat_occupancy,
    noise_escape_probability,
    occupancy,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.0, "flat_width": 1.5, "flat_depth": 1.0, "learning_rate": 0.005,
    "noise_factor": 2.0, "temperatures": [0.33, 0.5, 0.8], "steps": [200, 500], "walkers": 500, "block_size": 200,
    "drawn_temperatures": [0.3, 0.9], "drawn_points": 3, "path_temperature": 0.5, "path_steps": [1, 20], "paths": 4,
}  # fmt: skip


def report(seed=1, **changed):
    return noise_escape_probability(**{**SETTING, **changed}).whole(Streams(seed, "claim", "arm"))


def values(found, quantity):
    return [one.value for one in found.measured if one.quantity == quantity]


def simulated(temperature, steps, walkers, start, seed):
    """Return whether each walker was ever beyond the flat minimum, and where it is at the end."""
    rng, x = np.random.default_rng(seed), np.full(walkers, start)
    passed = np.zeros(walkers, dtype=bool)
    for _ in range(steps):
        width = np.where(x < 0, 0.5, 1.5)
        noise = math.sqrt(0.01 * temperature) * rng.standard_normal(walkers)
        x = x - 0.02 / width**2 * x * ((x / width) ** 2 - 1) + noise
        passed |= x >= 1.5
    return passed, x


def test_escape_probability_agrees_with_a_loop():
    passed, _ = simulated(0.6, 500, 4000, -0.5, seed=2)
    assert binomtest(int(passed.sum()), 4000, escape_probability(LOSS, 0.005, 0.6, (500,))[0]).pvalue > 1e-4


def test_occupancy_agrees_with_a_loop():
    _, x = simulated(0.6, 300, 4000, 1.5, seed=3)
    assert binomtest(int(np.sum(x > 0)), 4000, occupancy(LOSS, 0.005, 0.6, 300)).pvalue > 1e-4


def test_several_numbers_of_steps_are_each_alone():
    together = escape_probability(LOSS, 0.005, 0.5, (1, 40, 700))
    alone = [escape_probability(LOSS, 0.005, 0.5, (steps,))[0] for steps in (1, 40, 700)]
    assert together == pytest.approx(alone, abs=1e-13)
    assert escape_probability(LOSS, 0.005, 0.5, (700,), 6)[0] == pytest.approx(alone[-1], rel=1e-4)


def test_nothing_escapes_without_temperature():
    assert escape_probability(LOSS, 0.005, 0.0, (10, 20)) == (0.0, 0.0)
    assert escape_change(LOSS, 0.005, 0.0, 10) == 0.0
    assert values(report(temperatures=[0.0, 0.5]), "escape_count")[0] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_are_those_of_the_exact_probability(seed):
    for one in report(seed).measured:
        if one.quantity == "escape_count":
            assert binomtest(int(one.value), one.replicates, one.predicted / one.replicates).pvalue > 1e-5


def test_noise_off_by_a_twentieth_is_rejected():
    changed = {"noise_factor": 2 * 0.95**2, "temperatures": [0.33], "steps": [2000], "walkers": 4096}
    (one,) = [one for one in report(**changed).measured if one.quantity == "escape_count"]
    assert binomtest(int(one.value), 4096, one.predicted / 4096).pvalue < 1e-6


def test_without_noise_nothing_rises():
    found = report(noise_factor=0.0)
    assert values(found, "escape_count") == [0, 0, 0]
    assert values(found, "counts_increasing") == [0]
    assert values(report(), "counts_increasing") == [2]


def test_escapes_within_more_steps_are_more():
    shares = {c.series: np.array(c.y) for c in report().curves if c.panel == "escape" and c.role == "measured"}
    assert np.all(shares["$N$ = 500"] >= shares["$N$ = 200"])


def test_drawn_walkers_lie_on_the_landscape():
    curves = [curve for curve in report().curves if curve.panel == "walkers" and curve.role == "measured"]
    assert [curve.series for curve in curves] == ["1", "20"]
    for curve in curves:
        assert np.shape(curve.x) == (4,)
        assert curve.y == pytest.approx(LOSS.value(np.asarray(curve.x)))
    assert np.std(curves[0].x) < np.std(curves[1].x)
    assert not [curve for curve in report(paths=0).curves if curve.panel == "walkers"]


def test_occupancy_falls_where_first_passage_rises():
    setting = {key: SETTING[key] for key in ("sharp_width", "sharp_depth", "flat_width", "flat_depth", "learning_rate")}
    shares = values(flat_occupancy(**setting, temperatures=[0.2, 0.3, 0.5], steps=4000), "flat_occupancy")
    assert shares == sorted(shares, reverse=True) and 0.74 < shares[-1] < shares[0] < 1
    (cold,) = values(cold_escape(**setting, temperature=0.1, steps=1000), "cold_escape_probability")
    assert 0 < cold < 1e-3


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"learning_rate": 0.02}, "learning_rate"),
        ({"steps": [500, 500]}, "steps"),
        ({"path_steps": [20, 1]}, "path_steps"),
        ({"noise_factor": -1.0}, "noise_factor"),
        ({"sharp_width": -0.5}, "sharp_width"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed, key):
    with pytest.raises(OutOfRange) as refused:
        noise_escape_probability(**{**SETTING, **changed})
    assert refused.value.key == key
