"""A narrow dent in the flank of a wide bowl: a sharp well next to a flat one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
HALVINGS = 56
"""Brings a bracket of a few widths to one rounding unit."""


@dataclass(frozen=True)
class DentedBowl:
    r"""$f(x) = \tfrac a2 x^2 - h\,e^{-(x-c)^2/(2w^2)}$ in one dimension.

    ``bowl_curvature`` is a, ``depth`` h, ``centre`` c > 0 and ``width`` w. The dent has a minimum and, on its left
    alone, a maximum where its slope beats the bowl's: $ac < (h/w)\,e^{-1/2}$ suffices. Points may have any shape.
    """

    bowl_curvature: float
    depth: float
    centre: float
    width: float

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        return 0.5 * self.bowl_curvature * x * x - self.depth * self._dent(x)

    def gradient(self, x: Array) -> Array:
        r"""Return $ax + h\,\tfrac{x-c}{w^2}\,e^{-(x-c)^2/(2w^2)}$, of the shape of ``x``."""
        return self.bowl_curvature * x + self.depth / self.width**2 * (x - self.centre) * self._dent(x)

    def curvature(self, x: Array | float) -> Array:
        r"""Return $f''(x)$, of the shape of ``x``."""
        offset = (np.asarray(x, dtype=float) - self.centre) / self.width
        return self.bowl_curvature + self.depth / self.width**2 * (1 - offset * offset) * np.exp(-0.5 * offset * offset)

    @property
    def sharp_minimum(self) -> float:
        """The bottom of the dent, between its steepest point on the left and its centre."""
        slope_up = bisect(lambda x: self.gradient(x) > 0, self.centre - self.width, self.centre, halvings=HALVINGS)
        return float(slope_up[0])

    @property
    def border(self) -> float:
        """The maximum that bounds the dent on the left, at most eight widths from its centre."""
        far, steepest = self.centre - 8 * self.width, self.centre - self.width
        return float(bisect(lambda x: self.gradient(x) < 0, far, steepest, halvings=HALVINGS)[0])

    def _dent(self, x: Array) -> Array:
        return np.exp(-0.5 * ((x - self.centre) / self.width) ** 2)
