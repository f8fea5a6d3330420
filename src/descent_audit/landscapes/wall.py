"""A gentle slope that runs into a steep wall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class QuarticWall:
    r"""$f(x) = \tfrac a2 x^2 + [x > 0]\,\tfrac b4 x^4$ with its minimum 0 at the origin.

    ``curvature`` is $a$, that of the slope and of the minimum; ``stiffness`` is $b \ge 0$, that of the wall, none for
    $b = 0$. Both are numbers or arrays that broadcast against points, each point a number of its own. Twice
    continuously differentiable and convex; there is no finite smoothness, since the wall steepens without end.
    """

    curvature: Array | float
    stiffness: Array | float

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        square, inside = x * x, np.maximum(x, 0.0) ** 2
        return 0.5 * self.curvature * square + 0.25 * self.stiffness * inside * inside

    def gradient(self, x: Array) -> Array:
        r"""Return $ax + [x > 0]\,bx^3$, of the shape of ``x``."""
        inside = np.maximum(x, 0.0)
        return x * (self.curvature + self.stiffness * (inside * inside))
