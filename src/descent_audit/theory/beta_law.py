"""The Beta law: shares of squared norms of Gaussian vectors, and squared or plain cosines between directions."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
NODES = 96
"""Gauss-Legendre nodes per value: exact for whole a, b with a + b up to 192, far below rounding for halves of that."""
BINS = 2**14
"""Bins of equal probability in which samples are counted: distances are found to one part in so many."""


def beta_density(x: ArrayLike, a: float, b: float) -> Array:
    r"""Return $x^{a-1}(1-x)^{b-1}/B(a,b)$ of the shape of ``x``, for a, b at least 1 and x in [0, 1]."""
    x = np.asarray(x, dtype=float)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = (a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x)
    return np.where((x > 0) & (x < 1), np.exp(scale + powers), 0.0)


def beta_cdf(x: ArrayLike, a: float, b: float) -> Array:
    r"""Return $\int_0^x$ of the density of the shape of ``x``, accurate relative to its value in the lower tail."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.clip(np.asarray(x, dtype=float), 0.0, 1.0)[..., None]
    return np.minimum(np.sum(half * weights * beta_density(half * (1.0 + nodes), a, b), axis=-1), 1.0)


def beta_quantile(level: float, a: float, b: float) -> float:
    """Return where the distribution function is ``level``, by bisection; accurate for very small levels too."""
    return float(bisect(lambda x: beta_cdf(x, a, b) > level, 1e-12, 1.0, halvings=60, geometric=True)[0])


def probability_counts(values: ArrayLike, a: float, b: float) -> NDArray[np.int64]:
    """Return how many values lie in each bin of equal probability, of shape ``(BINS,)``."""
    places = np.minimum((beta_cdf(values, a, b) * BINS).astype(int), BINS - 1)
    return np.bincount(places.ravel(), minlength=BINS)


def largest_distance(counts: ArrayLike) -> float:
    """Return Kolmogorov's distance between counts in bins of equal probability and their law, to one bin."""
    below = np.cumsum(counts)
    return float(np.abs(below / below[-1] - np.arange(1, len(below) + 1) / len(below)).max())
