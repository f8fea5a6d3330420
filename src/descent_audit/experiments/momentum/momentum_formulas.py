r"""The heavy ball on one quadratic mode, in closed form.

Its characteristic polynomial is $z^2 - (1 + \beta - h)z + \beta$ with the relative rate $h = \eta\lambda$.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def root_modulus(momentum: ArrayLike, relative_rate: ArrayLike) -> Array:
    r"""Return $\rho(\beta, h)$, the larger modulus of the two roots: the asymptotic factor per step.

    Complex roots have the product $\beta$, so that $\rho = \sqrt\beta$ for
    $(1 - \sqrt\beta)^2 \le h \le (1 + \sqrt\beta)^2$; otherwise
    $\rho = \tfrac12\bigl(|1 + \beta - h| + \sqrt{(1 + \beta - h)^2 - 4\beta}\bigr)$ (Polyak 1964).
    """
    beta, trace = np.asarray(momentum), np.abs(1.0 + np.asarray(momentum) - np.asarray(relative_rate))
    discriminant = trace * trace - 4.0 * beta
    return np.where(discriminant <= 0, np.sqrt(beta), 0.5 * (trace + np.sqrt(np.maximum(discriminant, 0.0))))


def stability_limit(momentum: ArrayLike) -> Array:
    r"""Return $2(1 + \beta)$, the relative rate at which a root leaves the unit circle through -1."""
    return 2.0 * (1.0 + np.asarray(momentum))


def safe_limit(momentum: ArrayLike) -> Array:
    r"""Return $2(1 - \beta)$, the relative rate $\eta L$ below which $f(x) + \tfrac{\beta}{2\eta}\|v\|^2$ must fall.

    By the descent lemma with $\nabla f(x) = (\beta v - v')/\eta$ a step changes it by
    $-(1 - \beta - \eta L/2)\|v'\|^2/\eta$ or less on every $L$-smooth function (Zavriev and Kostyuk 1993). Sufficient
    for convergence, not necessary.
    """
    return 2.0 * (1.0 - np.asarray(momentum))


def damping_crossover(momentum: ArrayLike) -> Array:
    r"""Return $1 + \sqrt\beta$, the relative rate from which $\rho(\beta, h) < |1 - h|$ where $h > 1$.

    There $\rho = \sqrt\beta$, which gradient descent passes when $h - 1 = \sqrt\beta$.
    """
    return 1.0 + np.sqrt(momentum)


def complex_range(momentum: ArrayLike) -> tuple[Array, Array]:
    r"""Return $(1 - \sqrt\beta)^2$ and $(1 + \sqrt\beta)^2$, between which the roots are complex."""
    root = np.sqrt(momentum)
    return (1.0 - root) ** 2, (1.0 + root) ** 2
