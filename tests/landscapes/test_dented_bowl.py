import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from descent_audit.landscapes.dented_bowl import DentedBowl

BOWL = DentedBowl(0.2, 0.5, 2.0, 0.2)
POINTS = np.linspace(-4.0, 4.0, 401)


def test_value_is_a_bowl_with_a_gaussian_dent():
    np.testing.assert_allclose(BOWL.value(POINTS), 0.1 * POINTS**2 - 0.5 * np.exp(-((POINTS - 2) ** 2) / 0.08))


def test_gradient_and_curvature_are_differences_of_the_value():
    width = 1e-5
    below, above = BOWL.value(POINTS - width), BOWL.value(POINTS + width)
    np.testing.assert_allclose(BOWL.gradient(POINTS), (above - below) / (2 * width), atol=1e-8)
    slopes = BOWL.gradient(POINTS + width) - BOWL.gradient(POINTS - width)
    np.testing.assert_allclose(BOWL.curvature(POINTS), slopes / (2 * width), atol=1e-7)


def test_sharp_minimum_and_border_are_the_extrema_of_the_dent():
    lowest = minimize_scalar(lambda x: float(BOWL.value(x)), bounds=(1.8, 2.1), method="bounded")
    assert BOWL.sharp_minimum == pytest.approx(lowest.x, abs=1e-5)
    assert BOWL.border == pytest.approx(brentq(BOWL.gradient, 1.2, 1.8, xtol=1e-14), abs=1e-13)
    assert BOWL.border == pytest.approx(1.51, abs=0.01)
    assert BOWL.curvature(BOWL.sharp_minimum) > 0 > BOWL.curvature(BOWL.border)


def test_dent_is_deeper_than_the_bowl_and_open_to_the_right():
    assert BOWL.value(np.array(BOWL.sharp_minimum)) < BOWL.value(np.array(0.0))
    assert np.all(BOWL.gradient(np.linspace(BOWL.sharp_minimum + 1e-6, 6.0, 2000)) > 0)
