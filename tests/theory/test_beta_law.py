"""The Beta law against SciPy and against draws."""

import numpy as np
import pytest
from scipy import special, stats

from descent_audit.theory.beta_law import (
    BINS,
    beta_cdf,
    beta_density,
    beta_quantile,
    largest_distance,
    probability_counts,
)

LAWS = [(4, 32), (32, 32), (96, 32), (31.5, 31.5), (1.0, 1.0), (16, 4)]


@pytest.mark.parametrize(("a", "b"), LAWS)
def test_law_agrees_with_scipy(a, b):
    x = np.linspace(0.0, 1.0, 301)
    np.testing.assert_allclose(beta_cdf(x, a, b), special.betainc(a, b, x), atol=1e-13)
    np.testing.assert_allclose(beta_density(x[1:-1], a, b), stats.beta(a, b).pdf(x[1:-1]), rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize(("a", "b"), LAWS)
@pytest.mark.parametrize("level", [8e-10, 1e-3, 0.5])
def test_quantile_agrees_with_scipy_far_out_too(a, b, level):
    assert beta_quantile(level, a, b) == pytest.approx(special.betaincinv(a, b, level), rel=1e-9)


def test_distance_is_that_of_kolmogorov_up_to_a_bin():
    draws = np.random.default_rng(0).beta(4, 9, 500)
    exact = stats.kstest(draws, stats.beta(4, 9).cdf).statistic
    assert largest_distance(probability_counts(draws, 4, 9)) == pytest.approx(exact, abs=1.0 / BINS)
    assert probability_counts(draws, 4, 9).sum() == 500


def test_cosine_to_a_random_direction_is_a_beta_law_and_students():
    c = np.linspace(-0.9, 0.9, 7)
    student = stats.t(63).cdf(c * np.sqrt(63 / (1 - c**2)))
    np.testing.assert_allclose(beta_cdf(0.5 * (1 + c), 31.5, 31.5), student, atol=1e-13)
