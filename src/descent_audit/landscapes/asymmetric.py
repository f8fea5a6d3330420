"""A minimum whose two sides are not equally steep."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AsymmetricQuadratic:
    r"""$f(x) = \tfrac a2 x^2$ for $x < 0$ and $\tfrac b2 x^2$ for $x \ge 0$, with its minimum 0 at the origin.

    ``left_curvature`` is $a$, ``right_curvature`` is $b$: numbers or arrays that broadcast against points, each point
    a number of its own. Differentiable everywhere, with $L = \max(a, b)$ and strong convexity $\min(a, b)$.
    """

    left_curvature: Array | float
    right_curvature: Array | float

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        return 0.5 * x * self.gradient(x)

    def gradient(self, x: Array) -> Array:
        r"""Return $ax$ on the left and $bx$ on the right, of the shape of ``x``."""
        return np.where(x < 0, self.left_curvature, self.right_curvature) * x

    @property
    def smoothness(self) -> Array:
        r"""$L = \max(a, b)$."""
        return np.maximum(self.left_curvature, self.right_curvature)

    @property
    def strong_convexity(self) -> Array:
        r"""$\mu = \min(a, b)$."""
        return np.minimum(self.left_curvature, self.right_curvature)

    @property
    def critical_rate(self) -> Array:
        r"""$1/a + 1/b$, where $(\eta a - 1)(\eta b - 1) = 1$: an excursion across and back keeps its size."""
        return np.asarray(1.0 / np.asarray(self.left_curvature) + 1.0 / np.asarray(self.right_curvature))
