"""A smooth Huber loss."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PseudoHuber:
    r"""$f(x) = \sum_j (\sqrt{1 + x_j^2} - 1)$ with its minimum 0 at the origin.

    The curvature $(1 + x_j^2)^{-3/2}$ falls away from the minimum: $L = 1$, attained at the origin alone. Points are of
    shape ``(..., d)``. Source: Charbonnier et al. 1997, with the offset that makes the minimum 0.
    """

    smoothness: float = 1.0

    def value(self, x: Array) -> Array:
        r"""Return the loss, of shape ``(...)``, as $\sum_j x_j^2/(1 + \sqrt{1 + x_j^2})$: no digits cancel near 0."""
        return np.sum(x * x / (1.0 + np.sqrt(1.0 + x * x)), axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $x_j/\sqrt{1 + x_j^2}$, of the shape of ``x``."""
        return x / np.sqrt(1.0 + x * x)
