import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.factorization import Factorization

weights = st.floats(-4.0, 4.0)
targets = st.floats(0.2, 3.0)


@given(weights, weights, targets)
def test_gradient_is_the_slope_of_the_value(a, b, y):
    loss, x, width = Factorization(y), np.array([a, b]), 1e-5
    slope = [(loss.value(x + e) - loss.value(x - e)) / (2 * width) for e in width * np.eye(2)]
    np.testing.assert_allclose(loss.gradient(x), slope, atol=1e-7)


@given(weights, weights, targets)
def test_hessian_is_the_slope_of_the_gradient(a, b, y):
    loss, x, width = Factorization(y), np.array([a, b]), 1e-5
    slope = [(loss.gradient(x + e) - loss.gradient(x - e)) / (2 * width) for e in width * np.eye(2)]
    np.testing.assert_allclose(loss.hessian(x), slope, atol=1e-7)


@given(weights, targets)
def test_balanced_curvature_is_the_top_eigenvalue_on_the_line(w, y):
    loss = Factorization(y)
    top = np.linalg.eigvalsh(loss.hessian(np.array([w, w])))[-1]
    assert loss.balanced_curvature(w) == pytest.approx(top, rel=1e-12, abs=1e-12)
    cases = 3 * w * w - y if w * w >= y / 2 else y - w * w
    assert loss.balanced_curvature(w) == pytest.approx(cases, rel=1e-12, abs=1e-12)


@given(st.floats(0.1, 5.0), targets)
def test_minimum_curvature_is_the_top_eigenvalue_on_the_hyperbola(a, y):
    loss, b = Factorization(y), y / a
    top = np.linalg.eigvalsh(loss.hessian(np.array([a, b])))[-1]
    assert loss.minimum_curvature(a * a - b * b) == pytest.approx(top, rel=1e-12)


def test_equal_weights_stay_equal_to_the_last_bit():
    for x in iterate(Factorization(1.3).gradient, np.array([2.1, 2.1]), 0.11, 300):
        assert x[0] == x[1]


@pytest.mark.parametrize(("w", "y"), [(3.0, 1.0), (2.5, 1.7), (-4.0, 0.5)])
def test_balanced_divergence_rate_separates_growth_from_convergence(w, y):
    loss = Factorization(y)
    rate = loss.balanced_divergence_rate(w)
    assert rate < 1 / y
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = final(loss.gradient, np.array([w, w]), 1.001 * rate, 400)
    below = final(loss.gradient, np.array([w, w]), 0.999 * rate, 400)
    assert not np.all(np.abs(beyond) < 1e6)
    assert np.abs(below) == pytest.approx(np.sqrt(y), rel=1e-9)


def test_arrays_of_points_are_points():
    x = np.random.default_rng(1).standard_normal((4, 3, 2))
    loss = Factorization(0.7)
    assert loss.hessian(x).shape == (4, 3, 2, 2)
    np.testing.assert_array_equal(loss.hessian(x)[2, 1], loss.hessian(x[2, 1]))
    np.testing.assert_array_equal(loss.gradient(x)[2, 1], loss.gradient(x[2, 1]))
    assert loss.value(x)[3, 0] == loss.value(x[3, 0])
