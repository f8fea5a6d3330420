"""How far a path turns: descent on a quadratic step by step, gradient flow in all, and a random walk on average."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def angles_between(first: Array, second: Array) -> Array:
    r"""Return the angles between vectors ``(..., d)`` in radians, of shape ``(...)``.

    $2\,\mathrm{atan2}(\|u-v\|, \|u+v\|)$ of unit vectors keeps its digits near 0 and near $\pi$, where the arc cosine
    loses half of them.
    """
    u = first / np.linalg.norm(first, axis=-1, keepdims=True)
    v = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return 2.0 * np.arctan2(np.linalg.norm(u - v, axis=-1), np.linalg.norm(u + v, axis=-1))


def largest_turn(smallest: float, largest: float) -> float:
    r"""Return the largest angle between g and $Ag$, $\arccos\frac{2\sqrt{ab}}{a+b}$, A with eigenvalues from a to b.

    Both above 0. Written as $\arctan\frac{b-a}{2\sqrt{ab}}$ (Gustafson and Rao 1997, section 3.1).
    """
    return math.atan2(largest - smallest, 2.0 * math.sqrt(smallest * largest))


def flow_turning(curvatures: Array, start: Array, horizon: float) -> float:
    r"""Return the angle by which gradient flow on a quadratic turns up to a time, in radians.

    The integral of $\sqrt{\|Hg\|^2/\|g\|^2 - (g^\top Hg)^2/\|g\|^4}$ along $g = e^{-Ht}He_0$, in $\ln(1+t)$ with the
    slowest decay taken out of g.
    """
    from scipy.integrate import quad

    slow = float(curvatures.min())

    def rate(log_time: float) -> float:
        time = math.expm1(log_time)
        weight = (np.exp(-(curvatures - slow) * time) * curvatures * start) ** 2
        weight = weight / weight.sum()
        mean = float(weight @ curvatures)
        return math.sqrt(max(float(weight @ (curvatures - mean) ** 2), 0.0)) * (1.0 + time)

    return float(quad(rate, 0.0, math.log1p(horizon), limit=500, epsabs=1e-12, epsrel=1e-10)[0])


def reversal_probability(relative_rate: float) -> float:
    r"""Return $\frac12 + \frac1\pi\arcsin\frac h2$: normal steps of correlation $-h/2$ have opposite signs.

    Source: Sheppard (1899).
    """
    return 0.5 + math.asin(0.5 * relative_rate) / math.pi


def mean_cosine(relative_rate: float, dimension: int) -> float:
    r"""Return the mean cosine between normal vectors whose coordinates have the correlation $-h/2$ pairwise.

    $-\frac h2\frac{\Gamma(\frac{d+1}2)^2}{\Gamma(\frac d2)\Gamma(\frac d2+1)}\,{}_2F_1(\tfrac12,\tfrac12;\tfrac d2+1;
    \tfrac{h^2}4)$, which for $d = 1$ is one less twice the probability of a reversal.
    """
    from scipy.special import gammaln, hyp2f1

    half = 0.5 * dimension
    factor = math.exp(2.0 * gammaln(half + 0.5) - gammaln(half) - gammaln(half + 1.0))
    return -0.5 * relative_rate * factor * float(hyp2f1(0.5, 0.5, half + 1.0, 0.25 * relative_rate**2))
