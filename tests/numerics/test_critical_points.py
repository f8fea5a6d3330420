"""Search, refinement and certificate on functions whose critical points are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess

from descent_audit.numerics.critical_points import certificates, classes, complex_step_hessian, minimised, polished


@dataclass(frozen=True)
class Quartic:
    """x⁴/4 − x²/2 + y²/2 in a plane: minima at (±1, 0), a saddle at the origin."""

    def value(self, points):
        x, y = points[..., 0], points[..., 1]
        return x**4 / 4 - x**2 / 2 + y**2 / 2

    def gradient(self, points):
        x, y = points[..., 0], points[..., 1]
        return np.stack([x**3 - x, y], axis=-1)

    def hessian(self, points):
        return complex_step_hessian(self.gradient, points)

    def gauss_newton(self, points):
        square = np.zeros((len(points), 2, 2))
        square[:, 0, 0], square[:, 1, 1] = 3 * points[:, 0] ** 2, 1.0
        return self.gradient(points), square


def test_complex_step_is_exact_on_rosenbrock():
    def gradient(points):
        flat = points.reshape(-1, points.shape[-1])
        return np.array([rosen_der(one) for one in flat]).reshape(points.shape)

    def complex_gradient(points):
        x, y = points[..., 0], points[..., 1]
        return np.stack([-400 * x * (y - x**2) - 2 * (1 - x), 200 * (y - x**2)], axis=-1)

    point = np.array([[-0.7, 1.3], [0.2, 0.1]])
    assert np.allclose(complex_gradient(point), gradient(point), rtol=1e-13)
    expected = [rosen_hess(one) for one in point]
    assert np.allclose(complex_step_hessian(complex_gradient, point), expected, rtol=1e-14)
    assert rosen(np.ones(2)) == 0.0


def test_search_and_refinement_end_at_the_minima():
    start = np.array([[2.0, 1.0], [-0.3, 2.0], [0.2, -1.0]])
    found = minimised(Quartic(), start, trials=200, tolerance=1e-6)
    assert np.abs(Quartic().gradient(found)).max() <= 1e-6
    exact = polished(Quartic(), found)
    assert np.allclose(exact, [[1, 0], [-1, 0], [1, 0]], atol=1e-15)


def test_values_never_rise_and_trials_are_counted():
    start = np.array([[3.0, 1.0], [0.01, 0.5]])
    values = [Quartic().value(minimised(Quartic(), start, trials=trials, tolerance=1e-12)) for trials in range(12)]
    assert np.all(np.diff(values, axis=0) <= 0.0)
    assert np.array_equal(values[0], Quartic().value(start))


def test_refinement_finds_a_saddle_too():
    assert np.allclose(polished(Quartic(), np.array([[0.1, 0.3]])), 0.0, atol=1e-15)


def test_certificate_uses_gradient_curvature_and_the_change_of_the_hessian():
    """At (1 + t, 0) the slope is (1 + t)³ − (1 + t), μ = 1, and the Hessian changes by 6(1 + t) cos φ per length."""
    t, rng = 1e-5, np.random.default_rng(0)
    points = np.array([[1.0 + t, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = certificates(Quartic(), points, rng, directions=200, radius=1e-4)
    slope = (1 + t) ** 3 - (1 + t)
    assert found.slopes == pytest.approx([slope, 0, 0], rel=1e-9)
    assert found.curvatures == pytest.approx([1, -1, 1], rel=1e-12)
    assert found.contractions[0] == pytest.approx(10 * 6 * slope, rel=2e-3)
    assert found.contractions[2] == 0.0
    assert certificates(Quartic(), np.array([[1.2, 0.0]]), rng, directions=200, radius=1e-4).contractions[0] > 0.5


def test_classes_are_parted_by_gaps():
    assert classes(np.array([3.0, 1.0, 1.05, 2.0, 1.02]), 0.1).tolist() == [1.0, 2.0, 3.0]
    assert classes(np.array([1.0, 1.0]), 0.0).tolist() == [1.0]
    assert classes(np.array([]), 0.1).tolist() == []
