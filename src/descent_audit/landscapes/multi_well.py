"""A ripple on a bowl: one deep well in the middle, shallower ones to either side."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
HALVINGS = 56
"""Brings a bracket of half a ripple to one rounding unit."""


@dataclass(frozen=True)
class MultiWell:
    r"""$f(x) = \tfrac a2 x^2 + b\,(1 - \cos kx)$ in one dimension, with its lowest minimum at the origin.

    $L = a + bk^2$, attained there. ``bowl_curvature`` is a, ``ripple`` b and ``wave_number`` k. Points may have
    any shape. Wells exist where the ripple's slope exceeds the bowl's, $|x| < bk/a$.
    """

    bowl_curvature: float
    ripple: float
    wave_number: float

    def value(self, x: Array) -> Array:
        r"""Return the loss, of the shape of ``x``; $2b\sin^2(kx/2)$ keeps its digits at the origin."""
        return 0.5 * self.bowl_curvature * x * x + 2.0 * self.ripple * np.sin(0.5 * self.wave_number * x) ** 2

    def gradient(self, x: Array) -> Array:
        r"""Return $ax + bk\sin kx$, of the shape of ``x``."""
        return self.bowl_curvature * x + self.ripple * self.wave_number * np.sin(self.wave_number * x)

    @property
    def smoothness(self) -> float:
        r"""$L = a + bk^2$."""
        return self.bowl_curvature + self.ripple * self.wave_number**2

    def maxima(self, reach: float) -> Array:
        r"""Return the maxima in [-``reach``, ``reach``] in order, an even number: the borders of the wells.

        Right of the origin there is one in each $(\pi, \tfrac32\pi)/k + 2\pi j/k$ whose upper end is below $bk/a$: the
        slope turns negative between the ends.
        """
        before = np.arange(pi, reach * self.wave_number, 2 * pi) / self.wave_number
        after = before + 0.5 * pi / self.wave_number
        sloped = after < self.ripple * self.wave_number / self.bowl_curvature
        right = bisect(lambda x: self.gradient(x) < 0, before[sloped], after[sloped], halvings=HALVINGS)
        right = right[right <= reach]
        return np.concatenate([-right[::-1], right])
