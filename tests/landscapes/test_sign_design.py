"""The sign design against its own rows, against the matrix recursion of any regression, and against iteration."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.theory.least_squares_moments import iterated_losses, second_moment_map, stationary_loss

SMALL = SignDesign(3, 0.3, 0.5)


def test_rows_are_all_sign_vectors_once():
    loss = SMALL.loss
    residuals = (loss.targets - loss.inputs @ SMALL.minimizer) / SMALL.noise
    rows = np.column_stack([loss.inputs / SMALL.scales, residuals]).round(9)
    assert {tuple(row) for row in rows.tolist()} == set(product((-1.0, 1.0), repeat=4))
    assert SMALL.samples == len(loss.targets) == 16


@pytest.mark.parametrize("dimension", [1, 2, 6])
def test_hessian_is_the_diagonal_of_squared_scales(dimension):
    design = SignDesign(dimension, 0.3, 0.5)
    hessian = design.loss.inputs.T @ design.loss.inputs / design.samples
    assert hessian == pytest.approx(np.diag(design.curvatures), abs=1e-15)
    assert design.loss.minimizer == pytest.approx(design.minimizer, abs=1e-13)
    assert design.loss.smoothness == pytest.approx(1.0, rel=1e-14)
    if dimension > 1:
        assert design.curvatures[-1] == pytest.approx(0.09, rel=1e-14)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0, 2), st.floats(0.1, 1))
def test_covariance_is_that_of_the_rows(displacement, noise, smallest):
    design, e = SignDesign(3, smallest, noise), np.array(displacement)
    gradients = (design.loss.inputs @ (design.minimizer + e) - design.loss.targets)[:, None] * design.loss.inputs
    expected = np.cov(gradients.T, bias=True)
    assert design.gradient_covariance(e) == pytest.approx(expected, abs=1e-12)
    assert design.gradient_variances(e**2) == pytest.approx(np.diag(expected), abs=1e-12)


def test_share_is_the_variance_of_all_batches_over_that_of_one_sample():
    values = np.random.default_rng(0).standard_normal(8)
    design = SignDesign(2, 0.3, 0.5)
    for size in (1, 3, 8):
        means = [values[list(batch)].mean() for batch in combinations(range(8), size)]
        assert design.batch_share(size) * values.var() == pytest.approx(np.var(means), abs=1e-15)


@pytest.mark.parametrize("batch_size", [1, 4, 16])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_recursion_agrees_with_the_full_matrix_recursion(batch_size, noise):
    design = SignDesign(3, 0.3, noise)
    squares, start = np.ones(3), np.zeros(3)
    found = []
    for _ in range(60):
        squares = design.next_squares(squares, 0.3, batch_size)
        found.append(float(design.excess(squares)))
    general = iterated_losses(design.loss, start, second_moment_map(design.loss, 0.3, batch_size), range(1, 61))
    assert np.array(found) + 0.5 * noise**2 == pytest.approx(general, rel=1e-12)


def test_path_without_noise_is_a_product_of_factors():
    rates = np.array([0.5, 0.3, 1.2])
    factors = np.cumprod((1.0 - rates[:, None] * SMALL.curvatures) ** 2, axis=0)
    path = SMALL.squares_path(np.full(3, 2.0), rates, 16)
    assert path == pytest.approx(2.0 * np.vstack([np.ones(3), factors]), rel=1e-14)


@pytest.mark.parametrize(("rate", "batch_size"), [(0.2, 4), (0.4, 1), (1.5, 16)])
def test_fixed_point_is_one_and_agrees_with_the_general_floor(rate, batch_size):
    fixed = SMALL.stationary_squares(rate, batch_size)
    assert SMALL.next_squares(fixed, rate, batch_size) == pytest.approx(fixed, rel=1e-13)
    general = stationary_loss(SMALL.loss, second_moment_map(SMALL.loss, rate, batch_size))
    assert float(SMALL.excess(fixed)) == pytest.approx(general, rel=1e-11, abs=1e-15)


def test_contraction_is_the_recursion_without_label_noise():
    design = SignDesign(3, 0.3, 0.0)
    matrix = design.contraction(0.4, 2)
    columns = [design.next_squares(unit, 0.4, 2) for unit in np.eye(3)]
    assert matrix == pytest.approx(np.array(columns).T, abs=1e-15)


def test_batch_and_rate_that_do_not_fit_are_refused():
    for size in (0, 17):
        with pytest.raises(OutOfRange, match="batch_size"):
            SMALL.batch_share(size)
    unstable = 1.05 * critical_rate(SMALL, 1)
    SMALL.stationary_squares(0.95 * critical_rate(SMALL, 1), 1)
    for rate, size in ((unstable, 1), (2.1, 16)):
        with pytest.raises(OutOfRange, match="learning_rate"):
            SMALL.stationary_squares(rate, size)


def critical_rate(design, batch_size):
    """Bisect the rate at which the spectral radius of the contraction passes 1."""
    low, high = 0.01, 2.0
    for _ in range(40):
        rate = 0.5 * (low + high)
        radius = np.abs(np.linalg.eigvals(design.contraction(rate, batch_size))).max()
        low, high = (rate, high) if radius < 1.0 else (low, rate)
    return low
