r"""The diagonal linear network $\beta = u\odot u - v\odot v$ on a regression, and where its descent ends.

With $\ell = \frac1{2n}\|X\beta - y\|^2$ and $g$ the gradient in $\beta$ of what a step sees, $u \leftarrow u(1 - z)$
and $v \leftarrow v(1 + z)$ with $z = 2\eta g$. So $\alpha = u\odot v$ shrinks by $1 - z^2$ and never grows, and
to second order in z $\beta_j = 2\alpha_j\sinh(x_{\cdot j}\cdot\nu)$ for some $\nu$ (Woodworth et al. 2020).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LARGEST_EXPONENT = 300.0
"""Of the hyperbolic functions in the search for the dual: beyond it a trial is refused, long before it overflows."""


class Weights(NamedTuple):
    """The two layers, each of shape ``(..., d)``."""

    positive: Array
    negative: Array

    @property
    def function(self) -> Array:
        r"""The coefficients $\beta = u\odot u - v\odot v$ of the function that the network computes."""
        return self.positive**2 - self.negative**2

    @property
    def product(self) -> Array:
        r"""$\alpha = u\odot v$."""
        return self.positive * self.negative


def weights_of(function: Array, product: Array) -> Weights:
    r"""Return the positive weights of a function $\beta$ whose product is $\alpha$.

    $u^2 + v^2 = \sqrt{\beta^2 + 4\alpha^2}$, and $u^2 - v^2 = \beta$.
    """
    total = np.hypot(function, 2.0 * product)
    larger = np.sqrt(0.5 * (total + np.abs(function)))
    smaller = product / larger
    return Weights(np.where(function >= 0, larger, smaller), np.where(function >= 0, smaller, larger))


def hessian_trace(inputs: Array, weights: Weights) -> Array:
    r"""Return the trace of the Hessian at weights that fit all labels, $\frac4n\sum_{ij}x_{ij}^2(u_j^2 + v_j^2)$."""
    return np.asarray(4.0 * np.sum(np.mean(inputs**2, axis=0) * (weights.positive**2 + weights.negative**2), axis=-1))


def dual_solution(inputs: Array, predictions: Array, product: Array, *, tolerance: float = 1e-12) -> Array:
    r"""Return the $\beta$ with $X\beta$ = ``predictions`` that is $2\alpha_j\sinh(x_{\cdot j}\cdot\nu)$ for some $\nu$.

    It minimises $\sum_j[\beta_j\,\mathrm{arsinh}\tfrac{\beta_j}{2\alpha_j} - \sqrt{\beta_j^2 + 4\alpha_j^2}]$: the
    least $\ell_2$ norm for large $\alpha$, the least $\ell_1$ norm for small. ``inputs`` is X ``(n, d)`` of rank n,
    ``product`` is $\alpha$ ``(d,)``. Newton's method with halved steps on the convex dual
    $\sum_j2\alpha_j\cosh(x_{\cdot j}\cdot\nu) - \nu\cdot p$, until no prediction is off by ``tolerance`` times the
    largest one, or rounding stops it.
    """
    dual, size = np.zeros(len(inputs)), float(np.abs(predictions).max())

    def objective(at: Array) -> float:
        exponents = at @ inputs
        if np.abs(exponents).max() > LARGEST_EXPONENT:
            return np.inf
        return float(2.0 * product @ np.cosh(exponents) - at @ predictions)

    while True:
        exponents = dual @ inputs
        function = 2.0 * product * np.sinh(exponents)
        slope = inputs @ function - predictions
        if np.abs(slope).max() <= tolerance * size:
            return np.asarray(function)
        hessian = (inputs * (2.0 * product * np.cosh(exponents))) @ inputs.T
        step, here, length = np.linalg.solve(hessian, slope), objective(dual), 1.0
        while not objective(dual - length * step) < here:
            length /= 2.0
            if length < 1e-10:
                return np.asarray(function)
        dual = dual - length * step
