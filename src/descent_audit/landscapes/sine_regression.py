"""Regression on a sine of unknown frequency: one parameter, many local minima."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SineRegression:
    r"""$f(\theta) = \tfrac1n \sum_i \tfrac12 (\sin\theta x_i - y_i)^2$.

    ``inputs`` are $x_i$ and ``labels`` $y_i$. Points may have any shape; what belongs to single samples has one more
    axis at the end.
    """

    inputs: tuple[float, ...]
    labels: tuple[float, ...]

    def value(self, theta: ArrayLike) -> Array:
        """Return the loss, of the shape of ``theta``."""
        residual = np.sin(np.asarray(theta, dtype=float)[..., None] * np.array(self.inputs)) - self.labels
        return 0.5 * np.mean(residual**2, axis=-1)

    def sample_gradients(self, theta: ArrayLike) -> Array:
        """Return the gradient of each sample's loss, of shape ``(*theta, samples)``."""
        return sine_gradients(np.asarray(theta, dtype=float)[..., None], np.array(self.inputs), np.array(self.labels))

    def gradient(self, theta: ArrayLike) -> Array:
        """Return the gradient of the loss, of the shape of ``theta``."""
        return self.sample_gradients(theta).mean(axis=-1)

    @property
    def sample_smoothness(self) -> float:
        r"""A bound on the samples' curvatures: $|x^2(\cos 2\theta x + y\sin\theta x)| \le x^2(1 + |y|)$."""
        return float(np.max(np.square(self.inputs) * (1.0 + np.abs(self.labels))))

    def basin(self, near: float, ends: tuple[float, float], spacing: float) -> tuple[float, float, float]:
        """Return the local minimum nearest to ``near`` between the maxima on its left and on its right.

        Stationary points are looked for between ``ends`` on a grid and then bisected to the last digits. Raises
        ``ValueError`` where there is no such minimum.
        """
        grid = np.linspace(*ends, round((ends[1] - ends[0]) / spacing) + 1)
        slope = self.gradient(grid)
        change = np.flatnonzero((slope[:-1] < 0) != (slope[1:] < 0))
        rising = slope[change] < 0
        points = bisect(lambda x: (self.gradient(x) > 0) == rising, grid[change], grid[change + 1], halvings=50)
        inner = [index for index in range(1, len(points) - 1) if rising[index]]
        if not inner:
            raise ValueError(f"no local minimum with a maximum on either side in {ends}")
        nearest = min(inner, key=lambda index: abs(points[index] - near))
        return float(points[nearest - 1]), float(points[nearest]), float(points[nearest + 1])


def sine_gradients(theta: Array, inputs: Array, labels: Array) -> Array:
    r"""Return $(\sin\theta x - y)\,x\cos\theta x$, in the common shape of the arguments."""
    angle = theta * inputs
    return (np.sin(angle) - labels) * (inputs * np.cos(angle))
