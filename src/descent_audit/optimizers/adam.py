"""Adam, with and without its correction of the start (Kingma and Ba 2015)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Moments(NamedTuple):
    """The number of gradients seen, and the running averages of them and of their squares."""

    step: int
    mean: Array
    square: Array


@dataclass(frozen=True, eq=False)
class Adam:
    r"""$x_t = x_{t-1} - \eta\,\hat m_t/(\sqrt{\hat v_t} + \epsilon)$, the first gradient being $t = 1$.

    $m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t$ and $v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2$ from $m_0 = v_0 = 0$.
    Corrected, $\hat m_t = m_t/(1-\beta_1^t)$ and $\hat v_t = v_t/(1-\beta_2^t)$; uncorrected, $m_t$ and $v_t$
    themselves. ``first_decay`` is $\beta_1$, ``second_decay`` is $\beta_2$; both, $\epsilon$ and the learning rate
    are numbers or arrays that broadcast against points of shape ``(..., d)``. $\epsilon$ stands outside the root.
    """

    first_decay: Array | float
    second_decay: Array | float
    epsilon: Array | float
    bias_correction: bool

    def init(self, x: Array) -> Moments:
        """Return the state before the first step: no gradient seen, both averages zero."""
        return Moments(0, np.zeros_like(x), np.zeros_like(x))

    def update(self, x: Array, gradient: Array, state: Moments, learning_rate: Array | float) -> tuple[Array, Moments]:
        """Return the next point and the next state."""
        step = state.step + 1
        mean = self.first_decay * state.mean + (1 - self.first_decay) * gradient
        square = self.second_decay * state.square + (1 - self.second_decay) * gradient**2
        moments = Moments(step, mean, square)
        if self.bias_correction:
            mean = mean / (1 - self.first_decay**step)
            square = square / (1 - self.second_decay**step)
        return x - learning_rate * mean / (np.sqrt(square) + self.epsilon), moments
