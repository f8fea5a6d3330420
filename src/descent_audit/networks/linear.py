r"""Deep linear networks $f(x) = W_L \cdots W_1 x$, their squared loss and ways to start them, batched over replicas.

The parameters of a network are one array ``(..., p)``, its matrices $W_1, \dots, W_L$ row by row; leading axes are
replicas. Inputs and labels hold samples in columns: ``(..., d, n)`` and ``(..., k, n)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate, pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient
from descent_audit.landscapes.quadratic import random_orthogonal

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinearNetwork:
    r"""Layers $W_l \in \mathbb R^{d_l \times d_{l-1}}$ between the dimensions $d_0 = d, d_1, \dots, d_L = k$.

    With ``tanh_between`` a hyperbolic tangent stands between the layers, and the network is linear no more.
    """

    dimensions: tuple[int, ...]
    tanh_between: bool = False

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of the matrices, the first layer's first."""
        return [(rows, columns) for columns, rows in pairwise(self.dimensions)]

    @property
    def parameters(self) -> int:
        r"""The number of weights, $p = \sum_l d_l d_{l-1}$."""
        return sum(rows * columns for rows, columns in self.shapes)

    @cached_property
    def _parts(self) -> list[tuple[slice, tuple[int, int]]]:
        """Which weights each matrix has, and its shape: training looks for them at every step."""
        ends = list(accumulate((rows * columns for rows, columns in self.shapes), initial=0))
        return [(slice(*of), shape) for of, shape in zip(pairwise(ends), self.shapes, strict=True)]

    def matrices(self, weights: Array) -> list[Array]:
        """Return views of the matrices, each of shape ``(..., rows, columns)``."""
        return [weights[..., part].reshape(*weights.shape[:-1], *shape) for part, shape in self._parts]

    def product(self, weights: Array) -> Array:
        r"""Return $W_L \cdots W_1$, of shape ``(..., k, d)``."""
        return reduce(lambda below, matrix: matrix @ below, self.matrices(weights))

    def outputs(self, weights: Array, inputs: Array) -> Array:
        """Return the outputs layer by layer, of shape ``(..., k, n)``."""
        first, *later = self.matrices(weights)
        hidden = first @ inputs
        for matrix in later:
            hidden = matrix @ (np.tanh(hidden) if self.tanh_between else hidden)
        return hidden


@dataclass(frozen=True, eq=False)
class LinearTraining:
    r"""$\mathcal L = \frac1{2n}\|W_L \cdots W_1 X - Y\|_F^2$ as a landscape over the weights of a network.

    ``inputs`` is $X$ and ``labels`` is $Y$; both broadcast against the replicas.
    """

    network: LinearNetwork
    inputs: Array
    labels: Array

    def value(self, weights: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        residual = self.network.outputs(weights, self.inputs) - self.labels
        return 0.5 / self.inputs.shape[-1] * np.sum(residual * residual, axis=(-2, -1))

    @property
    def zero_loss(self) -> Array:
        r"""The loss of the zero predictor, $\mathcal L_0 = \frac1{2n}\|Y\|_F^2$."""
        return 0.5 / self.inputs.shape[-1] * np.sum(self.labels * self.labels, axis=(-2, -1))

    def gradient(self, weights: Array) -> Array:
        r"""Return the gradient by matrix backpropagation, of the shape of ``weights``.

        $H_0 = X$, $H_l = W_l H_{l-1}$; $\Delta_L = \frac1n(H_L - Y)$, $\partial\mathcal L/\partial W_l =
        \Delta_l H_{l-1}^\top$, $\Delta_{l-1} = W_l^\top \Delta_l$: exact for layers with nothing between them.
        """
        matrices = self.network.matrices(weights)
        hidden = [np.asarray(self.inputs)]
        for matrix in matrices:
            hidden.append(matrix @ hidden[-1])
        delta = (hidden.pop() - self.labels) / self.inputs.shape[-1]
        gradients = []
        for matrix, below in zip(reversed(matrices), reversed(hidden), strict=True):
            gradients.append(delta @ _transposed(below))
            delta = _transposed(matrix) @ delta
        return joined(gradients[::-1])


def joined(matrices: Sequence[Array]) -> Array:
    """Return matrices ``(..., rows, columns)``, the first layer's first, as the parameters of one network."""
    return np.concatenate([matrix.reshape(*matrix.shape[:-2], -1) for matrix in matrices], axis=-1)


def singular_values(matrix: Array) -> Array:
    """Return the singular values in descending order, of shape ``(..., min(rows, columns))``."""
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=float)


def gaussian_start(network: LinearNetwork, replicas: int, rng: Generator) -> Array:
    r"""Draw weights $N(0, 1/d_{l-1})$, variance one over the fan-in; of shape ``(replicas, p)``."""
    return joined([rng.standard_normal((replicas, *shape)) / np.sqrt(shape[1]) for shape in network.shapes])


def semi_orthogonal_start(network: LinearNetwork, replicas: int, rng: Generator) -> Array:
    """Draw each matrix as the upper left block of a random orthogonal one of the larger size; ``(replicas, p)``.

    All its singular values are one.
    """
    return joined(
        [
            random_orthogonal(max(rows, columns), rng, (replicas,))[:, :rows, :columns]
            for rows, columns in network.shapes
        ]
    )


def zero_start(network: LinearNetwork, replicas: int) -> Array:
    """Return weights that all vanish, of shape ``(replicas, p)``: a saddle as soon as there are two layers."""
    return np.zeros((replicas, network.parameters))


def balanced_start(strengths: Array, left: Array, right: Array) -> Array:
    r"""Return two layers with $W_2 W_1 = A\,\mathrm{diag}(u)\,B^\top$ and $W_2^\top W_2 = W_1 W_1^\top$.

    $W_1 = \mathrm{diag}(\sqrt u)\,B^\top$, $W_2 = A\,\mathrm{diag}(\sqrt u)$ for ``strengths`` $u$ ``(..., m)``,
    ``left`` $A$ ``(..., k, m)`` and ``right`` $B$ ``(..., d, m)``. Source: Saxe, McClelland and Ganguli (2014).
    """
    root = np.sqrt(strengths)
    return joined([root[..., :, None] * _transposed(right), left * root[..., None, :]])


def difference_gradient(loss: Gradient, points: Array, width: float) -> Array:
    r"""Return the gradient from central differences of a loss, of the shape of ``points`` ``(replicas, p)``.

    Component $j$ is $[\mathcal L(x + \delta e_j) - \mathcal L(x - \delta e_j)]/2\delta$ with $\delta$ = ``width``.
    The loss is given points of shape ``(p, replicas, p)``, one direction after the other.
    """
    shifts = width * np.eye(points.shape[-1])[:, None, :]
    return np.asarray(loss(points + shifts) - loss(points - shifts)).T / (2.0 * width)


def _transposed(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)
