"""Statistics of drawn Hessians against naive loops, and the kernel of random features against sampling."""

import math

import numpy as np
import pytest
import scipy.stats

from descent_audit.experiments.conditioning import hessian_spectra
from descent_audit.experiments.conditioning.hessian_spectra import covariance, relu_kernel
from descent_audit.measurement.randomness import Streams


def test_covariance_is_that_of_an_autoregression():
    rng, rho = np.random.default_rng(1), 0.7
    rows = [rng.standard_normal(100_000)]
    for _ in range(3):
        rows.append(rho * rows[-1] + math.sqrt(1 - rho**2) * rng.standard_normal(100_000))
    np.testing.assert_allclose(np.cov(rows), covariance(rho, 4), atol=0.02)
    np.testing.assert_array_equal(covariance(0.0, 3), np.eye(3))


def test_kernel_is_the_second_moment_of_rectified_features():
    rng = np.random.default_rng(2)
    directions = rng.standard_normal((5, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    features = np.maximum(rng.standard_normal((400_000, 3)) @ directions.T, 0)
    np.testing.assert_allclose(relu_kernel(directions), features.T @ features / len(features), atol=0.01)
    assert np.trace(relu_kernel(directions)) == pytest.approx(2.5, rel=1e-7)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_statistics_of_a_draw_are_those_of_its_matrix(correlation):
    n, d = 30, 4
    matrix = covariance(correlation, d)
    spectrum, vectors = np.linalg.eigh(matrix)
    found = hessian_spectra._statistics(np.random.default_rng(3), n, np.linalg.cholesky(matrix), spectrum, vectors)
    inputs = np.random.default_rng(3).standard_normal((n, d)) @ np.linalg.cholesky(matrix).T
    singular = np.linalg.svd(inputs, compute_uv=False)
    assert found[0] == pytest.approx(2 * math.log(singular[0] / singular[-1]), rel=1e-9)
    assert found[1] == pytest.approx(np.sum((inputs @ vectors[:, -1]) ** 2) / spectrum[-1], rel=1e-9)
    others = inputs @ vectors[:, 1:]
    column = inputs @ vectors[:, 0]
    residual = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
    assert found[2] == pytest.approx(residual @ residual / spectrum[0], rel=1e-9)
    assert found[3] == 0.0
    np.testing.assert_allclose(found[4:], np.sort(singular**2 / n), rtol=1e-9)


def test_energies_follow_their_laws_over_many_draws():
    n, d, draws = 12, 4, 400
    matrix = covariance(0.6, d)
    spectrum, vectors = np.linalg.eigh(matrix)
    rng = Streams(1, "a", "b").generator("c")
    rows = np.array(
        [hessian_spectra._statistics(rng, n, np.linalg.cholesky(matrix), spectrum, vectors) for _ in range(draws)]
    )
    assert scipy.stats.kstest(rows[:, 1], scipy.stats.chi2(n).cdf).pvalue > 1e-4
    assert scipy.stats.kstest(rows[:, 2], scipy.stats.chi2(n - d + 1).cdf).pvalue > 1e-4
    assert scipy.stats.kstest(rows[:, 2], scipy.stats.chi2(n).cdf).pvalue < 1e-6
