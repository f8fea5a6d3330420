r"""Closed forms of linear warmup through a phase of constant curvature; $c = \eta_{\max} a$, $z = S/c$."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
_log_gamma = np.vectorize(math.lgamma, otypes=[float])


def log_product(steps: ArrayLike, relative_rate: float, warmup_steps: int) -> Array:
    r"""Return $\log\prod_{k\le K} |1 - c\min(k/S, 1)|$ for $K$ = ``steps`` (from 0), of the shape of ``steps``.

    With $m = \min(K, S)$ the product is $(c/S)^m\,|\Gamma(m+1-z)/\Gamma(1-z)|\,|c-1|^{K-m}$. The ratio is
    $\Gamma(z)/\Gamma(z-m)$ for $m < z$, and $\Gamma(z)\,\Gamma(m+1-z)\,|\sin\pi z|/\pi$ beyond, by reflection: so no
    argument is negative.
    """
    count = np.asarray(steps)
    ramp = np.minimum(count, warmup_steps)
    z = warmup_steps / relative_rate
    below = ramp < z
    before = -_log_gamma(np.where(below, z - ramp, 1.0))
    after = _log_gamma(np.where(below, 1.0, ramp + 1.0 - z)) + log_sine(z) - math.log(math.pi)
    flat = np.where(count > ramp, (count - ramp) * np.log(np.abs(relative_rate - 1.0)), 0.0)
    return ramp * -math.log(z) + math.lgamma(z) + np.where(below, before, after) + flat


def log_sine(z: float) -> float:
    r"""Return $\log|\sin\pi z|$, minus infinity at whole numbers."""
    distance = abs(z - round(z))
    return math.log(math.sin(math.pi * distance)) if distance else -math.inf


def dip_log(relative_rate: float, warmup_steps: int) -> float:
    r"""Return $-2z + \ln(2|\sin\pi z|)$, the smallest logarithm of the product, attained at $k = 2z$ (Stirling)."""
    z = warmup_steps / relative_rate
    return -2.0 * z + math.log(2.0) + log_sine(z)


def single_step_boundary(relative_rate: ArrayLike) -> Array:
    """Return the largest $K/S$ at which no single step expands: $2/c$, for $c > 2$."""
    return 2.0 / np.asarray(relative_rate, dtype=float)


def net_growth_boundary(relative_rate: ArrayLike) -> Array:
    r"""Return the largest $K/S$ without net growth in the limit of large $S/c$, for $c > 2$.

    The logarithm of the product tends to $z\int_0^X \ln|1-u|\,du = z\,[(X-1)\ln|X-1| - X]$, $X = cK/S$. It vanishes at
    $X^*$, so the boundary is $X^*/c$ for $c \ge X^*$; for smaller $c$ the flat part of the schedule makes up for
    the rest: $1/c + 1/\ln(c-1)$.
    """
    c, root = np.asarray(relative_rate, dtype=float), growth_root()
    return np.where(c >= root, root / c, 1.0 / c + 1.0 / np.log(c - 1.0))


def growth_root() -> float:
    r"""Return $X^*$, the root above 2 of $(X-1)\ln(X-1) = X$."""
    return float(bisect(lambda x: (x - 1.0) * np.log(x - 1.0) > x, 2.0, 10.0, halvings=52)[0])


def off_resonance(relative_rate: float, warmup_steps: int, margin: float) -> float:
    r"""Return $c$, raised by the least amount that keeps $z = S/c$ at least ``margin`` away from whole numbers.

    Near a whole number one factor almost vanishes, and the product stays small far beyond the limit of large z.
    """
    z = warmup_steps / relative_rate
    lower = math.floor(z - (1.0 - margin)) + 1.0 - margin
    return relative_rate if abs(z - round(z)) > margin or lower <= 0 else warmup_steps / lower
