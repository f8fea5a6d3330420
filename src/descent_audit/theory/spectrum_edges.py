r"""Edges of the spectrum of a sample covariance $X^\top X/n$, rows $N(0, C)$, in the limit of large matrices.

With $\gamma = d/n < 1$ fixed, outside of the limiting spectrum the inverse of its companion Stieltjes transform is
$z(m) = -\frac1m + \gamma\,\frac1d\sum_k\frac{t_k}{1+t_km}$ with $t$ the eigenvalues of C; the edges are $z$ where
$z' = 0$ (Silverstein and Choi 1995). With C the identity they are $(1 \pm \sqrt\gamma)^2$ (Marchenko and Pastur 1967).
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def spectrum_edges(population: Array, ratio: float) -> tuple[float, float]:
    r"""Return the lower and the upper edge for population eigenvalues ``(d,)`` at $\gamma = $ ``ratio`` below 1.

    With $m = -x/t$, $t$ the smallest or largest eigenvalue, $m^2z'(m) = 1 - \gamma\,\mathrm{mean}\,(rx/(1-rx))^2$ with
    $r = t_k/t$ is monotone in x beyond 1 and below 1: each side has one root.
    """
    from scipy.optimize import brentq

    def edge(extreme: float, low: float, high: float) -> float:
        relative = population / extreme
        x = brentq(lambda x: 1.0 - ratio * np.mean((relative * x / (1.0 - relative * x)) ** 2), low, high, xtol=1e-14)
        m = -x / extreme
        return float(-1.0 / m + ratio * np.mean(population / (1.0 + population * m)))

    return edge(float(population.min()), 1.0 + 1e-12, 1e12), edge(float(population.max()), 1e-12, 1.0 - 1e-12)


def white_condition_number(ratio: Array | float) -> Array | float:
    r"""Return $\kappa = \bigl(\frac{1+\sqrt\gamma}{1-\sqrt\gamma}\bigr)^2$ of white inputs."""
    return ((1.0 + np.sqrt(ratio)) / (1.0 - np.sqrt(ratio))) ** 2


def samples_per_dimension(condition_number: float) -> float:
    r"""Return the $n/d$ of white inputs of a condition number, $\bigl(\frac{\sqrt\kappa+1}{\sqrt\kappa-1}\bigr)^2$."""
    root = math.sqrt(condition_number)
    return ((root + 1.0) / (root - 1.0)) ** 2
