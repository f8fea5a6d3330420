"""Runs against a plain loop and against the closed form on a quadratic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import (
    final,
    final_state,
    iterate,
    log_growth_rate,
    rescaled,
    snapshots,
    states,
)
from descent_audit.optimizers.heavy_ball import HeavyBall


class CountingRule:
    """A rule whose state counts its steps and whose step is the count: it shows what ``iterate`` hands on."""

    def init(self, x):
        return 0

    def update(self, x, gradient, state, learning_rate):
        return x + learning_rate * (state + 1) + 0 * gradient, state + 1


def test_iterate_yields_every_step_but_not_the_start():
    path = list(iterate(lambda x: x, np.array([1.0]), 0.5, 3))
    assert [float(x[0]) for x in path] == [0.5, 0.25, 0.125]


def test_iterate_asks_for_the_gradient_at_the_current_point():
    asked = []
    list(iterate(lambda x: asked.append(float(x)) or x, np.array(8.0), 0.5, 3))
    assert asked == [8.0, 4.0, 2.0]


def test_iterate_hands_the_state_on():
    path = [float(x) for x in iterate(lambda x: x, np.array(0.0), 10.0, 3, CountingRule())]
    assert path == [10.0, 30.0, 60.0]


def test_iterate_leaves_the_start_alone():
    start = np.array([1.0, -2.0])
    list(iterate(lambda x: x, start, 0.1, 5))
    assert start.tolist() == [1.0, -2.0]


@given(st.floats(0.01, 1.9), st.integers(1, 60), st.lists(st.floats(-5, 5), min_size=1, max_size=4))
def test_final_on_a_quadratic_is_a_power(rate, steps, start):
    found = final(lambda x: x, np.array(start), rate, steps)
    assert found == pytest.approx(np.array(start) * (1 - rate) ** steps, rel=1e-10, abs=1e-12)


def test_final_runs_a_scan_over_rates_as_single_runs():
    rates, start = np.array([0.3, 1.1, 1.7]), np.array([2.0, -1.0])
    together = final(np.sin, np.broadcast_to(start, (3, 2)), rates[:, None], 25)
    for rate, found in zip(rates, together, strict=True):
        assert np.array_equal(found, final(np.sin, start, float(rate), 25))


def test_final_without_steps_is_the_start():
    assert final(lambda x: x, np.array(3.0), 0.1, 0) == 3.0


def test_overflow_fails_every_bound():
    with np.errstate(all="ignore"):
        end = final(lambda x: x**3, np.array([3.0]), 1.0, 20)
    assert not np.linalg.norm(end) <= 1e300


@given(st.sets(st.integers(1, 40), min_size=1, max_size=8))
def test_snapshots_are_the_points_of_those_steps(steps):
    path = list(iterate(lambda x: x, np.array(1.0), 0.1, 40))
    found = snapshots(iterate(lambda x: x, np.array(1.0), 0.1, 40), steps)
    assert found == [path[step - 1] for step in sorted(steps)]


def test_snapshots_take_numpy_steps_and_leave_out_the_start():
    found = snapshots(iterate(lambda x: x, np.array(1.0), 0.5, 4), np.array([0, 2, 9]))
    assert [float(x) for x in found] == [0.25]


def test_states_hand_out_the_state_with_the_point():
    path = [(float(x), state) for x, state in states(lambda x: x, np.array(0.0), 1.0, 3, CountingRule())]
    assert path == [(1.0, 1), (3.0, 2), (6.0, 3)]


def test_states_go_on_where_another_run_stopped():
    whole = list(states(np.sin, np.ones(3), 0.3, 12, HeavyBall(0.8)))
    x, state = final_state(np.sin, np.ones(3), 0.3, 5, HeavyBall(0.8))
    rest = list(states(np.sin, x, 0.3, 7, HeavyBall(0.8), state))
    np.testing.assert_array_equal(rest, whole[5:])
    assert final_state(np.sin, x, 0.3, 0, HeavyBall(0.8), state) == (x, state)


def test_rescaled_keeps_directions_and_reports_the_norm():
    with np.errstate(divide="ignore"):
        x, state, log_norm = rescaled(np.array([3.0, 0.0, 1e-200]), np.array([-4.0, 0.0, 0.0]))
    assert x == pytest.approx([0.6, 0.0, 1.0]) and state == pytest.approx([-0.8, 0.0, 0.0])
    assert log_norm[[0, 2]] == pytest.approx([np.log(5.0), -200 * np.log(10.0)])
    assert log_norm[1] == -np.inf


@pytest.mark.parametrize("every", [1, 7, 100])
def test_log_growth_rate_is_that_of_a_run_without_rescaling(every):
    momentum, rates, steps = np.array([0.3, 0.9, 0.5]), np.array([1.2, 0.4, 3.5]), 41
    norms = [
        np.hypot(x, v)
        for x, v in states(lambda x: 2.0 * x, np.array([1.0, -1.0, 0.5]), rates, steps, HeavyBall(momentum))
    ]
    found = log_growth_rate(
        lambda x: 2.0 * x, np.array([1.0, -1.0, 0.5]), rates, steps, HeavyBall(momentum), every=every
    )
    assert found == pytest.approx(np.log(norms[-1] / norms[steps // 2 - 1]) / (steps - steps // 2), rel=1e-10)


def test_log_growth_rate_passes_what_overflows_and_what_vanishes():
    with np.errstate(divide="ignore"):
        growth = log_growth_rate(lambda x: x, np.ones(2), np.array([50.0, 1.0]), 3000, HeavyBall(0.0), every=20)
    assert growth[0] == pytest.approx(np.log(49.0)) and growth[1] == -np.inf
