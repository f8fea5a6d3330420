"""Exact floors against least squares, alternating minimisation and known spectra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.networks.floors import (
    conditioned_inputs,
    least_squares_floor,
    one_hot_labels,
    orthonormal_inputs,
    rank_floor,
    spectral_labels,
    zero_predictor_loss,
)


def alternated_floor(inputs, labels, rank, rng, rounds=400):
    """Return the loss of the best UV of a rank, each factor in turn by least squares."""
    left = rng.standard_normal((labels.shape[0], rank))
    for _ in range(rounds):
        right = np.linalg.lstsq(left, labels @ np.linalg.pinv(inputs), rcond=None)[0]
        left = labels @ np.linalg.pinv(right @ inputs)
    return 0.5 * np.sum((left @ right @ inputs - labels) ** 2) / inputs.shape[1]


@pytest.mark.parametrize(("samples", "rank"), [(4, 1), (4, 2), (3, 2), (4, 4)])
def test_rank_floor_is_what_alternating_least_squares_finds(samples, rank):
    rng = np.random.default_rng(samples + 10 * rank)
    inputs = orthonormal_inputs(4, samples, 1, rng)
    labels = rng.standard_normal((1, 5, samples))
    expected = alternated_floor(inputs[0], labels[0], rank, rng)
    assert rank_floor(inputs, labels, rank)[0] == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(2, 9))
def test_no_matrix_of_a_rank_is_below_its_floor(seed, rank, samples):
    rng = np.random.default_rng(seed)
    inputs, labels = rng.standard_normal((1, 4, samples)), rng.standard_normal((1, 5, samples))
    left = rng.standard_normal((5, rank))
    right = np.linalg.lstsq((left.T @ left), left.T @ labels[0], rcond=None)[0] @ np.linalg.pinv(inputs[0])
    loss = 0.5 / samples * np.sum((left @ right @ inputs[0] - labels[0]) ** 2)
    assert rank_floor(inputs, labels, rank)[0] <= loss * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("samples", [3, 6, 11])
def test_least_squares_floor_is_the_residual_of_lstsq(samples):
    rng = np.random.default_rng(samples)
    inputs, labels = rng.standard_normal((2, 6, samples)), rng.standard_normal((2, 3, samples))
    for replica in range(2):
        fit = np.linalg.lstsq(inputs[replica].T, labels[replica].T, rcond=None)[0]
        residual = np.sum((inputs[replica].T @ fit - labels[replica].T) ** 2)
        found = least_squares_floor(inputs, labels)[replica]
        assert found == pytest.approx(0.5 * residual / samples, rel=1e-9, abs=1e-25)


def test_duplicated_input_with_two_labels_costs_half_their_distance():
    inputs, labels = np.ones((1, 1, 2)), np.array([[[1.0, -1.0]]])
    assert least_squares_floor(inputs, labels)[0] == pytest.approx(0.5)
    assert zero_predictor_loss(labels)[0] == pytest.approx(0.5)


def test_inputs_have_the_gram_matrix_that_is_promised():
    rng = np.random.default_rng(0)
    few = orthonormal_inputs(6, 4, 2, rng)
    np.testing.assert_allclose(np.swapaxes(few, 1, 2) @ few, np.broadcast_to(4 * np.eye(4), (2, 4, 4)), atol=1e-12)
    many = orthonormal_inputs(6, 9, 2, rng)
    np.testing.assert_allclose(many @ np.swapaxes(many, 1, 2), np.broadcast_to(9 * np.eye(6), (2, 6, 6)), atol=1e-12)
    spectrum = np.linalg.svd(conditioned_inputs(6, 3.0, 2, rng), compute_uv=False)
    np.testing.assert_allclose(spectrum[:, [0, -1]], [[np.sqrt(6), np.sqrt(6) / 3]] * 2)


def test_labels_are_one_hot_of_uniform_classes_and_of_few_where_asked():
    rng = np.random.default_rng(1)
    labels = one_hot_labels(4, 5, 4000, rng)
    assert set(np.unique(labels)) == {0.0, 1.0}
    np.testing.assert_array_equal(labels.sum(axis=1), 1.0)
    np.testing.assert_allclose(labels.mean(axis=(0, 2)), 0.25, atol=6 * np.sqrt(0.1875 / 20000))
    few = one_hot_labels(8, 8, 500, rng, classes=4)
    assert (few.any(axis=2).sum(axis=1) <= 4).all()
    assert len({tuple(np.flatnonzero(one)) for one in few.any(axis=2)}) > 60


def test_spectral_labels_have_their_spectrum_and_scale():
    strengths = np.array([1.5, 1.0, 0.5])
    labels = spectral_labels(3, strengths, 2, np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.svd(labels, compute_uv=False) ** 2, [3 * strengths] * 2)
