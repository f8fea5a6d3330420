"""The recursion of second moments against that of all batches, and its fixed point against iteration."""

import numpy as np
import pytest

from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.numerics.enumeration import subsets
from descent_audit.theory.least_squares_moments import powered_losses, second_moment_map
from descent_audit.theory.sign_design_moments import (
    contraction,
    mean_excess,
    moments_at,
    moments_path,
    stationary_moments,
    step_correlation,
    variance_factor,
)

DESIGN = SignDesign(2, 0.3, 0.5)


def test_one_step_is_the_mean_over_all_batches():
    error, rate, size = np.array([0.7, -1.3]), 0.4, 3
    theta = DESIGN.minimizer + error
    squares = []
    for piece in subsets(DESIGN.samples, size):
        inputs = DESIGN.loss.inputs[piece]
        residual = inputs @ theta - DESIGN.loss.targets[piece]
        gradient = np.mean(residual[..., None] * inputs, axis=1)
        squares.append((error - rate * gradient) ** 2)
    expected = np.concatenate(squares).mean(axis=0)
    (found,) = moments_at(DESIGN, error, lambda _: rate, variance_factor(DESIGN.samples, size), [1])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_step_correlation_is_that_of_all_pairs_of_batches():
    error, rate, size = np.array([0.4, -0.9]), 0.3, 2
    (batches,) = [np.concatenate(list(subsets(DESIGN.samples, size)))]

    def gradients(theta):
        residual = np.einsum("bmd,d->bm", DESIGN.loss.inputs[batches], theta) - DESIGN.loss.targets[batches]
        return np.einsum("bm,bmd->bd", residual, DESIGN.loss.inputs[batches]) / size

    theta = DESIGN.minimizer + error
    first = -rate * gradients(theta)
    following = np.array([-rate * gradients(theta + step).mean(axis=0) for step in first])
    expected = np.sum(first * following, axis=1).mean() / np.sum(first**2, axis=1).mean()
    found = step_correlation(DESIGN, error**2, rate, variance_factor(DESIGN.samples, size))
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [1, 4, 16])
def test_mean_loss_is_that_of_the_general_recursion(size):
    design, rate = SignDesign(3, 0.3, 0.5), 0.2
    steps = [1, 5, 40]
    general = powered_losses(design.loss, np.zeros(3), second_moment_map(design.loss, rate, size), steps)
    moments = moments_at(design, -design.minimizer, lambda _: rate, variance_factor(design.samples, size), steps)
    np.testing.assert_allclose(mean_excess(design, moments) + design.lowest, general, rtol=1e-11)


def test_fixed_point_is_where_the_recursion_ends():
    factor = variance_factor(DESIGN.samples, 2)
    *_, last = moments_path(DESIGN, np.zeros(2), lambda _: 0.3, factor, 4000)
    np.testing.assert_allclose(stationary_moments(DESIGN, 0.3, factor), last, rtol=1e-12)
    with pytest.raises(ValueError, match="no limit in mean square"):
        stationary_moments(DESIGN, 2.5, factor)


def test_contraction_is_the_ratio_of_successive_losses_without_noise():
    quiet, factor = SignDesign(3, 0.3, 0.0), variance_factor(16, 4)
    path = moments_path(quiet, -quiet.minimizer, lambda _: 0.2, factor, 600)
    excess = np.array([mean_excess(quiet, moments) for moments in path])
    assert excess[600] / excess[599] == pytest.approx(contraction(quiet, 0.2, factor), rel=1e-10)


def test_a_batch_of_all_samples_has_no_variance():
    assert variance_factor(16, 16) == 0.0
    assert variance_factor(16, 1) == 1.0
