import numpy as np
import pytest
from scipy.optimize import brentq

from descent_audit.landscapes.cosine_well import CosineWell, escape_relative_rate, one_step_reach

POINTS = np.linspace(-7.0, 7.0, 57)


def test_value_is_the_cosine():
    np.testing.assert_allclose(CosineWell(3.0).value(POINTS), 3.0 * (1 - np.cos(POINTS)), atol=1e-14)


def test_gradient_is_the_slope_of_the_value():
    well, width = CosineWell(np.linspace(0.5, 4.0, 57)), 1e-6
    slope = (well.value(POINTS + width) - well.value(POINTS - width)) / (2 * width)
    np.testing.assert_allclose(well.gradient(POINTS), slope, atol=1e-8)


def test_smoothness_bounds_the_curvature_and_is_attained_at_the_minimum():
    well, width = CosineWell(2.5), 1e-4
    curvature = (well.gradient(POINTS + width) - well.gradient(POINTS - width)) / (2 * width)
    assert np.all(np.abs(curvature) <= well.smoothness)
    assert curvature[len(POINTS) // 2] == pytest.approx(well.smoothness, rel=1e-6)


def test_the_border_of_the_basin_is_the_maximum():
    well = CosineWell(1.0)
    assert well.value(np.array(well.basin_radius)) == pytest.approx(2.0)
    assert well.gradient(np.array(well.basin_radius - 1e-3)) > 0 > well.gradient(np.array(well.basin_radius + 1e-3))


@pytest.mark.parametrize("c", [2.5, 4.0, 5.0, 6.0, 12.0])
def test_one_step_reach_is_the_largest_step_on_a_grid(c):
    w = np.linspace(0.0, np.pi, 200_001)
    assert one_step_reach(np.array(c)) == pytest.approx(np.max(np.abs(w - c * np.sin(w))), rel=1e-8)


def test_escape_rate_lies_below_five_and_separates_kept_from_lost():
    root = brentq(lambda c: np.sqrt(c * c - 1) - np.arccos(1 / c) - np.pi, 2.0, 10.0, xtol=1e-13)
    assert escape_relative_rate() == pytest.approx(root, rel=1e-12)
    assert root < 5
    w = np.linspace(0.0, np.pi, 100_001)[:-1]
    for c, leaves in ((root - 0.01, False), (root + 0.01, True)):
        assert np.any(np.abs(w - c * np.sin(w)) > np.pi) == leaves
