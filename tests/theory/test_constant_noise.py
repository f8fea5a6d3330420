"""Stationary laws under constant noise against their closed forms, long recursions and an integral over frequencies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.theory.constant_noise import (
    first_order_excess,
    hessian_variances,
    isotropic_variance,
    isotropic_variances,
    stationary_variances,
    transient_variances,
)
from descent_audit.theory.sign_design_moments import mean_excess, stationary_moments

DESIGN = SignDesign(4, 0.3, 0.7)


@given(st.floats(0.01, 1.9), st.floats(0.01, 1.0))
def test_closed_forms_solve_the_matrix_equation(rate, factor):
    isotropic = factor * isotropic_variance(DESIGN) * np.eye(4)
    shaped = factor * 0.49 * np.diag(DESIGN.curvatures)
    assert stationary_variances(DESIGN, rate, isotropic) == pytest.approx(isotropic_variances(DESIGN, rate, factor))
    assert stationary_variances(DESIGN, rate, shaped) == pytest.approx(hessian_variances(DESIGN, rate, factor))


def test_both_noises_have_the_total_of_the_enumerated_one():
    residuals = DESIGN.loss.targets - DESIGN.loss.inputs @ DESIGN.minimizer
    gradients = residuals[:, None] * DESIGN.loss.inputs
    total = float(np.mean(np.sum(gradients**2, axis=1)))
    assert 4 * isotropic_variance(DESIGN) == pytest.approx(total, rel=1e-13)
    assert 0.49 * DESIGN.curvatures.sum() == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("steps", [0, 1, 7, 500])
def test_transient_is_the_recursion_of_variances(steps):
    variances = np.zeros(4)
    for _ in range(steps):
        variances = (1 - 0.3 * DESIGN.curvatures) ** 2 * variances + 0.09 * 0.2 * isotropic_variance(DESIGN)
    assert transient_variances(DESIGN, 0.3, 0.2, steps) == pytest.approx(variances, rel=1e-12)


def test_variance_is_the_integral_of_the_spectral_density():
    rate, factor = 0.4, 0.25
    angles = 2 * np.pi * np.arange(4096) / 4096
    response = np.exp(1j * angles)[:, None] - (1 - rate * DESIGN.curvatures)
    expected = rate**2 * factor * isotropic_variance(DESIGN) * np.mean(1 / np.abs(response) ** 2, axis=0)
    assert isotropic_variances(DESIGN, rate, factor) == pytest.approx(expected, rel=1e-10)


def test_mean_losses_share_their_first_order():
    for rate in (1e-3, 1e-4):
        scale = first_order_excess(DESIGN, rate, 0.5)
        for variances in (isotropic_variances, hessian_variances, stationary_moments):
            assert float(mean_excess(DESIGN, variances(DESIGN, rate, 0.5))) / scale == pytest.approx(1, abs=3 * rate)
