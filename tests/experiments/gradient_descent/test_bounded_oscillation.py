"""Bounded motion beyond the bound, against scalar loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.bounded_oscillation import (
    bounded_from_everywhere,
    descent_into_cycle,
    neutral_cycles,
)


def measured(report) -> dict[str, float]:
    return {one.quantity: one.value for one in report.measured}


def walk(x: float, rate: float, steps: int) -> list[float]:
    path = [x]
    for _ in range(steps):
        path.append(path[-1] - rate * math.tanh(path[-1]))
    return path


def test_descent_into_cycle_is_that_of_a_scalar_loop():
    found = measured(descent_into_cycle(start=10.0, learning_rate=2.5, descent_steps=60, further_steps=100))
    path = walk(10.0, 2.5, 161)
    assert found["final_distance"] == pytest.approx(abs(path[160]), rel=1e-12)
    assert found["loss_ratio"] == pytest.approx(math.log(math.cosh(path[60])) / math.log(math.cosh(10.0)), rel=1e-12)
    assert found["period_two_residual"] == pytest.approx(abs(path[160] + path[161]), abs=1e-14)
    assert found["largest_distance_ratio"] == max(map(abs, path)) / 10.0


def test_descent_into_cycle_shows_an_iterate_beyond_a_start_that_is_too_close():
    found = measured(descent_into_cycle(start=0.1, learning_rate=2.5, descent_steps=60, further_steps=100))
    assert found["largest_distance_ratio"] > 1.0 and found["loss_ratio"] > 1.0


@settings(deadline=None)
@given(st.floats(0.1, 50), st.floats(0.1, 100), st.integers(2, 50))
def test_no_rate_diverges_from_any_start(rate, largest, starts):
    steps = math.ceil(largest / (rate * math.tanh(rate))) + 1
    found = measured(
        bounded_from_everywhere(
            largest_start=largest, starts=starts, learning_rate=rate, steps=steps, unbounded_distance=1e50
        )
    )
    assert found["diverged"] == 0 and found["largest_distance_over_rate"] <= 1.0


def test_bounded_from_everywhere_is_that_of_scalar_loops():
    report = bounded_from_everywhere(largest_start=20.0, starts=9, learning_rate=5.0, steps=30, unbounded_distance=1e50)
    ends = [abs(walk(-20.0 + 5.0 * k, 5.0, 30)[-1]) for k in range(9)]
    assert measured(report)["largest_distance_over_rate"] == pytest.approx(max(ends) / 5.0, rel=1e-12)


def test_bounded_from_everywhere_counts_what_leaves_the_bound():
    report = bounded_from_everywhere(largest_start=20.0, starts=5, learning_rate=5.0, steps=1, unbounded_distance=6.0)
    assert measured(report)["diverged"] == 2


@settings(deadline=None)
@given(st.floats(2.1, 9.0), st.floats(0.01, 0.99), st.integers(1, 30))
def test_every_start_on_the_tails_returns(rate, share, half):
    start = 1.0 + share * (rate - 2.0)
    (found,) = neutral_cycles(starts=[start], learning_rate=rate, steps=2 * half).measured
    assert found.value < 1e-12


def test_an_odd_number_of_steps_ends_on_the_other_tail():
    (found,) = neutral_cycles(starts=[1.3], learning_rate=2.5, steps=7).measured
    assert found.value == pytest.approx(2.5)


def test_a_start_off_the_cycles_does_not_return():
    (found,) = neutral_cycles(starts=[1.7], learning_rate=2.5, steps=1000).measured
    assert found.value > 0.1


def test_drawn_losses_are_normalised():
    (curve,) = neutral_cycles(starts=[1.3], learning_rate=2.5, steps=10).curves
    losses = {0: 0.8, 1: 0.7}
    assert np.asarray(curve.y) == pytest.approx([losses[k % 2] / 0.8 for k in curve.x])
