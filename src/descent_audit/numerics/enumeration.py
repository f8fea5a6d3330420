"""All batches of a small problem, in pieces: expectations over them are sums without sampling error."""

import math
from collections.abc import Iterator
from itertools import chain, combinations, islice

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int_]
PIECE = 2048
"""Batches in one piece: what a sum holds in memory at a time, whatever their number."""


def subsets(samples: int, batch_size: int) -> Iterator[Indices]:
    r"""Yield all $\binom nm$ batches without replacement, indices ascending, in pieces of shape ``(batches, m)``."""
    indices = chain.from_iterable(combinations(range(samples), batch_size))
    total = math.comb(samples, batch_size)
    for first in range(0, total, PIECE):
        length = min(PIECE, total - first) * batch_size
        yield np.fromiter(islice(indices, length), dtype=np.int64, count=length).reshape(-1, batch_size)


def tuples(samples: int, batch_size: int) -> Iterator[Indices]:
    """Yield all $n^m$ batches with replacement, every order its own, in pieces of shape ``(batches, m)``."""
    total = samples**batch_size
    for first in range(0, total, PIECE):
        batches = np.arange(first, min(first + PIECE, total))
        yield np.stack(np.unravel_index(batches, (samples,) * batch_size), axis=-1)
