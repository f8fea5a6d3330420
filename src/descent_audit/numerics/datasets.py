"""Fixed data that every implementation can make again, digit by digit."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

PRIMES = (
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
    103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179,
)  # fmt: skip


def kronecker(rows: int, columns: int) -> NDArray[np.float64]:
    r"""Return Kronecker data of shape ``(rows, columns)``, a fixed stand-in for standard normal data.

    $K_{ij} = \Phi^{-1}(\{i\sqrt{p_j}\})$ with $i = 1, \dots$ the row, $p_j$ the j-th prime, $\{\cdot\}$ the
    fractional part and $\Phi$ the standard normal distribution function. Source: the Kronecker sequence
    (Kuipers and Niederreiter 1974, section 1.6), mapped to the normal law.
    """
    if columns > len(PRIMES):
        raise ValueError(f"columns: found {columns}, allowed: at most {len(PRIMES)}")
    quantile = NormalDist().inv_cdf
    fractions = np.outer(np.arange(1, rows + 1), np.sqrt(PRIMES[:columns])) % 1.0
    return np.vectorize(quantile, otypes=[float])(fractions)
