"""A periodic loss: equal wells next to each other."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CosineWell:
    r"""$f(w) = a\,(1 - \cos w)$ with minima at the multiples of $2\pi$; $L = a$, attained there.

    ``curvature`` is $a$, a number or an array that broadcasts against ``w``. Points may have any shape.
    """

    curvature: Array | float

    basin_radius = pi
    """The basin of the minimum at 0 under gradient flow is $|w| < \\pi$; its border is the maximum."""

    def value(self, w: Array) -> Array:
        r"""Return the loss as $2a \sin^2(w/2)$, which keeps its digits near the minimum."""
        return 2.0 * self.curvature * np.sin(0.5 * w) ** 2

    def gradient(self, w: Array) -> Array:
        r"""Return $a \sin w$, of the shape of ``w``."""
        return self.curvature * np.sin(w)

    @property
    def smoothness(self) -> Array | float:
        """$L = a$."""
        return self.curvature


def one_step_reach(relative_rate: Array) -> Array:
    r"""Return $\max_{|w|<\pi} |w - c \sin w|$ for $c = \eta a \ge 2$: $\sqrt{c^2 - 1} - \arccos(1/c)$ or $\pi$.

    The stationary point is $\cos w = 1/c$; the supremum at the border is $\pi$ itself.
    """
    return np.maximum(np.sqrt(relative_rate**2 - 1.0) - np.arccos(1.0 / relative_rate), pi)


def escape_relative_rate() -> float:
    r"""Return the least $c$ beyond which one step leaves the basin: $\sqrt{c^2 - 1} - \arccos(1/c) = \pi$."""
    return float(bisect(lambda c: one_step_reach(c) > pi, 2.0, 10.0, halvings=52)[0])
