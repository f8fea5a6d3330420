"""Two wells of different width next to each other: a sharp minimum, a barrier, a flat minimum."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EXIT_RELATIVE_RATE = 3 * math.sqrt(3) - 2
r"""$\eta\lambda$ up to which no step leaves a well, with $\lambda$ the curvature at its minimum."""


@dataclass(frozen=True)
class Well:
    r"""$h\,[(x/a)^4 - 2(x/a)^2]$ on one side of the barrier at 0, where it is 0.

    ``width`` is a, the distance of the minimum from the barrier, and ``depth`` h. Points may have any shape.
    """

    width: float
    depth: float

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        square = (x / self.width) ** 2
        return self.depth * square * (square - 2.0)

    def gradient(self, x: Array) -> Array:
        r"""Return $\tfrac{4h}{a^2}\,x\,[(x/a)^2 - 1]$, of the shape of ``x``."""
        factor = 4.0 * self.depth / self.width**2
        slope = x * x
        slope *= factor / self.width**2
        slope -= factor
        slope *= x
        return slope

    @property
    def curvature(self) -> float:
        r"""The curvature at the minimum, $\lambda = 8h/a^2$."""
        return 8.0 * self.depth / self.width**2

    @property
    def barrier_curvature(self) -> float:
        """The curvature at the barrier from this side, $-4h/a^2$."""
        return -4.0 * self.depth / self.width**2

    @property
    def exit_learning_rate(self) -> float:
        r"""$\eta_{\rm exit} = (\tfrac{3\sqrt3}{2} - 1)\,a^2/(4h)$: no step from within ``invariant_radius`` leaves it.

        With $k = 4\eta h/a^2$ a step is $x \mapsto x\,(1 + k - kx^2/a^2)$. It goes farthest from
        $|x| = a\sqrt{(1+k)/(3k)}$, namely to $\tfrac{2(1+k)}{3\sqrt3}$ times the radius.
        """
        return EXIT_RELATIVE_RATE / self.curvature

    def invariant_radius(self, learning_rate: float) -> float:
        r"""Return $a\sqrt{1 + 1/k}$ with $k = 4\eta h/a^2$: from closer to the barrier no step crosses it."""
        return self.width * math.sqrt(1.0 - 1.0 / (learning_rate * self.barrier_curvature))

    def radius(self, energy: float) -> float:
        r"""Return the distance at which the outer wall reaches an energy E > -h: $a\sqrt{1 + \sqrt{1 + E/h}}$."""
        return self.width * math.sqrt(1.0 + math.sqrt(1.0 + energy / self.depth))


@dataclass(frozen=True)
class TwoWells:
    r"""The well ``sharp`` for x < 0 and the well ``flat`` for x >= 0, with the barrier $U(0) = 0$ between them.

    Continuously differentiable in one dimension; the curvature jumps at the barrier and is unbounded far out, so that
    there is no smoothness constant. Points may have any shape.
    """

    sharp: Well
    flat: Well

    def value(self, x: Array) -> Array:
        """Return the loss, of the shape of ``x``."""
        return np.where(x < 0, self.sharp.value(x), self.flat.value(x))

    def gradient(self, x: Array) -> Array:
        """Return the slope, of the shape of ``x``; points on one side alone cost half."""
        left = x < 0
        if left.all():
            return self.sharp.gradient(x)
        return np.where(left, self.sharp.gradient(x), self.flat.gradient(x))

    @property
    def minima(self) -> tuple[float, float]:
        """The minima, the sharp one first; the loss there is minus the depth of the well."""
        return -self.sharp.width, self.flat.width

    def ends(self, energy: float) -> tuple[float, float]:
        """Return the two outermost points at which the loss is ``energy``, the left one first."""
        return -self.sharp.radius(energy), self.flat.radius(energy)
