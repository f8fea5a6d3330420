"""Runs against a plain loop and against the closed form on a quadratic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.trajectories import final, iterate, snapshots


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
