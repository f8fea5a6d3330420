"""Quadratics and their spectra against matrix algebra written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.quadratic import (
    DiagonalQuadratic,
    Quadratic,
    geometric_spectrum,
    plane_rotation,
    random_orthogonal,
    rotated_hessian,
)

SPECTRUM = st.lists(st.floats(0.01, 10), min_size=1, max_size=5)


@given(SPECTRUM, st.integers(0, 1000))
def test_rotated_quadratic_is_the_diagonal_one_in_other_coordinates(curvatures, seed):
    rng = np.random.default_rng(seed)
    basis, x = random_orthogonal(len(curvatures), rng), rng.standard_normal(len(curvatures))
    rotated = Quadratic(rotated_hessian(np.array(curvatures), basis))
    expected = 0.5 * sum(c * t**2 for c, t in zip(curvatures, basis.T @ x, strict=True))
    assert float(rotated.value(x)) == pytest.approx(expected, rel=1e-10)
    assert float(DiagonalQuadratic(np.array(curvatures)).value(basis.T @ x)) == pytest.approx(expected, rel=1e-10)


@given(SPECTRUM, st.integers(0, 1000))
def test_largest_and_smallest_curvature_survive_the_rotation(curvatures, seed):
    basis = random_orthogonal(len(curvatures), np.random.default_rng(seed))
    rotated = Quadratic(rotated_hessian(np.array(curvatures), basis))
    assert rotated.smoothness == pytest.approx(max(curvatures), rel=1e-10)
    assert rotated.strong_convexity == pytest.approx(min(curvatures), rel=1e-8)


@given(st.integers(1, 8), st.integers(0, 1000))
def test_random_basis_is_orthogonal_and_its_hessian_symmetric(dimension, seed):
    basis = random_orthogonal(dimension, np.random.default_rng(seed))
    assert basis.T @ basis == pytest.approx(np.eye(dimension), abs=1e-12)
    hessian = rotated_hessian(np.arange(1.0, dimension + 1), basis)
    assert np.array_equal(hessian, hessian.T)


def test_random_basis_has_no_preferred_sign():
    corners = [random_orthogonal(3, np.random.default_rng(seed))[0, 0] for seed in range(400)]
    assert abs(np.mean(np.sign(corners))) < 0.25


def test_geometric_spectrum_has_both_ends_and_a_constant_ratio():
    spectrum = geometric_spectrum(0.01, 1.0, 5)
    assert spectrum == pytest.approx([0.01, 0.01**0.75, 0.1, 0.01**0.25, 1.0])


def test_plane_rotation_turns_the_first_axis():
    assert plane_rotation(np.pi / 6) @ [1.0, 0.0] == pytest.approx([np.sqrt(3) / 2, 0.5])
