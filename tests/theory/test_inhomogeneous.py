"""The law along a schedule against the operator of constant steps, and against walkers."""

import math

import numpy as np
import pytest

from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.theory.inhomogeneous import FINER, flat_shares, moved, reference_error
from descent_audit.theory.langevin_operators import CUT, LangevinChain, share_above, transition_operator

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
AMPLITUDE = math.sqrt(2 * 0.5 / 0.01)


def test_constant_rate_is_the_homogeneous_operator():
    rate, temperature = 0.01, 0.5
    left, right = LOSS.ends(CUT * temperature)
    operator = transition_operator(LangevinChain(LOSS.gradient, rate, temperature), [left, 0.0, right])
    found = flat_shares(LOSS, (rate,) * 300, AMPLITUDE, -0.5)
    for steps in (1, 10, 100, 300):
        assert found.share[steps] == pytest.approx(float(share_above(operator, -0.5, steps, 0.0)), abs=1e-6)
    assert found.lost < 1e-6


def test_falling_rates_agree_with_walkers():
    rates = tuple(np.geomspace(0.01, 0.002, 400).tolist())
    found = flat_shares(LOSS, rates, AMPLITUDE, -0.5)
    rng, x = np.random.default_rng(7), np.full(40_000, -0.5)
    for rate in rates:
        x = x - rate * (LOSS.gradient(x) + AMPLITUDE * rng.standard_normal(x.shape))
    error = math.sqrt(found.share[-1] * (1 - found.share[-1]) / len(x))
    assert abs(np.mean(x > 0) - found.share[-1]) < 5 * error + 1e-4


def test_walkers_agree_and_another_amplitude_does_not():
    rates = (0.01,) * 400
    right, wrong = (flat_shares(LOSS, rates, factor * AMPLITUDE, -0.5).share[-1] for factor in (1.0, 1.05))
    assert abs(wrong - right) > 0.01


def test_refinement_changes_little_and_is_what_the_error_reports():
    rates = tuple(np.geomspace(0.01, 0.005, 200).tolist())
    change = abs(
        flat_shares(LOSS, rates, AMPLITUDE, -0.5, FINER).share - flat_shares(LOSS, rates, AMPLITUDE, -0.5).share
    )
    early, late = reference_error(LOSS, rates, AMPLITUDE, -0.5, [50, 200])
    assert change[50] <= early < 1e-4
    assert change[200] <= late < 1e-4


def test_mirrored_start_and_loss_give_the_other_share():
    mirrored = TwoWells(LOSS.flat, LOSS.sharp)
    rates = (0.01,) * 100
    one, other = flat_shares(LOSS, rates, AMPLITUDE, -0.5).share, flat_shares(mirrored, rates, AMPLITUDE, 0.5).share
    assert np.allclose(one + other, 1.0, atol=1e-6)


def test_cold_steps_are_frozen():
    rates = (*(0.01,) * 50, *(0.0005,) * 50)
    share = flat_shares(LOSS, rates, AMPLITUDE, -0.5).share
    assert (share[50:] == share[50]).all()


def test_moved_mass_is_the_full_sum_of_bells():
    rng = np.random.default_rng(2)
    masses, means, targets = rng.random(30), np.sort(rng.normal(size=30)), np.linspace(-6, 6, 200)
    plain = sum(m * np.exp(-0.5 * ((targets - c) / 0.2) ** 2) for m, c in zip(masses, means, strict=True))
    plain = plain / (0.2 * math.sqrt(2 * math.pi))
    assert np.allclose(moved(masses, means, 0.2, targets, 9.0), plain, atol=1e-13)
