"""Powers of the distance: losses without a global smoothness constant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Power:
    r"""$f(x) = \sum_j |x_j|^p$, $p > 1$, with its minimum 0 at the origin.

    The curvature $p(p-1)|x_j|^{p-2}$ has no bound, far away for $p > 2$ and at the minimum for $p < 2$: there is no
    global $L$ unless $p = 2$. ``exponent`` is p; points are of shape ``(..., d)``.
    """

    exponent: float

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return np.sum(np.abs(x) ** self.exponent, axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $p\,\mathrm{sign}(x_j)\,|x_j|^{p-1}$, of the shape of ``x``."""
        return self.exponent * np.sign(x) * np.abs(x) ** (self.exponent - 1.0)

    def curvature(self, distance: Array | float) -> Array:
        r"""Return $p(p-1)|x_j|^{p-2}$ at a distance from the minimum, of the shape of ``distance``."""
        return self.exponent * (self.exponent - 1.0) * np.asarray(distance, dtype=float) ** (self.exponent - 2.0)

    def critical_start(self, learning_rate: Array | float) -> Array:
        r"""Return $(2/(p\eta))^{1/(p-2)}$, $p > 2$: gradient descent in one dimension converges from inside it alone.

        A step is $x' = x\,(1 - p\eta|x|^{p-2})$, whose factor is -1 there, larger in size outside and smaller inside.
        """
        return (2.0 / (self.exponent * np.asarray(learning_rate, dtype=float))) ** (1.0 / (self.exponent - 2.0))
