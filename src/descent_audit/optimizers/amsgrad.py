"""AMSGrad: Adam whose denominators never decrease (Reddi, Kale and Kumar 2018)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Moments(NamedTuple):
    """The running averages of the gradients and of their squares, and the largest that the latter has been."""

    mean: Array
    square: Array
    largest: Array


@dataclass(frozen=True, eq=False)
class AMSGrad:
    r"""$x_t = x_{t-1} - \eta\,m_t/(\sqrt{\max_{s\le t} v_s} + \epsilon)$, without correction of the start.

    $m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t$ and $v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2$ from $m_0 = v_0 = 0$.
    ``first_decay`` is $\beta_1$, ``second_decay`` is $\beta_2$; both, $\epsilon$ and the learning rate are numbers or
    arrays that broadcast against points of shape ``(..., d)``.
    """

    first_decay: Array | float
    second_decay: Array | float
    epsilon: Array | float

    def init(self, x: Array) -> Moments:
        """Return the state before the first step: all zero."""
        return Moments(np.zeros_like(x), np.zeros_like(x), np.zeros_like(x))

    def update(self, x: Array, gradient: Array, state: Moments, learning_rate: Array | float) -> tuple[Array, Moments]:
        """Return the next point and the next state."""
        mean = self.first_decay * state.mean + (1 - self.first_decay) * gradient
        square = self.second_decay * state.square + (1 - self.second_decay) * gradient**2
        largest = np.maximum(state.largest, square)
        return x - learning_rate * mean / (np.sqrt(largest) + self.epsilon), Moments(mean, square, largest)
