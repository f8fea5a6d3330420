"""A bounded, non-convex loss that repeats itself in every coordinate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CosineSum:
    r"""$f(x) = \sum_j \cos x_j$, minimal with value $-d$ where every $x_j$ is an odd multiple of $\pi$.

    The curvature $-\cos x_j$ lies between -1 and 1: $L = 1$, attained at the minima. Points are of shape ``(..., d)``.
    """

    smoothness: float = 1.0

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return np.sum(np.cos(x), axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $-\sin x_j$, of the shape of ``x``."""
        return -np.sin(x)
