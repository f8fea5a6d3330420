"""A quadratic with linear tails."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Huber:
    r"""$f(x) = \sum_j \tfrac12 x_j^2$ where $|x_j| \le 1$, else $|x_j| - \tfrac12$ (Huber 1964); $L = 1$."""

    smoothness: float = 1.0

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)`` for points of shape ``(..., d)``."""
        size = np.abs(x)
        return np.sum(np.where(size <= 1.0, 0.5 * x * x, size - 0.5), axis=-1)

    def gradient(self, x: Array) -> Array:
        """Return x cut to [-1, 1], of the shape of ``x``."""
        return np.minimum(np.maximum(x, -1.0), 1.0)
