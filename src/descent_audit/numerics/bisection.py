"""Thresholds by bisection, many at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Predicate = Callable[[Array], NDArray[np.bool_]]


def bisect(
    beyond: Predicate, low: ArrayLike, high: ArrayLike, *, halvings: int, geometric: bool = False, levels: int = 1
) -> Array:
    """Return the point where ``beyond`` turns from false to true: the middle of the last bracket.

    ``beyond`` maps points of shape ``(cells,)`` to truth values of that shape; each cell is bisected on its
    own, all in one call per halving. It must be true for a diverged run, NaN and overflow included. The
    width of the last bracket is ``(high - low) / 2**halvings``; with ``geometric`` the same in the logarithm.

    With ``levels`` above 1 one call decides so many halvings: it is given all ``2**levels - 1`` points at which they
    can ask, of shape ``(points, cells)``. The result is the same to the last bit; it is reached sooner where a call
    with many points costs little more than one with few.
    """
    low, high = (np.array(end, dtype=float) for end in np.broadcast_arrays(low, high))
    low, high = np.atleast_1d(low), np.atleast_1d(high)
    for done in range(0, halvings, levels):
        edges = _edges(low, high, min(levels, halvings - done), geometric)
        answers = np.atleast_2d(beyond(edges[1]) if levels == 1 else beyond(edges[1:-1]))
        low, high = _last_bracket(np.broadcast_to(edges, (len(edges), answers.shape[1])), answers)
    return _middle(low, high, geometric)


def _edges(low: Array, high: Array, levels: int, geometric: bool) -> Array:
    """Return the ends of all brackets after ``levels`` halvings in order, of shape ``(2**levels + 1, cells)``."""
    edges = np.stack([low, high])
    for _ in range(levels):
        finer = np.empty((2 * len(edges) - 1, *edges.shape[1:]))
        finer[::2], finer[1::2] = edges, _middle(edges[:-1], edges[1:], geometric)
        edges = finer
    return edges


def _last_bracket(edges: Array, answers: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the bracket to which the halvings lead, given the answer at every inner edge."""
    cells, width = np.arange(edges.shape[1]), len(edges) - 1
    first = np.zeros(len(cells), dtype=int)
    while width > 1:
        width //= 2
        first = np.where(answers[first + width - 1, cells], first, first + width)
    return edges[first, cells], edges[first + 1, cells]


def _middle(low: Array, high: Array, geometric: bool) -> Array:
    return np.sqrt(low * high) if geometric else 0.5 * (low + high)
