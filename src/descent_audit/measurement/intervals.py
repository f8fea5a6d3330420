r"""Intervals of sampled marks: where the number that the replicates estimate lies, at 95 %, mark by mark.

Each holds every value that its two-sided test at ``level`` does not reject:

================== ================================ ==========================================================
interval           mark                             its ends
================== ================================ ==========================================================
binomial_interval  a share of independent trials    Beta quantiles (Clopper and Pearson 1934)
normal_interval    a mean, standard error known     $\pm z$ standard errors
student_interval   a mean, standard error estimated $\pm t_{n-1}$ standard errors (Student 1908)
deviation_interval a standard deviation             $\sqrt n\,s$ over the roots of quantiles of $\chi^2_{n-1}$
median_ranks       a median                         two order statistics (Thompson 1936)
================== ================================ ==========================================================

Student's interval is exact for normal replicates, and too short where rare ones decide the mean. SciPy is imported by
what needs it: the report of a claim, not the drawing of its blocks.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
LEVEL = 0.05
"""Probability, at most, that a drawn interval misses the number that its mark estimates."""


class Interval(NamedTuple):
    """The two ends, each of the shape of the marks."""

    low: Array
    high: Array

    def through(self, function: Callable[[Array], Array]) -> "Interval":
        """Return the interval of a monotonic function of the mark."""
        ends = function(self.low), function(self.high)
        return Interval(np.minimum(*ends), np.maximum(*ends))

    def at(self, index: Any) -> "Interval":
        """Return the intervals of some marks."""
        return Interval(self.low[index], self.high[index])

    def where(self, sampled: ArrayLike) -> "Interval":
        """Return the interval where a mark is ``sampled``, NaN where it is certain."""
        return Interval(*(np.where(sampled, end, np.nan) for end in self))


def binomial_interval(successes: ArrayLike, trials: ArrayLike, level: float = LEVEL) -> Interval:
    r"""Return the interval of the success probability: of k in n, $I^{-1}_{\alpha/2}(k, n-k+1)$ and its mirror image.

    At k = 0 it begins at 0, at k = n it ends at 1. For trials of unequal probabilities it holds their mean, and more
    often than it says (Hoeffding 1956).
    """
    from scipy import special

    k, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    low = special.betaincinv(np.maximum(k, 1.0), n - k + 1.0, 0.5 * level)
    high = 1.0 - special.betaincinv(np.maximum(n - k, 1.0), k + 1.0, 0.5 * level)
    return Interval(np.where(k > 0, low, 0.0), np.where(k < n, high, 1.0))


def normal_interval(value: ArrayLike, standard_error: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the interval of a normal mark whose standard error is known."""
    from scipy import special

    return _around(value, -special.ndtri(0.5 * level) * np.asarray(standard_error, dtype=float))


def student_interval(
    value: ArrayLike, standard_error: ArrayLike, replicates: ArrayLike, level: float = LEVEL
) -> Interval:
    """Return the interval of a mean whose standard error is estimated from as many replicates; NaN for a single one."""
    from scipy import special

    freedom = np.asarray(replicates, dtype=float) - 1.0
    return _around(value, -special.stdtrit(freedom, 0.5 * level) * np.asarray(standard_error, dtype=float))


def sample_interval(values: Array, level: float = LEVEL) -> Interval:
    """Return Student's interval of the mean of values ``(replicates, ...)``."""
    n = len(values)
    spread = np.sum((values - values.mean(axis=0)) ** 2, axis=0) / max(n - 1, 1)
    return student_interval(values.mean(axis=0), np.sqrt(spread / n), n, level)


def deviation_interval(deviation: ArrayLike, replicates: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the interval of the standard deviation of normal replicates from their own, of divisor n."""
    from scipy import special

    n = np.asarray(replicates, dtype=float)
    length, half = np.sqrt(n) * np.asarray(deviation, dtype=float), 0.5 * (n - 1.0)
    quantiles = special.gammainccinv(half, 0.5 * level), special.gammaincinv(half, 0.5 * level)
    return Interval(*(length / np.sqrt(2.0 * quantile) for quantile in quantiles))


def median_ranks(replicates: int, level: float = LEVEL) -> tuple[int, int]:
    r"""Return the ranks, from 1, of the order statistics between which the median lies.

    The lower one is the largest r with $P(\mathrm{Bin}(n, \tfrac12) < r) \le \alpha/2$, the upper one $n + 1 - r$. Of
    few replicates r is 0: none of them bounds the median.
    """
    from scipy import special

    below = special.bdtr(np.arange(replicates // 2 + 1), replicates, 0.5)
    rank = int(np.searchsorted(below, 0.5 * level, side="right"))
    return rank, replicates + 1 - rank


def _around(value: ArrayLike, width: Array) -> Interval:
    value = np.asarray(value, dtype=float)
    return Interval(value - width, value + width)
