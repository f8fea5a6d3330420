"""Gradient descent on a preconditioned gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PreconditionedDescent:
    r"""$x_{k+1} = x_k - \eta\,P\,\nabla f(x_k)$; with $P = (\nabla^2 f)^{-1}$ and $\eta = 1$ it is Newton's method.

    ``precondition`` maps a gradient of shape ``(..., d)`` to $P\,\nabla f$ of the same shape; a function and not a
    matrix, so that $P$ may be diagonal, solved for, or never formed.
    """

    precondition: Callable[[Array], Array]

    def init(self, x: Array) -> None:
        """Return the state before the first step: there is none."""

    def update(self, x: Array, gradient: Array, state: None, learning_rate: Array | float) -> tuple[Array, None]:
        """Return the next point and the next state."""
        return x - learning_rate * self.precondition(gradient), None
