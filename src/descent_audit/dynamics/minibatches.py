"""Which samples a step sees, and what its matrix products cost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Indices = NDArray[np.int_]


def draw_batches(rng: Generator, replicas: int, samples: int, batch_size: int, *, replacement: bool) -> Indices:
    """Draw uniform batches of sample indices, one per replica, of shape ``(replicas, batch_size)``.

    Without replacement every subset has the same probability. A batch of more than half of the samples is the head of
    a fresh random permutation, in its random order; a smaller one costs nothing for the samples that it leaves out,
    and the order of its indices is not uniform.
    """
    if replacement:
        return rng.integers(0, samples, (replicas, batch_size))
    if 2 * batch_size > samples:
        return rng.permuted(np.tile(np.arange(samples), (replicas, 1)), axis=1)[:, :batch_size]
    return _small_subsets(rng, replicas, samples, batch_size)


def _small_subsets(rng: Generator, replicas: int, samples: int, batch_size: int) -> Indices:
    r"""Draw uniform subsets by Floyd's algorithm (Bentley and Floyd 1987), all replicas side by side.

    The index of pick $k = 0, 1, \dots$ is uniform on $0, \dots, n - m + k$; where it was picked before,
    $n - m + k$ itself, which cannot have been, takes its place.
    """
    picked = np.empty((batch_size, replicas), dtype=np.int64)
    for k, last in enumerate(range(samples - batch_size, samples)):
        index = rng.integers(0, last + 1, replicas)
        np.copyto(index, last, where=np.any(picked[:k] == index, axis=0))
        picked[k] = index
    return picked.T


@dataclass
class Tally:
    """A running count of multiply-adds."""

    multiply_adds: int = 0


class CountedArray(np.ndarray):
    r"""An array that adds the multiply-adds of every matrix product it takes part in to its ``tally``.

    A product of shapes $(a, b)$ and $(b, c)$ counts $abc$. Views and selections share the tally; results are plain
    arrays, so that nothing is counted that the array is no part of.
    """

    tally: Tally

    @classmethod
    def of(cls, values: NDArray[np.float64], tally: Tally) -> "CountedArray":
        """Return a view of ``values`` that counts into ``tally``."""
        counted = values.view(cls)
        counted.tally = tally
        return counted

    def __array_finalize__(self, source: NDArray[np.float64] | None) -> None:
        """Hand the tally on to views and selections."""
        self.tally = getattr(source, "tally", Tally())

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, **keywords: Any) -> Any:
        """Evaluate on plain arrays; count where the operation is a matrix product."""
        operands = [np.asarray(operand) if isinstance(operand, CountedArray) else operand for operand in inputs]
        result = getattr(ufunc, method)(*operands, **keywords)
        if ufunc is np.matmul:
            self.tally.multiply_adds += np.size(result) * np.shape(operands[0])[-1]
        return result
