"""Stability limits against closed forms, brute-force moments and another route to the eigenvalues."""

from itertools import combinations

import numpy as np
import pytest
from scipy.linalg import eigh

from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.theory.least_squares_moments import scaled_regression
from descent_audit.theory.mean_square_stability import bisected_rates, critical_rates, spectral_radii, terms


def brute_force_map(loss, rate, batch_size):
    """Average the action of every batch on every unit moment."""
    count, dimension = loss.inputs.shape
    batches = list(combinations(range(count), batch_size))
    columns = []
    for unit in np.eye(dimension**2).reshape(-1, dimension, dimension):
        total = np.zeros((dimension, dimension))
        for batch in batches:
            rows = loss.inputs[list(batch)]
            step = np.eye(dimension) - rate * rows.T @ rows / batch_size
            total += step @ unit @ step.T
        columns.append((total / len(batches)).ravel())
    return np.array(columns).T


@pytest.mark.parametrize("batch_size", [1, 2, 4, 5])
def test_map_is_the_mean_over_all_batches(batch_size):
    loss = LeastSquares(np.random.default_rng(0).standard_normal((5, 2)), np.zeros(5))
    brute = brute_force_map(loss, 0.3, batch_size)
    found = terms(loss, [batch_size])
    assert np.eye(4) - 0.3 * found.drift + 0.09 * found.square[0] == pytest.approx(brute, rel=1e-12, abs=1e-14)
    radius = np.abs(np.linalg.eigvals(brute)).max()
    assert spectral_radii(found, [0.3])[0] == pytest.approx(radius, rel=1e-12)


def test_one_dimension_has_the_ratio_of_moments_as_its_limit():
    inputs = np.array([0.5, 1.0, -2.0, 3.0])
    second, fourth = np.mean(inputs**2), np.mean(inputs**4)
    limits = critical_rates(terms(LeastSquares(inputs[:, None], np.zeros(4)), [1, 4]))
    assert limits == pytest.approx([2.0 * second / fourth, 2.0 / second], rel=1e-13)


def test_bisection_closed_form_and_generalised_eigenvalues_agree():
    loss = scaled_regression(40, 3, 0.3, 0.5)
    found = terms(loss, [1, 4, 40])
    bisected = bisected_rates(found, "bracket", [0.01, 5.0], 45)
    generalised = [1.0 / eigh(square, found.drift, eigvals_only=True)[-1] for square in found.square]
    assert critical_rates(found) == pytest.approx(generalised, rel=1e-11)
    assert bisected == pytest.approx(generalised, rel=1e-11)
    assert bisected[-1] == pytest.approx(2.0 / loss.smoothness, rel=1e-11)


@pytest.mark.parametrize("bracket", [[0.01, 0.1], [4.0, 5.0]])
def test_bracket_without_the_limit_is_named(bracket):
    with pytest.raises(OutOfRange, match="bracket"):
        bisected_rates(terms(scaled_regression(40, 3, 0.3, 0.5), [1]), "bracket", bracket, 10)
