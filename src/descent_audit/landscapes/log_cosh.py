"""A convex loss whose curvature falls away from the minimum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LogCosh:
    r"""$f(x) = \sum_j \tfrac\mu2 x_j^2 + \log\cosh x_j$ with its minimum 0 at the origin.

    $L = 1 + \mu$, attained at the origin; strong convexity $\mu$ (none for $\mu = 0$). ``strong_convexity`` is a
    number or an array that broadcasts against points of shape ``(..., d)``.
    """

    strong_convexity: Array | float = 0.0

    def value(self, x: Array) -> Array:
        r"""Return the loss, of shape ``(...)``; $|x| + \log(1 + e^{-2|x|}) - \log 2$ does not overflow."""
        size = np.abs(x)
        return np.sum(0.5 * self.strong_convexity * x * x + size + np.log1p(np.exp(-2 * size)) - np.log(2.0), axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $\mu x + \tanh x$, of the shape of ``x``."""
        return self.strong_convexity * x + np.tanh(x)

    @property
    def smoothness(self) -> Array | float:
        r"""$L = 1 + \mu$."""
        return 1.0 + self.strong_convexity
