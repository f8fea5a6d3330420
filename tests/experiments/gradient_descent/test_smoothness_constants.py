"""Constants of smoothness against eigenvalues, closed forms in the eigenbasis and scalar loops."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_descent import smoothness_constants
from descent_audit.experiments.gradient_descent.smoothness_constants import (
    overstated_constant,
    unvisited_curvature,
)
from descent_audit.landscapes.stiff_tails import StiffTails
from descent_audit.measurement.randomness import Streams

STREAMS = Streams(3, "smoothness_constant_path", "claim")
SETTINGS = {
    "dimension": 5,
    "smallest_curvature": 0.05,
    "constants": [1.0, 3.0],
    "pairs": 40,
    "multiplications": [0, 2, 200],
    "threshold_steps": 400,
    "threshold_learning_rates": [0.5, 3.0],
    "threshold_halvings": 40,
    "bound_times": 1.99,
    "outer_curvatures": [4.0, 50.0],
    "inside_start": 0.9,
    "inside_steps": 300,
    "inside_learning_rates": [0.5, 4.0],
    "outside_start": 3.0,
    "return_learning_rates": [1e-6, 4.0],
    "return_halvings": 50,
    "trace_dimension": 4,
    "trace_scales": [1.0, 0.3],
    "streams": STREAMS,
}


def values(observations, quantity):
    return {tuple(one.at.values()): one.value for one in observations.measured if one.quantity == quantity}


@pytest.fixture(scope="module")
def found():
    return smoothness_constants.smoothness_constants(**SETTINGS)


def test_largest_ratio_is_the_top_eigenvalue_and_every_larger_constant_fits(found):
    assert values(found, "smallest_constant")[()] == pytest.approx(1.0, rel=1e-9)
    assert set(values(found, "definition_violations").values()) == {0}


def test_threshold_is_where_the_norm_in_the_eigenbasis_returns_to_one(found):
    start = STREAMS.generator("start").standard_normal(5)
    start /= np.linalg.norm(start)
    basis = np.linalg.qr(STREAMS.generator("basis").standard_normal((5, 5)))[0]
    weights = (start @ basis) ** 2
    curvatures = np.geomspace(0.05, 1.0, 5)

    def excess(rate):
        return np.sum(weights * (1 - rate * curvatures) ** 800) - 1.0

    low, high = 0.5, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    for (constant,), value in values(found, "threshold_times_constant").items():
        assert value == pytest.approx(constant * low, rel=1e-9)


@pytest.mark.parametrize("outer", [4.0, 50.0])
def test_local_thresholds_are_those_of_scalar_runs(found, outer):
    def slope(x):
        return math.copysign(min(abs(x), 1.0) + outer * max(abs(x) - 1.0, 0.0), x)

    def grows(rate):
        x = 0.9
        for _ in range(300):
            x -= rate * slope(x)
            if abs(x) > 1e6:
                return True
        return abs(x) > 0.9

    inside, back = values(found, "inside_threshold")[(outer,)], values(found, "return_threshold")[(outer,)]
    assert not grows(inside * (1 - 1e-6)) and grows(inside * (1 + 1e-6))
    assert 3.0 - back * slope(3.0) == pytest.approx(-3.0, rel=1e-9)
    assert values(found, "inside_threshold_times_L")[(outer,)] == pytest.approx(2 * outer, rel=1e-9)


def test_trace_overstates_by_the_number_of_equal_directions(found):
    ratios = values(found, "trace_ratio")
    assert ratios[(1.0,)] == pytest.approx(4.0, rel=1e-12)
    assert ratios[(0.3,)] == pytest.approx(sum(0.3 ** (2 * k / 3) for k in range(4)), rel=1e-12)


def test_understated_constant_violates_the_definition_and_its_rate_diverges():
    found = smoothness_constants.smoothness_constants(**{**SETTINGS, "constants": [0.8]})
    assert values(found, "definition_violations")[(0.8,)] > 0
    assert values(found, "stable_at_bound")[(0.8,)] == 0.0


def test_counterexamples_descend_beyond_the_range_of_their_constant():
    over = overstated_constant(
        dimension=5, smallest_curvature=0.05, constant=10.0, times=15.0, steps=600, streams=STREAMS
    )
    flat = unvisited_curvature(outer_curvatures=[50.0], start=0.9, learning_rate=1.9, steps=300)
    for report in (over, flat):
        assert set(values(report, "loss_increases").values()) == {0}
        assert all(product > 2 for product in values(report, "rate_times_constant").values())
        assert all(ratio < 1e-20 for ratio in values(report, "final_loss_ratio").values())
    assert values(flat, "final_loss_ratio")[(50.0,)] == pytest.approx(0.9**600, rel=1e-9)


def test_stiff_tails_are_smooth_and_their_slope_is_the_derivative():
    loss, x = (
        StiffTails(np.array([1.0, 0.1]), np.array([100.0, 10.0])),
        np.array([[0.5, -3.0], [1.0, 1.0], [2.0, -0.2]]),
    )
    step = 1e-6
    for axis in range(2):
        shift = np.eye(2)[axis] * step
        slope = (loss.value(x + shift) - loss.value(x - shift)) / (2 * step)
        np.testing.assert_allclose(loss.gradient(x)[:, axis], slope, rtol=1e-4)
    assert loss.smoothness == 100.0
