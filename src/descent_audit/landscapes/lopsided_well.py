"""A wide well beside a low barrier: the curvature is the same everywhere but for its sign."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LopsidedWell:
    r"""Up to $\tfrac b2$ $\tfrac L2x^2$, the same hanging from its top at b, from $\tfrac{3b}2$ on $\tfrac L2(x-2b)^2$.

    ``smoothness`` is L, which the second derivative has in absolute value; ``barrier`` is b. The minima 0 and 2b have
    the loss 0, the barrier between them $\tfrac14Lb^2$. Points may have any shape.
    """

    smoothness: float
    barrier: float

    @property
    def other_minimum(self) -> float:
        """The minimum beyond the barrier, 2b."""
        return 2.0 * self.barrier

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        near, hill, far = x**2, 0.5 * self.barrier**2 - (x - self.barrier) ** 2, (x - self.other_minimum) ** 2
        return 0.5 * self.smoothness * self._piece(x, near, hill, far)

    def gradient(self, x: Array) -> Array:
        """Return the derivative, of the shape of ``x``."""
        return self.smoothness * self._piece(x, x, self.barrier - x, x - self.other_minimum)

    def _piece(self, x: Array, near: Array, hill: Array, far: Array) -> Array:
        return np.where(x <= 0.5 * self.barrier, near, np.where(x <= 1.5 * self.barrier, hill, far))
