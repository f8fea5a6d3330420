"""A slope with a stretch of lower curvature in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FlatStretch:
    r"""$f'(x) = Lx - (L - \mu)\min(\max(x - l, 0), r - l)$: slope $L$, but $\mu$ for $l \le x < r$; $f(0) = 0$.

    ``steep_curvature`` is $L$, ``flat_curvature`` is $\mu \le L$; the stretch from ``left`` = $l$ to ``right`` = $r$
    lies to the right of the minimum 0 at the origin. With $L = 25$, $\mu = 1$, $l = 1$, $r = 2$ it is the example of
    Lessard, Recht and Packard (2016, section 4.6). Differentiable, smoothness $L$, strong convexity $\mu$.
    """

    steep_curvature: float
    flat_curvature: float
    left: float
    right: float

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        length = self.right - self.left
        inside = np.clip(x - self.left, 0.0, length)
        missing = 0.5 * inside * inside + length * np.maximum(x - self.right, 0.0)
        return 0.5 * self.steep_curvature * x * x - (self.steep_curvature - self.flat_curvature) * missing

    def gradient(self, x: Array) -> Array:
        """Return the slope, of the shape of ``x``."""
        inside = np.minimum(np.maximum(x - self.left, 0.0), self.right - self.left)
        return self.steep_curvature * x - (self.steep_curvature - self.flat_curvature) * inside

    @property
    def smoothness(self) -> float:
        """Return the largest curvature, $L$."""
        return self.steep_curvature

    @property
    def strong_convexity(self) -> float:
        r"""Return the smallest curvature, $\mu$."""
        return self.flat_curvature
