"""The squared error of one tanh unit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TanhRegression:
    r"""$f(\theta) = \frac1n\sum_i \ell_i$ with $\ell_i = \tfrac12(\tanh(x_i\cdot\theta) - y_i)^2$.

    ``inputs`` ``(..., d, n)`` hold the samples $x_i$ in columns, ``targets`` are $y$ ``(..., n)``, points are of shape
    ``(..., d)``; leading axes are replicas, each with data of its own. The number of a sample is computed the same way
    wherever it stands: no digit of it depends on the order of the samples.
    """

    inputs: Array
    targets: Array

    def value(self, theta: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return 0.5 * np.mean((self._outputs(theta) - self.targets) ** 2, axis=-1)

    def sample_gradients(self, theta: Array) -> Array:
        r"""Return $g_i = (t_i - y_i)(1 - t_i^2)\,x_i$ with $t_i = \tanh(x_i\cdot\theta)$, of shape ``(..., d, n)``."""
        outputs = self._outputs(theta)
        slopes = (outputs - self.targets) * (1.0 - outputs * outputs)
        return slopes[..., None, :] * self.inputs

    def gradient(self, theta: Array) -> Array:
        r"""Return $\frac1n\sum_i g_i$, of the shape of ``theta``."""
        return np.asarray(np.sum(self.sample_gradients(theta), axis=-1) / self.targets.shape[-1])

    def batch(self, indices: NDArray[np.int_]) -> "TanhRegression":
        """Return the loss on the samples of ``indices`` ``(..., m)``, in their order."""
        return TanhRegression(_taken(self.inputs, indices[..., None, :]), _taken(self.targets, indices))

    def _outputs(self, theta: Array) -> Array:
        return np.tanh(np.sum(self.inputs * theta[..., None], axis=-2))


def _taken(values: Array, indices: NDArray[np.int_]) -> Array:
    """Return what ``np.take_along_axis`` takes along the last axis, in a third of its time: one index per number."""
    starts = values.shape[-1] * np.arange(values.size // values.shape[-1]).reshape(*values.shape[:-1], 1)
    return values.reshape(-1).take(starts + indices)
