"""The smallest deep model: a product of two weights that must equal a number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Factorization:
    r"""$f(a, b) = \tfrac12 (ab - y)^2$, minimal on the hyperbola $ab = y$, with a saddle at the origin.

    Points are of shape ``(..., 2)``; ``target`` is $y > 0$. There is no global $L$: the curvature grows with the
    weights.
    """

    target: float = 1.0

    def residual(self, x: Array) -> Array:
        """Return $e = ab - y$, of shape ``(...)``."""
        return x[..., 0] * x[..., 1] - self.target

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return 0.5 * self.residual(x) ** 2

    def gradient(self, x: Array) -> Array:
        """Return $(eb, ea)$, of the shape of ``x``; equal weights get equal gradients to the last bit."""
        return self.residual(x)[..., None] * x[..., ::-1]

    def hessian(self, x: Array) -> Array:
        """Return the matrix with the diagonal $(b^2, a^2)$ and $2ab - y$ beside it, of shape ``(..., 2, 2)``."""
        a, b = x[..., 0], x[..., 1]
        mixed = 2.0 * a * b - self.target
        return np.stack([np.stack([b * b, mixed], axis=-1), np.stack([mixed, a * a], axis=-1)], axis=-2)

    def balanced_curvature(self, w: Array | float) -> Array:
        r"""Return the largest Hessian eigenvalue at $a = b = w$: $w^2 + |2w^2 - y|$.

        This is $3w^2 - y$ for $w^2 \ge y/2$ and $y - w^2$ for smaller weights; at the minimum it is $2y$.
        """
        square = np.asarray(w, dtype=float) ** 2
        return square + np.abs(2.0 * square - self.target)

    def minimum_curvature(self, imbalance: Array | float) -> Array:
        r"""Return the largest Hessian eigenvalue at a minimum with $D = a^2 - b^2$: $\sqrt{D^2 + 4y^2}$."""
        return np.hypot(imbalance, 2.0 * self.target)

    def balanced_divergence_rate(self, w: float) -> float:
        r"""Return the constant rate beyond which gradient descent from $a = b = w$, $w^2 > 3y$, diverges.

        On the line $w' = w\,(1 - \eta(w^2 - y))$: where $\eta(w^2 - y) > 2$ every step expands, otherwise $|w|$ falls
        until the minimum decides, $\eta < 1/y$. The threshold is $2/(w^2 - y)$.
        """
        return 2.0 / (w * w - self.target)
