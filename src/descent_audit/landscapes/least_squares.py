"""The squared error of a linear model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeastSquares:
    r"""$f(\theta) = \frac cn \|X\theta - y\|^2$ with ``factor`` $c$, one half or one by convention.

    ``inputs`` is $X$, of shape ``(n, d)``, ``targets`` is $y$, of shape ``(n,)``; points are of shape ``(..., d)``.
    """

    inputs: Array
    targets: Array
    factor: float = 0.5

    def value(self, theta: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        residual = self._residual(theta)
        return self.factor / len(self.targets) * np.sum(residual * residual, axis=-1)

    def gradient(self, theta: Array) -> Array:
        r"""Return $\frac{2c}n X^\top(X\theta - y)$, of the shape of ``theta``."""
        return 2.0 * self.factor / len(self.targets) * (self._residual(theta) @ self.inputs)

    @property
    def smoothness(self) -> float:
        r"""$L = \frac{2c}n\lambda_{\max}(X^\top X)$."""
        return 2.0 * self.factor / len(self.targets) * float(np.linalg.eigvalsh(self.inputs.T @ self.inputs)[-1])

    @property
    def minimizer(self) -> Array:
        r"""The solution of smallest norm of $X^\top X\theta = X^\top y$, of shape ``(d,)``."""
        return np.asarray(np.linalg.lstsq(self.inputs, self.targets, rcond=None)[0], dtype=float)

    def _residual(self, theta: Array) -> Array:
        return theta @ self.inputs.T - self.targets
