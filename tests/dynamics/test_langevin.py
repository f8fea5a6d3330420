"""The in-place step against the plain one, and its draws against those of the generator."""

import math
from collections import deque
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.dynamics import langevin
from descent_audit.dynamics.langevin import walk
from descent_audit.landscapes.two_wells import TwoWells, Well

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))


def plain_walk(loss, rng, x, rates, noises):
    """Return the walkers after all steps, by the formula of a step and a mask."""
    for rate, noise in zip(rates, noises, strict=True):
        slope = np.where(x < 0, loss.sharp.gradient(x), loss.flat.gradient(x))
        x = x - rate * slope + (noise * rng.standard_normal(len(x)) if noise else 0.0)
    return x


def last_of(path):
    return deque(path, maxlen=1)[0]


@pytest.mark.parametrize("walkers", [1, 7, 4096])
@pytest.mark.parametrize("ahead", [1, 64, 1 << 15])
def test_walk_is_the_plain_step_with_the_same_draws(walkers, ahead, monkeypatch):
    monkeypatch.setattr(langevin, "AHEAD", ahead)
    mine, other = np.random.default_rng(3), np.random.default_rng(3)
    start = np.linspace(-0.9, 2.0, walkers)
    x = start.copy()
    found = last_of(walk(LOSS, mine, x, np.full(50, 0.005), 0.06))
    assert found is x
    assert x == pytest.approx(plain_walk(LOSS, other, start, [0.005] * 50, [0.06] * 50), abs=1e-12)
    assert mine.standard_normal() == other.standard_normal()


def test_rates_and_noises_of_a_schedule_may_be_zero_in_any_step():
    rates = [0.005, 0.0, 0.01, 0.002, 0.005, 0.01]
    noises = [0.05, 0.1, 0.0, 0.0, 0.02, 0.0]
    mine, other = np.random.default_rng(5), np.random.default_rng(5)
    start = np.linspace(-1.0, 1.0, 9)
    x = start.copy()
    last_of(walk(LOSS, mine, x, rates, noises))
    assert x == pytest.approx(plain_walk(LOSS, other, start, rates, noises), abs=1e-14)
    assert mine.standard_normal() == other.standard_normal()


def test_nothing_is_drawn_without_noise():
    rng = np.random.default_rng(1)
    state = rng.bit_generator.state
    x = np.array([-0.9, -0.1, 0.1, 1.0])
    last_of(walk(LOSS, rng, x, np.full(20_000, 0.005), 0.0))
    assert rng.bit_generator.state == state
    assert x == pytest.approx([-0.5, -0.5, 1.5, 1.5], abs=1e-12)


def test_caller_may_move_walkers_between_steps():
    mine, other = np.random.default_rng(8), np.random.default_rng(8)
    x, y = np.full(5, -0.5), np.full(5, -0.5)
    for _ in walk(LOSS, mine, x, np.full(30, 0.005), 0.05):
        x[x > -0.45] = -0.5
    for _ in range(30):
        y = plain_walk(LOSS, other, y, [0.005], [0.05])
        y[y > -0.45] = -0.5
    assert x == pytest.approx(y, abs=1e-12)


def test_walks_in_turn_are_one_walk():
    mine, other = np.random.default_rng(9), np.random.default_rng(9)
    x, y = np.full(6, 1.0), np.full(6, 1.0)
    for steps in (3, 1, 9):
        last_of(walk(LOSS, mine, x, np.full(steps, 0.005), 0.05))
    last_of(walk(LOSS, other, y, np.full(13, 0.005), 0.05))
    assert np.array_equal(x, y)


@pytest.mark.parametrize("walkers", [0, 3])
def test_walk_yields_after_each_step(walkers):
    assert len(list(walk(LOSS, np.random.default_rng(0), np.zeros(walkers), np.full(4, 0.005), 0.1))) == 4


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.2, 2.0), min_size=4, max_size=4),
    st.floats(1e-4, 1e-2),
    st.floats(-2.0, 2.0),
)
def test_noise_free_step_is_that_of_the_slope(shape, rate, x):
    loss = TwoWells(Well(shape[0], shape[1]), Well(shape[2], shape[3]))
    (found,) = islice(walk(loss, np.random.default_rng(0), np.array([x]), [rate], 0.0), 1)
    expected = x - rate * float(loss.gradient(np.array(x)))
    assert float(found[0]) == pytest.approx(expected, abs=1e-12 * (1 + abs(x) ** 3 / min(shape) ** 4))


def test_first_steps_have_the_variance_of_the_noise():
    x = np.full(200_000, -0.5)
    last_of(walk(LOSS, np.random.default_rng(2), x, [0.005], math.sqrt(0.01 * 0.33)))
    assert np.var(x) == pytest.approx(0.01 * 0.33, rel=0.02)
