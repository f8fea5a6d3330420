"""RMSProp: each coordinate over the root mean square of its own gradients (Tieleman and Hinton 2012)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RMSProp:
    r"""$x_t = x_{t-1} - \eta\,g_t/(\sqrt{v_t} + \epsilon)$ with $v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2$.

    ``second_decay`` is $\beta_2$; like $\epsilon$ and the learning rate it is a number or an array that broadcasts
    against points of shape ``(..., d)``. The state is the mean square $v$, at first 0. With $\epsilon = 0$ a gradient
    that has always been zero divides zero by zero.
    """

    second_decay: Array | float
    epsilon: Array | float

    def init(self, x: Array) -> Array:
        """Return the mean square before the first step, of the shape of ``x``."""
        return np.zeros_like(x)

    def update(self, x: Array, gradient: Array, state: Array, learning_rate: Array | float) -> tuple[Array, Array]:
        """Return the next point and the next mean square."""
        square = self.second_decay * state + (1 - self.second_decay) * gradient**2
        return x - learning_rate * gradient / (np.sqrt(square) + self.epsilon), square
