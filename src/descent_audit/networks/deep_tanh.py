r"""A network of two hidden tanh layers on the line, $f(x) = w_3\cdot\tanh(W_2\tanh(w_1x + b_1) + b_2) + b_3$.

Parameters are one array ``(..., p)``, in the order $w_1, b_1$ ``(m_1)``, $W_2$ ``(m_2, m_1)`` row by row, $b_2, w_3$
``(m_2)``, $b_3$; leading axes are replicas. They may be complex: every function is analytic in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

Array = NDArray[np.float64]


class Layers(NamedTuple):
    r"""Parameters by layer: $w_1, b_1$ ``(..., m_1)``, $W_2$ ``(..., m_2, m_1)``, $b_2, w_3$ ``(..., m_2)``, $b_3$."""

    slopes: Array
    biases: Array
    weights: Array
    inner_biases: Array
    heads: Array
    offset: Array


@dataclass(frozen=True)
class DeepTanhNetwork:
    """The network with ``first_width`` $m_1$ and ``second_width`` $m_2$ units in its hidden layers."""

    first_width: int
    second_width: int

    @property
    def parameters(self) -> int:
        """The number of parameters, $p = 2m_1 + m_1m_2 + 2m_2 + 1$."""
        return 2 * self.first_width + self.first_width * self.second_width + self.output_parameters + self.second_width

    @property
    def output_parameters(self) -> int:
        """The number of those of the output layer, $w_3$ and $b_3$, which are the last: $m_2 + 1$."""
        return self.second_width + 1

    def layers(self, parameters: Array) -> Layers:
        """Return views of the parts."""
        first, second = self.first_width, self.second_width
        ends = np.cumsum([first, first, first * second, second, second])
        slopes, biases, weights, inner, heads, offset = np.split(parameters, ends, axis=-1)
        return Layers(slopes, biases, weights.reshape(*weights.shape[:-1], second, first), inner, heads, offset[..., 0])

    def outputs(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs ``(..., n)`` at the inputs ``(n,)``."""
        parts = self.layers(parameters)
        return _outputs(parts, _hidden(parts, inputs)[1])

    def outputs_and_jacobian(self, parameters: Array, inputs: Array) -> tuple[Array, Array]:
        r"""Return the outputs ``(..., n)`` and their derivatives by the parameters ``(..., p, n)``.

        With $h = \tanh(w_1x + b_1)$ and $k = \tanh(W_2h + b_2)$: $\partial f/\partial b_2 = w_3\odot(1 - k^2)$,
        $\partial f/\partial b_1 = (W_2^\top\,\partial f/\partial b_2)\odot(1 - h^2)$, times $x$ for $w_1$;
        $\partial f/\partial W_2$ is the outer product of $\partial f/\partial b_2$ and $h$.
        """
        parts = self.layers(parameters)
        hidden, inner = _hidden(parts, inputs)
        by_inner = parts.heads[..., None] * (1.0 - inner * inner)
        by_bias = (np.swapaxes(parts.weights, -1, -2) @ by_inner) * (1.0 - hidden * hidden)
        by_weights = by_inner[..., :, None, :] * hidden[..., None, :, :]
        by_weights = by_weights.reshape(*by_inner.shape[:-2], self.first_width * self.second_width, len(inputs))
        ones = np.ones((*by_inner.shape[:-2], 1, len(inputs)))
        jacobian = np.concatenate([by_bias * inputs, by_bias, by_weights, by_inner, inner, ones], axis=-2)
        return _outputs(parts, inner), jacobian

    def symmetry(self, first: Array, second: Array) -> Array:
        r"""Return the matrix ``(p, p)`` of a change of the hidden units that leaves the function as it is.

        $(w_1, b_1, W_2, b_2, w_3) \to (Pw_1, Pb_1, QW_2P^\top, Qb_2, Qw_3)$ for signed permutation matrices ``first``
        $P$ and ``second`` $Q$, since tanh is odd. Source: Chen et al. (1993).
        """
        return np.asarray(block_diag(first, first, np.kron(second, first), second, second, np.eye(1)))

    def symmetries(self) -> Iterator[Array]:
        r"""Yield all $m_1!\,2^{m_1}\,m_2!\,2^{m_2}$ of them, the identity first."""
        for first, second in product(signed_permutations(self.first_width), signed_permutations(self.second_width)):
            yield self.symmetry(first, second)

    def involutions(self) -> list[Array]:
        """Return eight symmetries that undo themselves: exchanges of the first two units and signs of the first one.

        An exchange in either layer or in both, a sign in either or in both, and an exchange in one with a sign in the
        other.
        """
        first, second = (
            (np.eye(width), exchange(width), sign_change(width)) for width in (self.first_width, self.second_width)
        )
        return [self.symmetry(*pair) for pair in product(first, second)][1:]


def signed_permutations(width: int) -> Iterator[Array]:
    r"""Yield all $m!\,2^m$ permutation matrices ``(m, m)`` with signs, the identity first."""
    for order, signs in product(permutations(range(width)), product((1.0, -1.0), repeat=width)):
        yield np.array(signs)[:, None] * np.eye(width)[list(order)]


def exchange(width: int) -> Array:
    """Return the permutation matrix ``(m, m)`` that exchanges the first two units."""
    matrix = np.eye(width)
    matrix[:2] = matrix[1::-1]
    return matrix


def sign_change(width: int) -> Array:
    """Return the diagonal matrix ``(m, m)`` that changes the sign of the first unit."""
    matrix = np.eye(width)
    matrix[0, 0] = -1.0
    return matrix


def _hidden(parts: Layers, inputs: Array) -> tuple[Array, Array]:
    """Return the units of the first layer ``(..., m_1, n)`` and of the second ``(..., m_2, n)``."""
    hidden = np.tanh(parts.slopes[..., None] * inputs + parts.biases[..., None])
    return hidden, np.tanh(parts.weights @ hidden + parts.inner_biases[..., None])


def _outputs(parts: Layers, inner: Array) -> Array:
    return (parts.heads[..., None, :] @ inner)[..., 0, :] + parts.offset[..., None]
