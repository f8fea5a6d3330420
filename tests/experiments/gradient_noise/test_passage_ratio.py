"""Passage times of many walkers against single ones and against exact moments."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_noise import passage_ratio
from descent_audit.experiments.gradient_noise.passage_ratio import (
    escape_time_ratio,
    exact_moments,
    exact_ratio,
    passage_times,
    reference_ratio,
    summed_moments,
)
from descent_audit.experiments.noisy_wells import mirrored, passage_operator
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.0, "flat_width": 1.5, "flat_depth": 1.0, "learning_rate": 0.005,
    "temperature": 0.8, "walkers": 300, "block_size": 128, "longest_steps": 10**8,
    "reference_temperatures": [0.8], "drawn_temperatures": [0.5, 0.9], "drawn_points": 2,
}  # fmt: skip


def report(seed=1, **changed):
    found = escape_time_ratio(**{**SETTING, **changed}).whole(Streams(seed, "claim", "arm"))
    return {one.quantity: one for one in found.measured}


@pytest.mark.parametrize("loss", [LOSS, mirrored(LOSS)])
def test_times_have_their_exact_mean_and_variance(loss):
    times = passage_times(loss, np.random.default_rng(7), 3000, 0.005, 1.2, 10**6)
    mean, variance = exact_moments(loss, 0.005, 1.2)
    assert np.mean(times) == pytest.approx(mean, abs=5 * math.sqrt(variance / 3000))
    assert np.var(times) == pytest.approx(variance, rel=0.25)


def test_summed_moments_are_sums_of_the_probabilities_of_still_waiting():
    operator = passage_operator(LOSS, 0.005, 2.0)
    row, waiting, total, square, step = operator.row(LOSS.minima[0]), np.ones(len(operator.nodes)), 1.0, 1.0, 1
    while row @ waiting > 1e-13:
        total += row @ waiting
        square += (2 * step + 1) * (row @ waiting)
        waiting, step = operator.matrix @ waiting, step + 1
    mean, variance = summed_moments(LOSS, 0.005, 2.0)
    assert mean == pytest.approx(total, rel=1e-9)
    assert variance == pytest.approx(square - total**2, rel=1e-8)


@pytest.mark.parametrize("steps", [1, 7, 2_000])
def test_length_of_a_round_changes_only_the_draws(steps, monkeypatch):
    monkeypatch.setattr(passage_ratio, "ROUND", steps)
    walkers = 40 if steps == 1 else 400
    times = passage_times(LOSS, np.random.default_rng(3), walkers, 0.005, 2.0, 10**5)
    mean, variance = exact_moments(LOSS, 0.005, 2.0)
    assert np.mean(times) == pytest.approx(mean, abs=5 * math.sqrt(variance / walkers))


def test_single_walker_arrives_when_a_plain_loop_says_so():
    for seed in range(5):
        rng, x, step = np.random.default_rng(seed), -0.5, 0
        while x < 1.5:
            width = 0.5 if x < 0 else 1.5
            x = x - 0.02 / width**2 * x * ((x / width) ** 2 - 1) + math.sqrt(0.01 * 1.2) * rng.standard_normal()
            step += 1
        assert passage_times(LOSS, np.random.default_rng(seed), 1, 0.005, 1.2, 10**6).tolist() == [step]


def test_walkers_that_do_not_arrive_are_counted():
    assert np.all(passage_times(LOSS, np.random.default_rng(0), 5, 0.005, 0.05, 200) == 201)
    assert report(longest_steps=300)["censored"].value > 0
    assert report()["censored"].value == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ratio_is_the_exact_one(seed):
    found = report(seed)
    assert abs(found["log_ratio_z"].value) < 4.5
    error = (found["z_against_one"].value - found["log_ratio_z"].value) / found["z_against_one"].predicted
    assert error == pytest.approx(1.0)
    assert found["time_ratio"].predicted == pytest.approx(exact_ratio(LOSS, 0.005, 0.8))


def test_standard_error_is_the_spread_over_seeds():
    changed = {"temperature": 1.5, "walkers": 200, "block_size": 200, "drawn_points": 0}
    scores = [report(seed, **changed)["log_ratio_z"].value for seed in range(30)]
    assert np.mean(scores) == pytest.approx(0.0, abs=0.9)
    assert np.std(scores) == pytest.approx(1.0, abs=0.55)


def test_wells_of_equal_width_have_ratio_one():
    found = report(sharp_width=1.0, flat_width=1.0)
    assert found["reference_ratio"].value == pytest.approx(1.0, rel=1e-12)
    assert abs(found["z_against_one"].value) < 5


def test_ratio_tends_to_that_of_the_widths():
    """At low temperature and with small steps; a fine step leaves only the correction of the temperature."""
    assert exact_ratio(LOSS, 0.00125, 0.12) == pytest.approx(3.0, rel=0.05)
    assert exact_ratio(LOSS, 0.005, 0.8) < exact_ratio(LOSS, 0.005, 0.33) < 3.0


def test_deeper_sharp_well_is_left_later():
    setting = {key: SETTING[key] for key in ("sharp_width", "flat_width", "flat_depth", "learning_rate")}
    (one,) = reference_ratio(**setting, sharp_depth=2.0, temperature=0.33).measured
    assert one.value < 0.5


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"reference_temperatures": [0.3, 0.0]}, "reference_temperatures"),
        ({"learning_rate": 0.02}, "learning_rate"),
        ({"flat_depth": 0.0}, "flat_depth"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed, key):
    with pytest.raises(OutOfRange) as refused:
        escape_time_ratio(**{**SETTING, **changed})
    assert refused.value.key == key
