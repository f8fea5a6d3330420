"""A quadratic near its minimum that is stiffer further out, continuously differentiable."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StiffTails:
    r"""$f(x) = \sum_j \frac{a_j}2x_j^2$ for $|x_j| \le 1$, of curvature $b_j \ge a_j$ beyond.

    ``inner`` is $a$ and ``outer`` $b$, of shape ``(..., d)``. Beyond 1 the slope is $a_j + b_j(|x_j| - 1)$. The
    smallest constant of smoothness is the largest $b_j$, and the minimum is 0 at the origin.
    """

    inner: Array | float
    outer: Array | float

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        near, far = self._parts(x)
        return np.sum(0.5 * self.inner * near**2 + self.inner * far + 0.5 * self.outer * far**2, axis=-1)

    def gradient(self, x: Array) -> Array:
        """Return the slopes, of the shape of ``x``."""
        near, far = self._parts(x)
        return np.asarray(np.sign(x) * (self.inner * near + self.outer * far))

    @property
    def smoothness(self) -> float:
        """$L$, the largest curvature."""
        return float(np.max(self.outer))

    @staticmethod
    def _parts(x: Array) -> tuple[Array, Array]:
        """Return how far from the minimum a coordinate is inside of 1, and how far beyond."""
        distance = np.abs(x)
        near = np.minimum(distance, 1.0)
        return near, distance - near
