import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from descent_audit.experiments.linear_networks.mode_staircase import (
    crossing_time,
    half_times,
    mode_products,
    sigmoid,
    singular_mode_staircase,
)
from descent_audit.measurement.randomness import Streams

OPTIMIZER = "gradient_descent.GradientDescent"


def report(**changes):
    settings = {
        "optimizer": OPTIMIZER,
        "strengths": [3.0, 1.0],
        "start_products": [1e-3, 1e-3],
        "learning_rate": 0.02,
        "steps": 400,
        "drawn_points": 20,
    }
    return singular_mode_staircase(**{**settings, **changes}, streams=Streams(1, "claim", "arm"))


def value(found, quantity, **at):
    return next(one.value for one in found.measured if one.quantity == quantity and at.items() <= one.at.items())


def test_modes_agree_with_a_scalar_loop():
    found = list(mode_products(OPTIMIZER, np.array([3.0, 1.0]), np.array([1e-3, 0.2]), 0.02, 50))[-1]
    for index, (strength, begin) in enumerate(((3.0, 1e-3), (1.0, 0.2))):
        w = v = math.sqrt(begin)
        for _ in range(50):
            e = w * v - strength
            w, v = w - 0.02 * e * v, v - 0.02 * e * w
        assert found[index] == pytest.approx(w * v, rel=1e-13)


def test_sigmoid_solves_its_differential_equation():
    solution = solve_ivp(lambda t, u: 2 * u * (2.0 - u), (0, 3), [1e-3], rtol=1e-10, atol=1e-13)
    assert sigmoid(3.0, np.array(2.0), np.array(1e-3)) == pytest.approx(solution.y[0, -1], rel=1e-7)


@pytest.mark.parametrize("begin", [1e-4, 0.3])
def test_half_times_solve_the_modified_equation_to_first_order(begin):
    def misses(rate):
        def slope(t, u):
            return 2 * u * (2.0 - u) * (1 - 0.5 * rate * 2.0 + 1.5 * rate * u)

        def half(t, u):
            return u[0] - 1.0

        half.terminal = True
        solution = solve_ivp(slope, (0, 20), [begin], events=half, rtol=1e-11, atol=1e-14)
        return solution.t_events[0][0] - half_times(np.array([2.0]), np.array([begin]), rate)[0]

    assert abs(misses(1e-2)) < 1e-3
    assert misses(1e-2) / misses(5e-3) == pytest.approx(4.0, rel=0.1)


def test_measured_half_time_converges_at_second_order():
    def misses(rate):
        found = report(learning_rate=rate, steps=round(8 / rate))
        one = next(one for one in found.measured if one.quantity == "half_time" and one.at["strength"] == 1.0)
        return one.value - one.predicted

    assert misses(0.04) / misses(0.02) == pytest.approx(4.0, rel=0.3)


def test_crossing_time_is_interpolated_and_kept_inside_the_run():
    times = np.array([0.0, 1.0, 2.0])
    assert crossing_time(times, np.array([0.0, 1.0, 3.0]), 2.0) == 1.5
    assert crossing_time(times, np.array([5.0, 6.0, 7.0]), 2.0) == 0.0
    assert crossing_time(times, np.array([0.0, 0.0, 1.0]), 2.0) == 2.0


def test_embedded_network_follows_the_scalar_modes():
    assert value(report(), "embedded_deviation") < 1e-12


def test_order_is_lost_with_a_large_start():
    assert value(report(), "order_correct") == 1.0
    large = report(start_products=[1.5, 0.5])
    assert value(large, "order_correct") == 0.0
    assert value(large, "half_time", strength=3.0) == 0.0
