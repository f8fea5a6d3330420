"""Many runs at once against scalar loops that follow each run to its end."""

import math

import numpy as np
import pytest

from descent_audit.experiments.momentum.momentum_runs import grid, run_cells, short
from descent_audit.landscapes.wall import QuarticWall

HEAVY_BALL = "heavy_ball.HeavyBall"


def plain(slope, start, rate, momentum, steps):
    """Return last point, last velocity, lowest and highest point of one run, whatever its size."""
    x, v, low, high = start, 0.0, start, start
    for _ in range(steps):
        v = momentum * v - rate * slope(x)
        x += v
        low, high = min(low, x), max(high, x)
        if abs(x) > 1e30:
            break
    return x, v, low, high


def wall(x):
    return x + (100 * x**3 if x > 0 else 0.0)


def test_cells_end_where_scalar_runs_end():
    rates, momentum = grid([0.003, 0.05, 0.4, 0.8], [0.0, 0.3, 0.8, 0.97])
    with np.errstate(all="ignore"):
        ends = run_cells(HEAVY_BALL, QuarticWall(1.0, 100.0).gradient, -5.0, rates, momentum, 1500)
    for cell in np.ndindex(rates.shape):
        x, v, low, high = plain(wall, -5.0, float(rates[cell]), float(momentum[cell]), 1500)
        lost = max(-low, high) > 1e6
        assert ends.exceeds(1e6)[cell] == lost
        assert ends.within(1e-3)[cell] == (not lost and max(abs(x), abs(v)) <= 1e-3)
        assert (lost or ends.highest[cell] > 1e-300) == (lost or high > 1e-300)
        if not lost and max(abs(x), abs(v)) > 1e-10:
            assert ends.point[cell] == pytest.approx(x, rel=1e-5)
            assert ends.velocity[cell] == pytest.approx(v, rel=1e-5)
            assert ends.lowest[cell] == pytest.approx(low, rel=1e-9)


def test_a_run_at_rest_is_left_there():
    ends = run_cells(HEAVY_BALL, lambda x: x, -1.0, 0.9, [0.0, 0.6], 3000)
    assert ends.point.tolist() == [0.0, 0.0] and ends.velocity.tolist() == [0.0, 0.0]
    assert plain(lambda x: x, -1.0, 0.9, 0.6, 3000)[0] != 0.0, "rounding keeps the plain run among the subnormals"
    assert ends.highest[0] <= 1e-300 < ends.highest[1]


def test_an_overflown_run_exceeds_every_distance():
    with np.errstate(all="ignore"):
        ends = run_cells(HEAVY_BALL, lambda x: x**3, [10.0, 0.1], 1.0, 0.5, 200)
    assert ends.exceeds(1e300).tolist() == [True, False]
    assert ends.within(1e3).tolist() == [False, True]


def test_run_starts_at_its_own_start():
    ends = run_cells(HEAVY_BALL, lambda x: x, [[2.0], [-3.0]], [0.1, 0.2], 0.0, 5)
    assert ends.point == pytest.approx(np.array([[2.0], [-3.0]]) * np.array([0.9**5, 0.8**5]))
    assert ends.highest.tolist()[0] == [2.0, 2.0] and ends.lowest.tolist()[1] == [-3.0, -3.0]


def test_grid_holds_all_pairs():
    rates, momentum = grid([1.0, 2.0], [0.1, 0.2, 0.3])
    assert rates.shape == momentum.shape == (2, 3)
    assert set(zip(rates.ravel(), momentum.ravel(), strict=True)) == {
        (h, beta) for h in (1.0, 2.0) for beta in (0.1, 0.2, 0.3)
    }


def test_short_numbers_have_six_digits():
    assert short(np.array([[math.pi, 1e-3]])).tolist() == [3.14159, 0.001]
