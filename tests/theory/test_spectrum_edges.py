"""Edges of spectra against closed forms, a search on a grid, and eigenvalues of a large matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.theory.spectrum_edges import samples_per_dimension, spectrum_edges, white_condition_number


@given(st.floats(0.001, 0.9))
def test_white_edges_are_those_of_marchenko_and_pastur(ratio):
    low, high = spectrum_edges(np.ones(7), ratio)
    assert low == pytest.approx((1 - ratio**0.5) ** 2, rel=1e-6)
    assert high == pytest.approx((1 + ratio**0.5) ** 2, rel=1e-9)
    assert high / low == pytest.approx(white_condition_number(ratio), rel=1e-6)


@pytest.mark.parametrize("ratio", [0.05, 0.5])
def test_edges_are_the_extreme_values_of_the_inverse_transform_on_a_grid(ratio):
    population = np.array([0.2, 1.0, 1.0, 5.0])

    def z(m):
        return -1 / m + ratio * np.mean(population / (1 + population * m[:, None]), axis=1)

    low, high = spectrum_edges(population, ratio)
    below = z(-np.geomspace(1 / 0.2 * (1 + 1e-9), 1e5, 400_000))
    above = z(-np.geomspace(1e-6, 1 / 5.0 * (1 - 1e-9), 400_000))
    assert low == pytest.approx(below.max(), rel=1e-6)
    assert high == pytest.approx(above.min(), rel=1e-6)


def test_large_matrix_fills_the_interval():
    rng, n, d = np.random.default_rng(0), 4000, 800
    population = np.where(np.arange(d) % 2, 0.5, 3.0)
    inputs = rng.standard_normal((n, d)) * np.sqrt(population)
    spectrum = np.linalg.eigvalsh(inputs.T @ inputs / n)
    low, high = spectrum_edges(population, d / n)
    assert spectrum[0] == pytest.approx(low, rel=0.05)
    assert spectrum[-1] == pytest.approx(high, rel=0.05)


@given(st.floats(1.01, 1e4))
def test_samples_per_dimension_inverts_the_condition_number(condition):
    assert white_condition_number(1 / samples_per_dimension(condition)) == pytest.approx(condition, rel=1e-9)
