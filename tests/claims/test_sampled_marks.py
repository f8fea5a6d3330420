"""Which marks carry an interval: those, and only those, that are estimated from replicates; all claims, smoke scale."""

import math
from dataclasses import replace

import numpy as np
import pytest
from test_claims import NAMES, SAMPLED, curves_of

from descent_audit.claims.catalogue import load_claims
from descent_audit.claims.sources import is_sampled
from descent_audit.stages import observe

SINGLE_RUNS = {
    ("noise_escape_probability", "walkers"),
    ("wide_network_interpolation", "loss"),
    ("wide_network_interpolation", "saddle"),
    ("minibatch_gradient_moments", "histogram"),
}
"""Panels whose marks move with the seed and estimate nothing: each is one run, or one problem whose data are drawn."""
OWN_DRAWS = {("armijo_step_bounds", "claim"), ("zero_noise_trapping", "noise_restored")}
"""Arms that draw replicates by themselves, not in blocks."""
CERTAIN = {
    ("minibatch_barrier_crossing", "full_batch"),
    ("minibatch_noise_flattening", "full_batch"),
    ("noise_escape_probability", "without_noise"),
    ("saddle_escape_noise", "noise_removed"),
    ("schedule_noise_exploration", "no_noise"),
    ("sgd_mean_square_limit", "all_samples"),
}
"""Arms of sampled experiments in which every replicate is the same."""


def curves(name, seed=20260101):
    """Return the rows of each measured curve by arm, panel and series, maps left out."""
    found = {}
    for row in curves_of(name, seed).to_dict("records"):
        if row["role"] in ("measured", "control") and math.isnan(row["value"]):
            found.setdefault((row["arm"], row["panel"], row["series"]), []).append(row)
    return found


def moves(rows, others):
    """Say whether marks differ between two seeds by more than the rounding of sums in another order."""
    if len(rows) != len(others):
        return True
    y, other = (np.array([row["y"] for row in both]) for both in (rows, others))
    return bool(np.any(np.abs(y - other) > 1e-9 * np.abs(y)))


def has_interval(row):
    return not math.isnan(row["low"])


@pytest.mark.parametrize("name", NAMES)
def test_interval_holds_its_mark_and_only_measured_marks_have_one(name):
    for row in curves_of(name).to_dict("records"):
        assert math.isnan(row["low"]) == math.isnan(row["high"])
        if has_interval(row):
            assert row["low"] <= row["y"] <= row["high"], row
            assert row["role"] in ("measured", "control") and math.isnan(row["value"]), row


@pytest.mark.parametrize("name", NAMES)
def test_arms_that_draw_no_replicates_have_no_intervals(name):
    drawn = {arm.name for arm in load_claims([name])[name].arms("smoke") if is_sampled(arm.target)}
    drawn |= {arm for claim, arm in OWN_DRAWS if claim == name}
    drawn -= {arm for claim, arm in CERTAIN if claim == name}
    for (arm, *_), rows in curves(name).items():
        assert arm in drawn or not any(map(has_interval, rows))


@pytest.mark.parametrize("name", SAMPLED)
def test_marks_that_move_with_the_seed_have_intervals(name):
    others = curves(name, seed=1)
    for (arm, panel, series), rows in curves(name).items():
        if moves(rows, others[arm, panel, series]):
            single = (name, panel) in SINGLE_RUNS
            sampled = [has_interval(row) for row in rows]
            assert sum(sampled) == (0 if single else len(rows) - certain(rows, others[arm, panel, series])), series


def certain(rows, others):
    """Return how many marks are those of a fixed start, the same under both seeds and the first of their curve."""
    starts = sum(row["x"] == rows[0]["x"] for row in rows)
    return 0 if has_interval(rows[0]) or moves(rows[:1], others[:1]) else starts


@pytest.mark.parametrize("name", sorted({claim for claim, _ in OWN_DRAWS}))
def test_arms_that_draw_by_themselves_have_intervals(name):
    for claim, arm in OWN_DRAWS:
        if claim == name:
            assert any(has_interval(row) for key, rows in curves(name).items() for row in rows if key[0] == arm)


def test_intervals_shrink_as_the_root_of_the_replicates():
    name, factor = "saddle_escape_noise", 16
    arm = load_claims([name])[name].arms("smoke")[0]
    spreads = []
    for walkers in (arm.parameters["walkers"], factor * arm.parameters["walkers"]):
        grown = replace(arm, parameters={**arm.parameters, "walkers": walkers})
        table = observe.curves_table(name, observe.simulate(name, [grown], 1))
        low, high, y = table.loc[table["role"].eq("measured"), ["low", "high", "y"]].to_numpy().T
        middle = (y > 0.2) & (y < 0.8)
        spreads.append(np.mean((high - low)[middle] / np.sqrt(y * (1 - y))[middle]))
        assert spreads[-1] == pytest.approx(2 * 1.96 / np.sqrt(walkers), rel=0.05)
    assert spreads[1] == pytest.approx(spreads[0] / np.sqrt(factor), rel=0.05)
