import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from descent_audit.dynamics.backtracking import Armijo
from descent_audit.experiments.schedules.armijo_limits import (
    excessive_decrease,
    kinked_search,
    nonsmooth_search,
    resolved,
    rounding_share,
    uphill_search,
)
from descent_audit.experiments.smooth_functions import smooth_functions
from descent_audit.measurement.randomness import Streams

RULE = "gradient_descent.GradientDescent"
POWER = {
    "optimizer": RULE,
    "exponent": 1.5,
    "distances": [1.0, 1e-3, 1e-6, 1e-9, 1e-12],
    "first_step": 100.0,
    "sufficient_decrease": 0.1,
    "shrink": 0.5,
    "longest_search": 100,
}
CONVEX = {
    "optimizer": RULE,
    "functions": ["quadratic", "logistic", "pseudo_huber"],
    "dimensions": [10, 5, 3],
    "radii": [3.0, 4.0, 4.0],
    "condition_number": 100.0,
    "samples": 60,
    "pairs": [[0.1, 0.5], [0.9, 0.8]],
    "points": 12,
    "first_relative_rate": 1000.0,
    "longest_search": 40,
    "resolution": 1e-4,
}


def values(report, quantity):
    return [one.value for one in report.measured if one.quantity == quantity]


@settings(max_examples=30, deadline=None)
@given(st.floats(1.2, 1.9), st.floats(0.05, 0.5))
def test_steps_on_a_power_scale_with_the_distance(exponent, decrease):
    """On |x|^p the rule depends on s = alpha |x|^(p-2) alone: accepted up to the root of |1 - ps|^p = 1 - c p^2 s."""
    report = nonsmooth_search(**{**POWER, "exponent": exponent, "sufficient_decrease": decrease})
    steps = np.asarray(next(one for one in report.curves if one.role == "measured").y)
    scaled = steps * np.asarray(POWER["distances"]) ** (exponent - 2)

    def excess(s):
        return abs(1 - exponent * s) ** exponent - 1 + decrease * exponent**2 * s

    limit = brentq(excess, 1 / exponent, 10.0)
    assert values(report, "not_terminated") == [0]
    assert np.all(scaled <= limit * (1 + 1e-9))
    assert np.all(scaled > 0.5 * limit * (1 - 1e-9))


def test_step_exponent_is_a_fit_within_one_shrinking_factor():
    report = nonsmooth_search(**POWER)
    steps = next(one for one in report.curves if one.role == "measured").y
    expected = np.polyfit(np.log(POWER["distances"]), np.log(steps), 1)[0]
    assert values(report, "nonsmooth_step_exponent")[0] == pytest.approx(expected, rel=1e-10)
    assert values(report, "nonsmooth_step_ratio")[0] == pytest.approx(1e-6, rel=1.0)


def test_nothing_is_accepted_uphill():
    report = uphill_search(**CONVEX, streams=Streams(3, "armijo", "uphill"))
    assert values(report, "accepted_points") == [0] * 6
    assert values(report, "not_terminated") == [12] * 6


def test_uphill_points_that_do_not_move_would_be_accepted():
    """Without a cap the shortest trials round to the point itself: the control would show nothing."""
    report = uphill_search(**{**CONVEX, "longest_search": 400}, streams=Streams(3, "armijo", "uphill"))
    assert sum(values(report, "accepted_points")) > 0


def test_no_convex_function_gives_more_than_its_slope_promises():
    given = {"optimizer": RULE, "starts": [0.01, 1.0, 10.0], "first_relative_rate": 1000.0, "longest_search": 40}
    report = excessive_decrease(**given, sufficient_decrease=1.1, shrinks=[0.5, 0.8])
    assert values(report, "not_terminated") == [3, 3]
    assert values(excessive_decrease(**given, sufficient_decrease=0.9, shrinks=[0.5]), "not_terminated") == [0]


def test_kink_refuses_the_subgradient_and_accepts_the_steepest_descent():
    given = {
        "optimizer": RULE,
        "slopes": [1.0, 2.0],
        "pairs": [[0.1, 0.5]],
        "first_relative_rate": 1000.0,
        "longest_search": 40,
    }
    assert values(kinked_search(**given, start=[1.0, 0.0], subgradient=[1.0, 2.0]), "accepted_points") == [0]
    assert values(kinked_search(**given, start=[1.0, 0.0], subgradient=[1.0, 0.0]), "accepted_points") == [1]


def test_resolved_compares_the_gradient_with_the_height_of_the_loss():
    cosine = smooth_functions(["cosine"], [3], [6.0], condition_number=1.0, samples=1, streams=Streams(0, "a", "b"))[0]
    x = math.pi + np.array([[1e-3, 0, 0], [1e-1, 0, 0]])
    np.testing.assert_array_equal(resolved(cosine, x, 1e-4), [False, True])


def test_rounding_decides_close_to_the_minimum_alone():
    curve = rounding_share(Armijo(0.5, 0.5, 40), 1000.0, [0.1, 1e5], cells=12, points=50).curves[0]
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    assert y[x < 20].max() > 0
    assert np.all(y[x > 1000] == 0)
