"""Gradient descent with momentum: the heavy ball (Polyak 1964)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeavyBall:
    r"""$v_{k+1} = \beta v_k - \eta\,\nabla f(x_k)$, $x_{k+1} = x_k + v_{k+1}$, from rest: $v_0 = 0$.

    ``momentum`` is $\beta$, a number or an array that broadcasts against points of shape ``(..., d)``, as the
    learning rate does; the state is the velocity $v$, of the shape of the points.
    """

    momentum: Array | float

    def init(self, x: Array) -> Array:
        """Return the velocity before the first step, of the shape of ``x``."""
        return np.zeros_like(x)

    def update(self, x: Array, gradient: Array, state: Array, learning_rate: Array | float) -> tuple[Array, Array]:
        """Return the next point and the next velocity."""
        velocity = self.momentum * state - learning_rate * gradient
        return x + velocity, velocity
