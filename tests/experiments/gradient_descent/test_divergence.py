"""The divergence of a quadratic, against scalar loops and exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.divergence import divergence_threshold, no_top_component
from descent_audit.measurement.randomness import Streams

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
PARAMETERS = {
    "smoothness": [3.0],
    "condition_number": 10.0,
    "dimension": 4,
    "start": "ones",
    "steps": [30],
    "halvings": 40,
    "beyond_learning_rate": 10.0,
    "beyond_steps": 50,
    "dense_steps": 400,
    "dense_window_steps": 100,
    "dense_halvings": 20,
    "growth_relative_rates": [1.9, 2.1],
    "growth_steps": 200,
    "drawn_relative_rates": [1.9, 2.1],
    "drawn_steps": 10,
    "streams": Streams(0, "test", "claim"),
}


def report(**changes):
    return divergence_threshold(**{**PARAMETERS, **changes})


def only(observations, quantity):
    (found,) = [one for one in observations.measured if one.quantity == quantity]
    return found


def naive_threshold(spectrum, start, steps: int) -> float:
    """Bisect by powers of the factors, in scalar arithmetic."""
    low, high = 1.0 / max(spectrum), 3.0 / max(spectrum)
    for _ in range(60):
        rate = (low + high) / 2
        squares = [x * x * (1 - rate * curvature) ** (2 * steps) for x, curvature in zip(start, spectrum, strict=True)]
        low, high = (low, rate) if sum(squares) > sum(x * x for x in start) else (rate, high)
    return low


def test_threshold_is_that_of_the_powers():
    spectrum = [0.3 * 10 ** (k / 3) for k in range(4)]
    predicted = (1 + 0.5 ** (-1 / 30)) / 3.0
    assert only(report(), "threshold_ratio").value == pytest.approx(
        naive_threshold(spectrum, [0.5] * 4, 30) / predicted, rel=1e-9
    )


@settings(deadline=None, max_examples=10)
@given(st.floats(0.1, 50), st.integers(40, 200))
def test_threshold_tends_to_two_over_smoothness(smoothness, steps):
    one = report(smoothness=[smoothness], steps=[steps])
    (bias,) = [curve for curve in one.curves if (curve.panel, curve.role) == ("bias", "measured")]
    assert 0 < bias.y[0] < 1.5 * math.log(2) / steps


def test_threshold_is_the_same_for_every_smoothness_in_its_own_units():
    ratios = [one.value for one in report(smoothness=[0.5, 3.0, 40.0]).measured if one.quantity == "threshold_ratio"]
    assert ratios == pytest.approx([ratios[0]] * 3, rel=1e-9)


def test_log_growth_matches_exact_arithmetic():
    found = only(report(beyond_steps=25), "log_growth_beyond")
    spectrum = [Fraction(float(value)) for value in np.geomspace(0.3, 3.0, 4)]
    squares = sum(((1 - 10 * value) ** 25 / 2) ** 2 for value in spectrum)
    assert found.value == pytest.approx(0.5 * math.log(squares), rel=1e-12)
    assert found.predicted == pytest.approx(found.value, rel=1e-12)


def test_log_growth_is_negative_within_the_stable_range():
    found = only(report(smoothness=[1e-4], beyond_learning_rate=1000.0, beyond_steps=1000), "log_growth_beyond")
    assert found.value < 0


def test_growth_factor_is_that_of_a_scalar_loop():
    for found in report().measured:
        if found.quantity == "growth_factor":
            rate, x, sizes = found.at["relative_rate"], 1.0, []
            for _ in range(200):
                x -= rate * x
                sizes.append(abs(x))
            assert found.value == pytest.approx((sizes[199] / sizes[99]) ** (1 / 100), rel=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dense_threshold_does_not_depend_on_the_basis(seed):
    one = report(streams=Streams(seed, "test", "claim"), dense_steps=3000, dense_window_steps=1000)
    assert only(one, "dense_threshold_times_L").value == pytest.approx(2.0, abs=1e-5)


def test_drawn_distances_are_the_powers():
    curves = {(curve.series, curve.role): curve for curve in report().curves if curve.panel == "distance"}
    measured = curves[r"$\eta L$ = 2.1", "measured"]
    assert list(measured.y) == pytest.approx([1.1**k for k in measured.x], rel=1e-12)


def without_top(**changes):
    set_up = {"curvatures": [1.0, 0.1], "learning_rate": 3.0, "steps": 400, "rotation": 0.5}
    return no_top_component(**{**set_up, "seeded_relative_rates": [2.5], "seeded_steps": 300, **changes})


def test_on_the_flat_axis_the_distance_is_a_power_of_the_flat_factor():
    assert only(without_top(), "final_distance").value == pytest.approx(0.7**400, rel=1e-9)


def test_rounding_seeds_the_top_mode_within_the_predicted_delay():
    found = only(without_top(), "escape_step")
    cosine, sine = math.cos(0.5), math.sin(0.5)
    basis = np.array([[cosine, -sine], [sine, cosine]], dtype=np.longdouble)
    hessian = (basis * np.array([1, 0.1], dtype=np.longdouble)) @ basis.T
    x, steps = np.array([-sine, cosine]), 0
    while np.linalg.norm(x) <= 1:
        x, steps = x - 2.5 * (hessian.astype(float) @ x), steps + 1
    assert abs(found.value - steps) <= 0.1 * steps


def test_without_rotation_nothing_seeds_the_top_mode():
    assert only(without_top(rotation=0.0), "escape_step").value == 300
