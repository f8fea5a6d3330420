"""The sign design against enumeration: its Hessian, its minimum and the covariance of its samples' gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.sign_design import SignDesign


@pytest.mark.parametrize(("dimension", "scale", "noise"), [(1, 1.0, 0.5), (3, 0.3, 0.5), (6, 0.1, 0.0)])
def test_hessian_minimum_and_lowest_loss_are_those_of_the_rows(dimension, scale, noise):
    design = SignDesign(dimension, scale, noise)
    inputs, targets = design.loss.inputs, design.loss.targets
    assert inputs.shape == (design.samples, dimension) == (2 ** (dimension + 1), dimension)
    np.testing.assert_allclose(inputs.T @ inputs / len(inputs), np.diag(design.curvatures), atol=1e-15)
    np.testing.assert_allclose(np.linalg.lstsq(inputs, targets, rcond=None)[0], design.minimizer, atol=1e-14)
    assert design.loss.value(design.minimizer) == pytest.approx(design.lowest, abs=1e-15)
    assert len({tuple(row) for row in np.column_stack([inputs, targets - inputs @ design.minimizer])}) == (
        design.samples if noise else design.samples // 2
    )


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0, 2))
def test_covariance_of_the_samples_is_that_of_all_of_them(error, noise):
    design = SignDesign(3, 0.3, noise)
    error = np.array(error)
    theta = design.minimizer + error
    gradients = (design.loss.inputs @ theta - design.loss.targets)[:, None] * design.loss.inputs
    expected = np.cov(gradients.T, bias=True)
    np.testing.assert_allclose(design.sample_covariance(error), expected, atol=1e-12 * (1 + np.abs(expected).max()))
