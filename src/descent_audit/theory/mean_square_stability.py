r"""For which learning rates the second moment of mini-batch descent on least squares stays bounded.

Without residuals a step maps $E\,ee^\top$, $e = \theta - \theta^*$, by $T = 1 - \eta A + \eta^2B_m$ with
$A = H\otimes I + I\otimes H$, $B_m = H\otimes H + \phi\,(\frac1n\sum_i(x_ix_i^\top)\otimes(x_ix_i^\top) - H\otimes H)$,
$H = X^\top X/n$ and $\phi = \frac{n-m}{m(n-1)}$: batches are uniform, without replacement.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]


class Terms(NamedTuple):
    """The terms of the map: ``drift`` A of shape ``(d^2, d^2)``, ``square`` $B_m$ of ``(batch sizes, d^2, d^2)``."""

    drift: Array
    square: Array


def terms(loss: LeastSquares, batch_sizes: ArrayLike) -> Terms:
    """Return the terms of the map, one square per batch size; all of them are symmetric."""
    count, dimension = loss.inputs.shape
    sizes = np.asarray(batch_sizes, dtype=float)[:, None, None]
    hessian, eye = loss.inputs.T @ loss.inputs / count, np.eye(dimension)
    products = (loss.inputs[:, :, None] * loss.inputs[:, None, :]).reshape(count, -1)
    fourth, square = products.T @ products / count, np.kron(hessian, hessian)
    share = (count - sizes) / (sizes * (count - 1))
    return Terms(np.kron(hessian, eye) + np.kron(eye, hessian), square + share * (fourth - square))


def spectral_radii(found: Terms, learning_rates: ArrayLike) -> Array:
    """Return the spectral radius of the map for each batch size, of the shape of ``learning_rates`` ``(sizes,)``."""
    rates = np.asarray(learning_rates, dtype=float)[:, None, None]
    maps = np.eye(len(found.drift)) - rates * found.drift + rates**2 * found.square
    return np.asarray(np.abs(np.linalg.eigvalsh(maps)).max(axis=-1))


def bisected_rates(found: Terms, key: str, bracket: Sequence[float], halvings: int) -> Array:
    """Return where the spectral radius passes 1, for each batch size.

    Raises ``OutOfRange`` where the bracket, the parameter of that key, does not hold it.
    """

    def unstable(rates: Array) -> NDArray[np.bool_]:
        return ~(spectral_radii(found, rates) <= 1.0)

    low, high = (np.full(len(found.square), bracket[end]) for end in (0, -1))
    if unstable(low).any() or not unstable(high).all():
        raise OutOfRange(key, list(bracket), "a range that holds the critical rate of every batch size")
    return bisect(unstable, low, high, halvings=halvings)


def critical_rates(found: Terms) -> Array:
    r"""Return $1/\lambda_{\max}(A^{-1}B_m)$ for each batch size; $2/L$ where the batch is the whole data set.

    The map takes positive semidefinite moments to such ones, hence its spectral radius is one of its eigenvalues (Krein
    and Rutman 1948), and it passes 1 where $Av = \eta B_mv$ has a solution.
    """
    inverse = np.linalg.inv(np.linalg.cholesky(found.drift))
    return np.asarray(1.0 / np.linalg.eigvalsh(inverse @ found.square @ inverse.T)[:, -1])


def sample_contraction(loss: LeastSquares, steps: Array) -> float:
    r"""Return the spectral radius of $\frac1n\sum_i(1 - \alpha_ix_ix_i^\top)\otimes(1 - \alpha_ix_ix_i^\top)$.

    It is the contraction per step of $E\,ee^\top$ on single samples, without residuals; ``steps`` is $\alpha$.
    """
    factors = np.eye(loss.inputs.shape[1]) - steps[:, None, None] * loss.inputs[:, :, None] * loss.inputs[:, None, :]
    size = factors.shape[-1] ** 2
    mean = np.einsum("iab,icd->acbd", factors, factors).reshape(size, size) / len(factors)
    return float(np.abs(np.linalg.eigvalsh(mean)).max())
