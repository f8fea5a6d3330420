"""Momentum on an average of the gradients: Adam without its denominator."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Average(NamedTuple):
    """The number of gradients seen and their running average."""

    step: int
    mean: Array


@dataclass(frozen=True, eq=False)
class AveragedGradient:
    r"""$x_t = x_{t-1} - \eta\,\hat m_t$ with $m_t = \beta_1 m_{t-1} + (1-\beta_1)\,g_t$ from $m_0 = 0$.

    Corrected, $\hat m_t = m_t/(1-\beta_1^t)$, the first gradient being $t = 1$; uncorrected, $\hat m_t = m_t$.
    ``first_decay`` is $\beta_1$, a number or an array that broadcasts against points of shape ``(..., d)``, as the
    learning rate does.
    """

    first_decay: Array | float
    bias_correction: bool

    def init(self, x: Array) -> Average:
        """Return the state before the first step: no gradient seen, the average zero."""
        return Average(0, np.zeros_like(x))

    def update(self, x: Array, gradient: Array, state: Average, learning_rate: Array | float) -> tuple[Array, Average]:
        """Return the next point and the next state."""
        step = state.step + 1
        mean = self.first_decay * state.mean + (1 - self.first_decay) * gradient
        direction = mean / (1 - self.first_decay**step) if self.bias_correction else mean
        return x - learning_rate * direction, Average(step, mean)
