import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from descent_audit.landscapes.two_wells import EXIT_RELATIVE_RATE, TwoWells, Well

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 0.7))
POINTS = np.linspace(-1.5, 3.0, 300)
WELLS = st.builds(Well, st.floats(0.1, 3.0), st.floats(0.1, 3.0))


def test_value_is_the_quartic_of_each_side():
    expected = [
        1.0 * ((x / 0.5) ** 4 - 2 * (x / 0.5) ** 2) if x < 0 else 0.7 * ((x / 1.5) ** 4 - 2 * (x / 1.5) ** 2)
        for x in POINTS
    ]
    np.testing.assert_allclose(LOSS.value(POINTS), expected, atol=1e-12)


@pytest.mark.parametrize("points", [POINTS, POINTS[POINTS < 0], POINTS.reshape(20, 15)])
def test_gradient_is_the_difference_quotient_of_the_value(points):
    width = 1e-6
    differences = (LOSS.value(points + width) - LOSS.value(points - width)) / (2 * width)
    np.testing.assert_allclose(LOSS.gradient(points), differences, rtol=1e-6, atol=1e-6)


def test_gradient_leaves_its_argument_alone():
    x = np.array([-0.4, -0.1])
    LOSS.gradient(x)
    assert x.tolist() == [-0.4, -0.1]


def test_value_and_slope_are_continuous_at_the_barrier():
    around = np.array([-1e-9, 0.0, 1e-9])
    assert LOSS.value(around) == pytest.approx(np.zeros(3), abs=1e-15)
    assert LOSS.gradient(around) == pytest.approx(np.zeros(3), abs=1e-7)


def test_minima_are_where_and_as_deep_as_they_are_said_to_be():
    for minimum, well, ends in zip(LOSS.minima, (LOSS.sharp, LOSS.flat), ((-1.0, 0.0), (0.0, 3.0)), strict=True):
        found = minimize_scalar(lambda x: float(LOSS.value(np.array(x))), bounds=ends, method="bounded")
        assert minimum == pytest.approx(found.x, abs=1e-5)
        assert float(LOSS.value(np.array(minimum))) == pytest.approx(-well.depth)
        assert float(LOSS.gradient(np.array(minimum))) == pytest.approx(0.0, abs=1e-14)


@given(WELLS)
def test_curvatures_are_differences_of_the_slope(well):
    width = 1e-6 * well.width
    for point, curvature in ((well.width, well.curvature), (0.0, well.barrier_curvature)):
        slope = well.gradient(np.array([point - width, point + width]))
        assert (slope[1] - slope[0]) / (2 * width) == pytest.approx(curvature, rel=1e-5)


@given(WELLS, st.floats(-0.9, 50.0))
def test_radius_is_where_the_outer_wall_has_the_energy(well, multiple):
    energy = multiple * well.depth
    outside = brentq(lambda x: float(well.value(np.array(x))) - energy, well.width, 10 * well.width, xtol=1e-14)
    assert well.radius(energy) == pytest.approx(outside, rel=1e-9)


def test_ends_have_the_same_energy_on_both_sides():
    left, right = LOSS.ends(13.0)
    assert left < LOSS.minima[0] and right > LOSS.minima[1]
    assert LOSS.value(np.array([left, right])) == pytest.approx([13.0, 13.0])


@given(WELLS, st.floats(0.01, 4.0))
def test_single_step_crosses_from_beyond_the_invariant_radius_alone(well, relative):
    rate = relative / well.curvature
    inside = np.array([0.01, 0.5, 0.999]) * well.invariant_radius(rate)
    assert np.all(inside - rate * well.gradient(inside) > 0)
    outside = np.array([1.001, 1.5]) * well.invariant_radius(rate)
    assert np.all(outside - rate * well.gradient(outside) < 0)


@given(WELLS, st.floats(0.05, 0.999))
def test_interval_maps_into_itself_up_to_the_exit_rate(well, factor):
    rate = factor * well.exit_learning_rate
    x = well.invariant_radius(rate) * np.linspace(0.0, 1.0, 4001)[1:-1]
    image = x - rate * well.gradient(x)
    assert np.all((image > 0) & (image < well.invariant_radius(rate)))


@given(WELLS, st.floats(1.001, 1.5))
def test_interval_does_not_map_into_itself_beyond_the_exit_rate(well, factor):
    rate = factor * well.exit_learning_rate
    x = well.invariant_radius(rate) * np.linspace(0.0, 1.0, 4001)[1:-1]
    assert np.max(x - rate * well.gradient(x)) > well.invariant_radius(rate)


def test_exit_rate_of_the_textbook_well():
    assert Well(0.5, 1.0).exit_learning_rate == pytest.approx((1.5 * math.sqrt(3) - 1) * 0.25 / 4)
    assert Well(0.5, 1.0).exit_learning_rate * 32 == pytest.approx(EXIT_RELATIVE_RATE)
