"""Every landscape on vectors against finite differences: gradients, curvatures and the constants that bound them."""

import numpy as np
import pytest

from descent_audit.landscapes.cauchy import CauchyLoss
from descent_audit.landscapes.cosine import CosineSum
from descent_audit.landscapes.huber import Huber
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.log_sum_exp import LogSumExp
from descent_audit.landscapes.logistic import Logistic
from descent_audit.landscapes.power import Power
from descent_audit.landscapes.pseudo_huber import PseudoHuber
from descent_audit.landscapes.quadratic import DiagonalQuadratic, Quadratic

RNG = np.random.default_rng(7)
INPUTS = RNG.standard_normal((20, 3))
SYMMETRIC = INPUTS.T @ INPUTS / 20
LANDSCAPES = {
    "quadratic": Quadratic(SYMMETRIC),
    "diagonal quadratic": DiagonalQuadratic(np.array([4.0, 1.0, 0.25])),
    "log cosh": LogCosh(),
    "strongly convex log cosh": LogCosh(0.3),
    "huber": Huber(),
    "pseudo-huber": PseudoHuber(),
    "cosine": CosineSum(),
    "cauchy": CauchyLoss(),
    "fourth power": Power(4.0),
    "power 3/2": Power(1.5),
    "logistic": Logistic(INPUTS, np.sign(RNG.standard_normal(20))),
    "log-sum-exp": LogSumExp(RNG.standard_normal((5, 3)), RNG.standard_normal(5)),
    "least squares, half": LeastSquares(INPUTS, RNG.standard_normal(20), 0.5),
    "least squares, one": LeastSquares(INPUTS, RNG.standard_normal(20), 1.0),
}
SMOOTH = {name: loss for name, loss in LANDSCAPES.items() if hasattr(loss, "smoothness")}
POINTS = 2.0 * RNG.standard_normal((40, 3))


def value_differences(loss, x, h=1e-5):
    """Return the gradient at one point by central differences of the value, one coordinate after the other."""
    return np.array([(loss.value(x + h * axis) - loss.value(x - h * axis)) / (2 * h) for axis in np.eye(len(x))])


def gradient_differences(loss, x, h=1e-5):
    """Return the Hessian at one point by central differences of the gradient."""
    rows = [(loss.gradient(x + h * axis) - loss.gradient(x - h * axis)) / (2 * h) for axis in np.eye(len(x))]
    return 0.5 * (np.array(rows) + np.array(rows).T)


@pytest.mark.parametrize("loss", LANDSCAPES.values(), ids=LANDSCAPES)
def test_gradient_is_the_difference_quotient_of_the_value(loss):
    for x in POINTS:
        assert loss.gradient(x) == pytest.approx(value_differences(loss, x), rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("loss", LANDSCAPES.values(), ids=LANDSCAPES)
def test_points_may_have_leading_axes(loss):
    batch = POINTS.reshape(5, 8, 3)
    assert loss.value(batch).shape == (5, 8)
    assert loss.gradient(batch).shape == batch.shape
    assert loss.value(batch)[2, 3] == pytest.approx(float(loss.value(batch[2, 3])), rel=1e-13)
    assert loss.gradient(batch)[2, 3] == pytest.approx(loss.gradient(batch[2, 3]), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("loss", SMOOTH.values(), ids=SMOOTH)
def test_smoothness_bounds_the_change_of_the_gradient(loss):
    x, y = POINTS[:20], POINTS[20:]
    change = np.linalg.norm(loss.gradient(x) - loss.gradient(y), axis=1)
    assert np.all(change <= loss.smoothness * np.linalg.norm(x - y, axis=1) * (1 + 1e-12))


@pytest.mark.parametrize("loss", SMOOTH.values(), ids=SMOOTH)
def test_smoothness_bounds_the_curvature(loss):
    curvatures = [np.abs(np.linalg.eigvalsh(gradient_differences(loss, x))).max() for x in POINTS]
    assert max(curvatures) <= loss.smoothness * (1 + 1e-5)


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("quadratic", 0.0), ("log cosh", 0.0), ("strongly convex log cosh", 0.0), ("huber", 0.0),
        ("pseudo-huber", 0.0), ("cosine", np.pi), ("cauchy", 0.0), ("logistic", 0.0),
        ("least squares, half", 0.0), ("least squares, one", 1.0),
    ],
)  # fmt: skip
def test_smoothness_is_attained_and_rejects_a_smaller_constant(name, point):
    loss = SMOOTH[name]
    largest = np.linalg.eigvalsh(gradient_differences(loss, np.full(3, point), h=1e-4))[-1]
    assert largest == pytest.approx(loss.smoothness, rel=1e-6)
    assert largest > 0.99 * loss.smoothness


@pytest.mark.parametrize("name", ["logistic", "log-sum-exp"])
def test_hessian_is_the_difference_quotient_of_the_gradient(name):
    loss = LANDSCAPES[name]
    for x in POINTS[:5]:
        assert loss.hessian(x) == pytest.approx(gradient_differences(loss, x), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "minimum", "value"),
    [
        ("quadratic", 0.0, 0.0), ("diagonal quadratic", 0.0, 0.0), ("log cosh", 0.0, 0.0),
        ("strongly convex log cosh", 0.0, 0.0), ("huber", 0.0, 0.0), ("pseudo-huber", 0.0, 0.0), ("cauchy", 0.0, 0.0),
        ("fourth power", 0.0, 0.0), ("power 3/2", 0.0, 0.0), ("cosine", np.pi, -3.0), ("cosine", -3 * np.pi, -3.0),
    ],
)  # fmt: skip
def test_minimum_is_where_and_what_it_is_said_to_be(name, minimum, value):
    loss, point = LANDSCAPES[name], np.full(3, minimum)
    assert float(loss.value(point)) == pytest.approx(value, abs=1e-15)
    assert loss.gradient(point) == pytest.approx(np.zeros(3), abs=1e-14)
    assert np.all(loss.value(point + POINTS) > value)
