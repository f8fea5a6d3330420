"""Gradient descent (Cauchy 1847)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GradientDescent:
    r"""$x_{k+1} = x_k - \eta\,\nabla f(x_k)$.

    Arrays are of shape ``(..., d)``; leading axes are replicas. The learning rate is a number or an array that
    broadcasts against them, so that a scan over rates is one run.
    """

    def init(self, x: Array) -> None:
        """Return the state before the first step: there is none."""

    def update(self, x: Array, gradient: Array, state: None, learning_rate: Array | float) -> tuple[Array, None]:
        """Return the next point and the next state."""
        return x - learning_rate * gradient, None
