import math
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, lambertw

from descent_audit.experiments.warmup.warmup_formulas import (
    dip_log,
    growth_root,
    log_product,
    net_growth_boundary,
    off_resonance,
    single_step_boundary,
)


def exact_logs(c: Fraction, warmup: int, longest: int) -> list[float]:
    """Return log|P_K| for K = 0, 1, ... from the product in whole numbers."""
    factors = [1 - c * min(Fraction(k, warmup), 1) for k in range(1, longest + 1)]
    products = accumulate(factors, lambda a, b: a * b, initial=Fraction(1))
    return [math.log(abs(p.numerator)) - math.log(p.denominator) for p in products]


@pytest.mark.parametrize("c", [Fraction(19, 10), Fraction(23, 10), Fraction(31, 10), Fraction(93, 10)])
@pytest.mark.parametrize("warmup", [1, 2, 7, 33])
def test_log_product_is_the_product(c, warmup):
    np.testing.assert_allclose(
        log_product(np.arange(61), float(c), warmup), exact_logs(c, warmup, 60), rtol=1e-11, atol=1e-12
    )


@given(st.integers(1, 200), st.integers(0, 300), st.floats(2.05, 15.0))
def test_log_product_is_the_gamma_formula(warmup, steps, c):
    z, m = warmup / c, min(warmup, steps)
    assume(abs(z - round(z)) > 1e-3)
    gamma = m * math.log(c / warmup) + gammaln(m + 1 - z) - gammaln(1 - z) + (steps - m) * math.log(c - 1)
    assert log_product(steps, c, warmup) == pytest.approx(gamma, rel=1e-8, abs=1e-8)


def test_log_product_vanishes_behind_a_factor_of_zero():
    logs = log_product(np.array([3, 4, 20]), 2.5, 10)
    assert logs[0] == pytest.approx(math.log(0.75 * 0.5 * 0.25), rel=1e-12)
    assert np.all(np.isneginf(logs[1:]))


def test_growth_root_is_the_lambert_value():
    assert growth_root() == pytest.approx(1 + math.exp(1 + lambertw(math.exp(-1)).real), rel=1e-12)


@pytest.mark.parametrize("c", [2.1, 2.5, 3.1, 4.5, 4.7, 6.1, 10.3])
def test_net_growth_boundary_balances_the_integral(c):
    bound = float(net_growth_boundary(c))
    ramp_end = min(bound, 1.0)
    integral, _ = quad(lambda t: math.log(abs(1 - c * t)), 0.0, ramp_end, points=[1 / c], limit=200)
    assert integral + max(bound - 1.0, 0.0) * math.log(c - 1) == pytest.approx(0.0, abs=1e-7)
    assert bound > single_step_boundary(c)


@pytest.mark.parametrize(("c", "warmup"), [(2.1, 400), (4.1, 1000), (9.7, 700)])
def test_dip_is_the_lowest_product_and_its_error_falls(c, warmup):
    errors = []
    for length in (warmup, 10 * warmup):
        logs = np.cumsum(np.log(np.abs(1 - c * np.arange(1, length + 1) / length)))
        assert abs(int(np.argmin(logs)) + 1 - 2 * length / c) <= 1
        errors.append(abs(logs.min() - dip_log(c, length)))
    assert errors[0] < 0.01


@given(st.floats(2.1, 12.0), st.sampled_from([20, 100, 1000, 5000]))
def test_off_resonance_raises_the_rate_by_the_least_amount(c, warmup):
    moved = off_resonance(c, warmup, 0.2)
    fraction = (warmup / moved) % 1.0
    assert moved >= c
    assert 0.2 - 1e-9 <= fraction <= 0.8 + 1e-9
    if moved > c:
        between = np.linspace(c, moved, 50, endpoint=False)
        parts = (warmup / between) % 1.0
        assert np.all((parts <= 0.2 + 1e-9) | (parts >= 0.8 - 1e-9))
