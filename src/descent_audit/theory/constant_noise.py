r"""Stationary laws of descent on the sign design under noise of constant covariance, as a Langevin model has it.

$x' = x - \eta(Hx + \zeta)$ with normal $\zeta$ of covariance $\Sigma$ that is independent of x. The discrete process is
Gaussian (Mandt, Hoffman and Blei 2017); $\phi$ is the ``factor`` of a batch mean (``variance_factor``).
"""

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.sign_design import SignDesign

Array = NDArray[np.float64]


def stationary_variances(design: SignDesign, learning_rate: float, covariance: Array) -> Array:
    r"""Return the diagonal of the solution of $V - (1 - \eta H)V(1 - \eta H) = \eta^2\Sigma$, of shape ``(d,)``."""
    from scipy.linalg import solve_discrete_lyapunov  # only a report needs it

    step = np.eye(design.dimension) - learning_rate * np.diag(design.curvatures)
    return np.asarray(np.diagonal(solve_discrete_lyapunov(step, learning_rate**2 * covariance)), dtype=float)


def isotropic_variance(design: SignDesign) -> float:
    r"""Return $\sigma^2\mathrm{tr}H/d$: per coordinate, the total variance of a sample's gradient at the minimum."""
    return design.noise**2 * float(design.curvatures.mean())


def isotropic_variances(design: SignDesign, learning_rate: float, factor: float) -> Array:
    r"""Return the isotropic model's $V_k = \frac{2T}{\lambda_k(2 - \eta\lambda_k)}$, $T = \eta\bar s/2$, ``(d,)``."""
    temperature = 0.5 * learning_rate * factor * isotropic_variance(design)
    return 2.0 * temperature / (design.curvatures * (2.0 - learning_rate * design.curvatures))


def hessian_variances(design: SignDesign, learning_rate: float, factor: float) -> Array:
    r"""Return $V_k = \frac{\eta\phi\sigma^2}{2 - \eta\lambda_k}$ of noise of covariance $\phi\sigma^2H$, ``(d,)``."""
    return learning_rate * factor * design.noise**2 / (2.0 - learning_rate * design.curvatures)


def transient_variances(design: SignDesign, learning_rate: float, factor: float, steps: int) -> Array:
    r"""Return the isotropic model's variances $V_k(1 - (1 - \eta\lambda_k)^{2t})$ after t steps from the minimum."""
    forgotten = (1.0 - learning_rate * design.curvatures) ** (2 * steps)
    return isotropic_variances(design, learning_rate, factor) * (1.0 - forgotten)


def first_order_excess(design: SignDesign, learning_rate: float, factor: float) -> float:
    r"""Return $\tfrac14\eta\phi\sigma^2\mathrm{tr}H$, to which the stationary excess loss tends for small $\eta$."""
    return 0.25 * learning_rate * factor * design.noise**2 * float(design.curvatures.sum())
