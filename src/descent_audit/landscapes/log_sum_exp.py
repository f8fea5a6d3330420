"""A smooth maximum of linear functions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogSumExp:
    r"""$f(x) = \log\sum_i e^{a_i\cdot x + b_i}$, convex (Boyd and Vandenberghe 2004, section 3.1.5).

    ``slopes`` holds the rows $a_i$, of shape ``(m, d)``, ``offsets`` the $b_i$, of shape ``(m,)``; points are of shape
    ``(..., d)``.
    """

    slopes: Array
    offsets: Array

    def value(self, x: Array) -> Array:
        """Return the function, of shape ``(...)``; no exponential overflows."""
        return np.logaddexp.reduce(self._exponents(x), axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $\sum_i w_i a_i$ with the weights $w_i \propto e^{a_i\cdot x + b_i}$, of the shape of ``x``."""
        return self._weights(x) @ self.slopes

    def hessian(self, x: Array) -> Array:
        """Return the covariance of the slopes under the weights, of shape ``(d, d)`` at one point."""
        weights = self._weights(x)
        centred = self.slopes - weights @ self.slopes
        return (centred.T * weights) @ centred

    @property
    def smoothness(self) -> float:
        r"""The bound $L \le \tfrac14\max_{ij}\|a_i - a_j\|^2$: no variance exceeds a quarter of the squared range."""
        gaps = self.slopes[:, None] - self.slopes
        return 0.25 * float(np.max(np.sum(gaps * gaps, axis=-1)))

    def _exponents(self, x: Array) -> Array:
        return x @ self.slopes.T + self.offsets

    def _weights(self, x: Array) -> Array:
        return np.exp(self._exponents(x) - self.value(x)[..., None])
