"""Kronecker data against a computation in exact arithmetic and against the normal law."""

import re
from decimal import Decimal, getcontext

import numpy as np
import pytest
from scipy import stats

from descent_audit.numerics.datasets import PRIMES, kronecker


def is_prime(number: int) -> bool:
    return re.fullmatch(r"(11+)\1+", "1" * number) is None


def test_primes_are_the_first_primes():
    assert list(PRIMES) == [number for number in range(2, PRIMES[-1] + 1) if is_prime(number)]


def test_kronecker_matches_decimal_arithmetic():
    getcontext().prec = 40
    data = kronecker(7, 5)
    for row in range(1, 8):
        for column, prime in enumerate((2, 3, 5, 7, 11)):
            fraction = (row * Decimal(prime).sqrt()) % 1
            assert data[row - 1, column] == pytest.approx(stats.norm.ppf(float(fraction)), rel=1e-11, abs=1e-12)


def test_kronecker_grows_without_changing():
    assert np.array_equal(kronecker(50, 6)[:20, :3], kronecker(20, 3))


def test_kronecker_is_spread_like_the_normal_law():
    data = kronecker(2000, 4)
    for column in data.T:
        assert stats.kstest(column, "norm").statistic < 0.004
    assert np.abs(np.corrcoef(data.T) - np.eye(4)).max() < 0.05


def test_kronecker_refuses_more_columns_than_primes():
    with pytest.raises(ValueError, match=f"found {len(PRIMES) + 1}, allowed: at most {len(PRIMES)}"):
        kronecker(3, len(PRIMES) + 1)
