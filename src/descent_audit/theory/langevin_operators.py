r"""Numerically exact references of noisy descent in one dimension, $x' = x - \eta U'(x) + \sqrt{2\eta T}\,\xi$.

The discrete chain itself is solved, never its limit of small steps: its transition operator is replaced by its values
at Gauss-Legendre nodes (Nyström 1930), which converges geometrically because the kernel is a smooth bell. An operator
ends at the outer points of its breaks: what steps beyond them is absorbed. Far out this is a cut that nothing reaches;
at a target it makes the first passage. Every function of a start takes a number or an array of shape ``(starts,)``.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
PANEL = 1.6
"""Longest panel in units of the noise of one step, with ``NODES`` nodes each."""
NODES = 12
FINER_PANEL = 1.2
"""The same of the finer operator that checks convergence, with ``FINER_NODES`` nodes each."""
FINER_NODES = 16
CUT = 42.0
"""Energy in units of the temperature at which a domain may be cut: the stationary density there is below 1e-18."""
NEGLIGIBLE = 1e-150
"""What is less is zero in kernels and operators. A product of two such numbers falls below the smallest normal one,
2e-308, and a processor takes up to a hundred times longer over those."""


@dataclass(frozen=True)
class LangevinChain:
    r"""The chain $x' = x - \eta U'(x) + \sigma\xi$ with $\sigma = \sqrt{2\eta T}$ and $\xi \sim N(0, 1)$.

    ``gradient`` is $U'$, ``learning_rate`` $\eta$ and ``temperature`` $T > 0$.
    """

    gradient: Callable[[Array], Array]
    learning_rate: float
    temperature: float

    @property
    def noise(self) -> float:
        r"""$\sigma = \sqrt{2\eta T}$, the standard deviation of one step."""
        return math.sqrt(2 * self.learning_rate * self.temperature)

    def density(self, start: ArrayLike, end: Array) -> Array:
        r"""Return $p(y|x) = N(y;\,x - \eta U'(x),\,\sigma^2)$ of shape ``(*start, ends)``."""
        x = np.asarray(start, dtype=float)
        mean = x - self.learning_rate * self.gradient(x)
        exponent = (end - mean[..., None]) / self.noise
        exponent *= -0.5 * exponent
        np.maximum(exponent, math.log(NEGLIGIBLE) - 1.0, out=exponent)
        bell = _without_negligible(np.exp(exponent, out=exponent))
        bell /= self.noise * math.sqrt(2 * math.pi)
        return bell


@dataclass(frozen=True, eq=False)
class TransitionOperator:
    r"""$K_{ij} = p(x_j|x_i)\,w_j$ at the nodes of a quadrature: $(Kf)_i = E[f(x')\,;\,x'\ \text{inside}\ |\ x_i]$.

    ``nodes`` and ``weights`` are of shape ``(nodes,)``, ``matrix`` is ``(nodes, nodes)``.
    """

    chain: LangevinChain
    nodes: Array
    weights: Array
    matrix: Array

    def row(self, start: ArrayLike) -> Array:
        """Return $k_j = p(x_j|x_0) w_j$ of shape ``(*start, nodes)``: the kernel itself interpolates to any start."""
        return self.chain.density(start, self.nodes) * self.weights


def _without_negligible(entries: Array) -> Array:
    """Set what is ``NEGLIGIBLE`` to zero, in place, and return the array; no entry may be below zero."""
    entries[entries < NEGLIGIBLE] = 0.0
    return entries


def composite_gauss(breaks: Sequence[float], longest: float, order: int) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Legendre quadrature on panels, each of shape ``(panels * order,)``.

    Every interval between neighbouring ``breaks`` is cut into equal panels no longer than ``longest``.
    """
    x, w = _gauss(order)
    nodes, weights = [], []
    for left, right in pairwise(breaks):
        panels = max(1, math.ceil((right - left) / longest))
        half = 0.5 * (right - left) / panels
        centres = left + half * (2 * np.arange(panels) + 1)
        nodes.append((centres[:, None] + half * x).ravel())
        weights.append(np.tile(half * w, panels))
    return np.concatenate(nodes), np.concatenate(weights)


@lru_cache(maxsize=16)
def _gauss(order: int) -> tuple[Array, Array]:
    """Return nodes and weights on [-1, 1], each of shape ``(order,)``: they are found by iteration, once."""
    return np.polynomial.legendre.leggauss(order)


def transition_operator(
    chain: LangevinChain, breaks: Sequence[float], *, panel: float = PANEL, order: int = NODES
) -> TransitionOperator:
    """Return the operator between the outer points of ``breaks``.

    Inner breaks belong where the slope is not smooth and where a function that is averaged jumps. ``panel`` is the
    longest panel in units of the noise, ``order`` the number of nodes in each.
    """
    nodes, weights = composite_gauss(breaks, panel * chain.noise, order)
    return TransitionOperator(chain, nodes, weights, chain.density(nodes, nodes) * weights)


def expectation(operator: TransitionOperator, start: ArrayLike, steps: int, values: Array) -> Array:
    r"""Return $E[f(x_N)\,;\,\text{never outside}\ |\ x_0] = k^\top K^{N-1} f$ of the shape of ``start``.

    ``values`` is f at the nodes, ``steps`` is N >= 1.
    """
    return operator.row(start) @ power_product(operator.matrix, values, steps - 1)


def survival(operator: TransitionOperator, start: ArrayLike, steps: int) -> Array:
    r"""Return $P(\text{inside at steps}\ 1, \ldots, N) = k^\top K^{N-1}\mathbf 1$ of the shape of ``start``."""
    return expectation(operator, start, steps, np.ones_like(operator.nodes))


def share_above(operator: TransitionOperator, start: ArrayLike, steps: int, threshold: float) -> Array:
    r"""Return $P(x_N > c)$ of the shape of ``start``; the threshold c has to be among the breaks."""
    return expectation(operator, start, steps, (operator.nodes > threshold).astype(float))


def final_law(operator: TransitionOperator, start: float, steps: int) -> Array:
    r"""Return the law of $x_N$ as masses at the nodes, $k^\top K^{N-1}$ of shape ``(nodes,)``.

    A mean over it is a sum over the nodes; the density at a node is its mass over its weight.
    """
    return power_product(operator.matrix.T, operator.row(start), steps - 1)


def passage_moments(operator: TransitionOperator, start: ArrayLike) -> tuple[Array, Array]:
    r"""Return mean and variance of the first step $\tau$ outside, in steps, each of the shape of ``start``.

    $(I - K)\,t_1 = \mathbf 1$ and $(I - K)\,t_2 = \mathbf 1 + 2Kt_1$ hold the first two moments at the nodes;
    $E\tau = 1 + k^\top t_1$ and $E\tau^2 = 1 + 2k^\top t_1 + k^\top t_2$ (Kemeny and Snell 1960, chapter 3).
    """
    matrix, row = operator.matrix, operator.row(start)
    outflow = np.eye(len(matrix)) - matrix
    first = np.linalg.solve(outflow, np.ones(len(matrix)))
    second = np.linalg.solve(outflow, 1.0 + 2.0 * (matrix @ first))
    mean = 1.0 + row @ first
    return mean, 1.0 + 2.0 * (row @ first) + row @ second - mean * mean


def renewal_moments(operator: TransitionOperator, start: float, steps: int) -> tuple[float, float]:
    r"""Return mean and variance of the number of passages in N steps, each followed by a return to the start.

    A passage is a step outside; it puts the walker back at once. With $q_i = 1 - \sum_j K_{ij}$ the mean number c and
    the mean square s in the remaining steps follow from those in one step less,

    $$c' = Kc + q\,(1 + c_0), \qquad s' = Ks + q\,(1 + 2c_0 + s_0),$$

    at the nodes and, with the start's own row, for the start ($c_0$, $s_0$); all are 0 where no step remains. The
    variance is $s_0 - c_0^2$: passages of one walker are not independent, since each waits for the one before.
    """
    matrix, row = operator.matrix, operator.row(start)
    outflow, outflow_at_start = 1.0 - matrix.sum(axis=1), float(1.0 - row.sum())
    count, square = np.zeros((2, len(row)))
    count_at_start = square_at_start = 0.0
    for _ in range(steps):
        counted, squared = 1.0 + count_at_start, 1.0 + 2.0 * count_at_start + square_at_start
        count_at_start = float(row @ count) + outflow_at_start * counted
        square_at_start = float(row @ square) + outflow_at_start * squared
        count, square = matrix @ count + outflow * counted, matrix @ square + outflow * squared
    return count_at_start, square_at_start - count_at_start**2


def power_product(matrix: Array, vector: Array, count: int) -> Array:
    r"""Return $K^n v$ of a kernel without negative entries: by squares of K while n is large, then step by step.

    A square takes the time of about ``len(matrix) / 4`` steps and saves half of those that are left.
    """
    while 2 * count > len(matrix):
        if count & 1:
            vector = matrix @ vector
        matrix, count = _without_negligible(matrix @ matrix), count >> 1
    for _ in range(count):
        vector = matrix @ vector
    return vector


def refinement_change(
    quantity: Callable[[TransitionOperator], ArrayLike], chain: LangevinChain, breaks: Sequence[float]
) -> float:
    """Return the largest relative change of a quantity from the default operator to the finer one.

    This is the reference's own error estimate: the finer operator has shorter panels with more nodes.
    """
    coarse = np.asarray(quantity(transition_operator(chain, breaks)))
    fine = np.asarray(quantity(transition_operator(chain, breaks, panel=FINER_PANEL, order=FINER_NODES)))
    return float(np.max(np.abs(coarse / fine - 1.0)))
