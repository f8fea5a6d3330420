r"""Where an optimizer that divides by root mean squares settles on a quadratic with gradient noise.

The gradient of coordinate j is $\lambda_jx_j + \sigma_j\xi$. Under slow averaging the mean square v is constant, so
that x is an autoregression with the rate $\eta/\sqrt v$: stationary, $E g^2 = 2\sigma^2/(2 - \eta\lambda/\sqrt v)$.
With $v = E g^2$ that is $2v - \eta\lambda\sqrt v - 2\sigma^2 = 0$.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def stationary_root(curvatures: Array, noise: Array, learning_rate: float) -> Array:
    r"""Return $\sqrt{v_j} = \tfrac14(\eta\lambda_j + \sqrt{\eta^2\lambda_j^2 + 16\sigma_j^2})$.

    ``noise`` is the standard deviation $\sigma_j$ of the gradient, of the shape of ``curvatures``. As $\eta \to 0$ the
    root tends to $\sigma_j$: nothing of the curvature is left in it.
    """
    drift = learning_rate * curvatures
    return 0.25 * (drift + np.sqrt(drift**2 + 16.0 * noise**2))


def effective_condition(curvatures: Array, roots: Array) -> float:
    r"""Return the largest over the smallest $\lambda_j/\sqrt{v_j}$: the condition number that is left."""
    scaled = curvatures / roots
    return float(scaled.max() / scaled.min())
