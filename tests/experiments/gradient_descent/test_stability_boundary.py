"""The boundary of stability, against eigenvectors, exact reflections and scalar loops."""

import math

import numpy as np
import pytest

from descent_audit.experiments.gradient_descent.stability_boundary import boundary_oscillation
from descent_audit.measurement.randomness import Streams

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
SET_UP = {
    "curvatures": [4.0, 4.0, 1.0, 0.3],
    "relative_rate": 2.0,
    "steps": 400,
    "neutral_gap": 1e-3,
    "neutral_steps": 100,
    "log_cosh_start": 0.7,
    "log_cosh_steps": [100, 2000],
    "drawn_steps": 10,
}


def report(seed=0, **changes):
    return boundary_oscillation(**{**SET_UP, **changes}, streams=Streams(seed, "test", "claim"))


def values(observations) -> dict[str, float]:
    return {one.quantity: one.value for one in observations.measured}


@pytest.mark.parametrize("seed", range(4))
def test_at_the_boundary_the_top_eigenspace_is_reflected(seed):
    found = values(report(seed))
    assert found["even_limit_distance"] < 1e-11 and found["odd_limit_distance"] < 1e-11
    assert found["limit_loss_ratio"] == pytest.approx(1.0, abs=1e-11)
    assert found["final_size_decades"] == pytest.approx(0.0, abs=1e-11)


def test_an_odd_number_of_steps_is_made_even():
    assert values(report(steps=401)) == values(report(steps=400))


def test_the_flat_modes_are_still_there_after_a_few_steps():
    found = values(report(curvatures=[1.0, 1e-3], steps=2))
    assert found["even_limit_distance"] > 1e-2


@pytest.mark.parametrize("rate", [1.9, 2.1])
def test_off_the_boundary_the_size_is_a_power(rate):
    found = next(one for one in report(relative_rate=rate).measured if one.quantity == "final_size_decades")
    assert found.value == pytest.approx(400 * math.log10(abs(1 - rate)), rel=1e-6)
    assert found.predicted == pytest.approx(found.value, rel=1e-6)


def test_a_vanished_iterate_has_a_finite_size():
    found = next(one for one in report(relative_rate=1.1, steps=9000).measured if one.quantity == "final_size_decades")
    assert found.value == -300 and found.predicted < -300


@pytest.mark.parametrize("rate", [1.0, 1.5])
def test_within_the_range_the_flattest_mode_is_left(rate):
    found = next(one for one in report(relative_rate=rate).measured if one.quantity == "final_size_decades")
    assert found.value == pytest.approx(400 * math.log10(1 - rate * 0.3 / 4), abs=1.0)
    assert found.predicted == pytest.approx(found.value, rel=1e-9)


@pytest.mark.parametrize(("rate", "factor"), [(2.0, 1.0), (1.9, 0.9**100), (2.1, 1.1**100)])
def test_the_gap_keeps_its_size_only_at_the_boundary(rate, factor):
    assert values(report(relative_rate=rate))["neutral_gap"] == pytest.approx(1e-3 * factor, rel=1e-9)


def test_log_cosh_decays_as_in_a_scalar_loop():
    x = 0.7
    for _ in range(2000):
        x -= 2.0 * math.tanh(x)
    assert values(report())["sublinear_ratio"] == pytest.approx(abs(x) / math.sqrt(3 / 8000), rel=1e-10)


def test_the_law_improves_with_the_steps():
    found = [one for one in report(log_cosh_steps=[100, 1000, 10000]).measured if one.quantity == "sublinear_ratio"]
    errors = [abs(one.value - 1) for one in found]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 2e-3


def test_the_law_solves_its_differential_equation():
    """The size falls by two thirds of its cube per step; the inverse square then grows by four thirds."""
    sizes = np.sqrt(0.75 / np.array([1e6, 1e6 + 1]))
    assert sizes[0] - sizes[1] == pytest.approx(2 / 3 * sizes[0] ** 3, rel=1e-5)
    exact = 2 * math.tanh(0.01) - 0.01
    assert 0.01 - exact == pytest.approx(2 / 3 * 0.01**3, rel=1e-3)


def test_below_the_boundary_log_cosh_converges_geometrically():
    assert values(report(relative_rate=1.9, log_cosh_steps=[1000]))["sublinear_ratio"] < 1e-6


def test_drawn_points_hold_the_reported_ones():
    (measured,) = [curve for curve in report().curves if curve.role == "measured"]
    sizes = dict(zip(measured.x, measured.y, strict=True))
    assert sizes[2000] / math.sqrt(0.75 / 2000) == pytest.approx(values(report())["sublinear_ratio"])


@pytest.mark.parametrize("relative_rate", [1.9, 2.0, 2.1])
def test_distances_from_the_limits_are_those_of_the_modes(relative_rate):
    found = {one.quantity: one for one in report(relative_rate=relative_rate, steps=40).measured}
    for quantity in ("even_limit_distance", "odd_limit_distance"):
        assert found[quantity].value == pytest.approx(found[quantity].predicted, rel=1e-10, abs=1e-11)


def test_distance_of_a_single_mode_is_a_power_away_from_its_reflection():
    found = {one.quantity: one for one in report(curvatures=[4.0], relative_rate=2.1, steps=10).measured}
    assert found["even_limit_distance"].predicted == pytest.approx(1.1**10 - 1, rel=1e-12)
    assert found["odd_limit_distance"].predicted == pytest.approx(1.1**11 - 1, rel=1e-12)
