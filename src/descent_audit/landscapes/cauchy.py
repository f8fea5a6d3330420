"""A non-convex loss that grows like a logarithm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CauchyLoss:
    r"""$f(x) = \sum_j \log(1 + x_j^2)$, a negative Cauchy log-likelihood, with its minimum 0 at the origin.

    The curvature $2(1 - x_j^2)/(1 + x_j^2)^2$ lies between $-\tfrac14$, at $x_j^2 = 3$, and 2, at the origin: $L = 2$.
    Points are of shape ``(..., d)``.
    """

    smoothness: float = 2.0

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return np.sum(np.log1p(x * x), axis=-1)

    def gradient(self, x: Array) -> Array:
        """Return $2x_j/(1 + x_j^2)$, of the shape of ``x``."""
        return 2.0 * x / (1.0 + x * x)
