"""How many steps a run takes to a given accuracy."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
BLOCK = 512
"""Steps that are looked at together: the norm of a block costs little more than the norm of one point."""


def blocks(path: Iterator[Array], size: int = BLOCK) -> Iterator[Array]:
    """Yield the points of a run in arrays of shape ``(steps, ..., d)`` with at most ``size`` steps each."""
    while points := list(islice(path, size)):
        yield np.stack(points)


def first_within(path: Iterator[Array], radius: ArrayLike, cells: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the first step at which each cell has a norm of at most ``radius``, of shape ``cells``.

    ``path`` yields points of shape ``(*cells, d)`` from step 1 on; it is followed until every cell is there. A cell
    that never is counts one step more than the run has.
    """
    counts, done = np.zeros(cells, dtype=np.int64), 0
    for block in blocks(path):
        inside = np.linalg.norm(block, axis=-1) <= radius
        here = np.where(inside.any(axis=0), done + 1 + inside.argmax(axis=0), 0)
        counts, done = np.where(counts > 0, counts, here), done + len(block)
        if counts.all():
            break
    return np.where(counts > 0, counts, done + 1)
