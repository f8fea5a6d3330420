"""Logistic regression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Logistic:
    r"""$f(w) = \frac1n \sum_i \log(1 + e^{-y_i\, w\cdot x_i})$, inputs ``(n, d)``, labels ±1 ``(n,)``.

    $L = \lambda_{\max}(X^\top X)/(4n)$ is an upper bound; it is attained only where all margins vanish.
    """

    inputs: Array
    labels: Array

    def value(self, w: Array) -> Array:
        """Return the loss, of shape ``(...)`` for points of shape ``(..., d)``; no margin overflows."""
        return np.mean(np.logaddexp(0.0, -self._margins(w)), axis=-1)

    def gradient(self, w: Array) -> Array:
        r"""Return $-\frac1n \sum_i y_i\, \sigma(-y_i\, w\cdot x_i)\, x_i$, of the shape of ``w``."""
        return -(self._miss_probability(w) * self.labels) @ self.inputs / len(self.labels)

    def hessian(self, w: Array) -> Array:
        r"""Return $\frac1n X^\top \mathrm{diag}(p(1-p)) X$ at one point, of shape ``(d, d)``."""
        miss = self._miss_probability(w)
        return (self.inputs.T * (miss * (1 - miss))) @ self.inputs / len(self.labels)

    @property
    def smoothness(self) -> float:
        r"""The bound $\lambda_{\max}(X^\top X)/(4n)$."""
        return float(np.linalg.eigvalsh(self.inputs.T @ self.inputs)[-1]) / (4 * len(self.labels))

    def _margins(self, w: Array) -> Array:
        return self.labels * (w @ self.inputs.T)

    def _miss_probability(self, w: Array) -> Array:
        return np.exp(-np.logaddexp(0.0, self._margins(w)))
