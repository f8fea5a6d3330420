"""Thresholds by bisection, many at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Predicate = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def bisect(
    beyond: Predicate, low: ArrayLike, high: ArrayLike, *, halvings: int, geometric: bool = False
) -> NDArray[np.float64]:
    """Return the point where ``beyond`` turns from false to true: the middle of the last bracket.

    ``beyond`` maps points of shape ``(cells,)`` to truth values of that shape; each cell is bisected on its
    own, all in one call per halving. It must be true for a diverged run, NaN and overflow included. The
    width of the last bracket is ``(high - low) / 2**halvings``; with ``geometric`` the same in the logarithm.
    """
    low, high = (np.array(end, dtype=float) for end in np.broadcast_arrays(low, high))
    low, high = np.atleast_1d(low), np.atleast_1d(high)
    middle = (lambda a, b: np.sqrt(a * b)) if geometric else (lambda a, b: 0.5 * (a + b))
    for _ in range(halvings):
        point = middle(low, high)
        is_beyond = beyond(point)
        low, high = np.where(is_beyond, low, point), np.where(is_beyond, point, high)
    return middle(low, high)
