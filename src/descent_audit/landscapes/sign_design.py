"""Least squares on all sign vectors: a regression of which every moment of the batch gradient is known exactly."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.least_squares import LeastSquares

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SignDesign:
    r"""Samples $x_{ij} = s_j\epsilon_{ij}$, $y_i = x_i\cdot w + \sigma z_i$ over all sign vectors $(\epsilon_i, z_i)$.

    The scales $s$ are geometric from 1 to ``smallest_scale``, $w = (1, -1, 1, \dots)$, and ``noise`` is $\sigma$. The
    Hessian is $\mathrm{diag}(\lambda)$ with $\lambda_k = s_k^2$, and $w$ is the minimum, of loss $\sigma^2/2$.
    """

    dimension: int
    smallest_scale: float
    noise: float

    @property
    def samples(self) -> int:
        """The number of sign vectors, $n = 2^{d+1}$."""
        return 2 ** (self.dimension + 1)

    @property
    def curvatures(self) -> Array:
        r"""$\lambda_k = s_k^2$, falling, of shape ``(d,)``."""
        return np.geomspace(1.0, self.smallest_scale, self.dimension) ** 2

    @property
    def minimizer(self) -> Array:
        """$w$, of shape ``(d,)``."""
        return np.where(np.arange(self.dimension) % 2, -1.0, 1.0)

    @property
    def lowest(self) -> float:
        r"""The loss at the minimum, $\sigma^2/2$."""
        return 0.5 * self.noise**2

    @cached_property
    def loss(self) -> LeastSquares:
        r"""The regression, $\frac1{2n}\|X\theta - y\|^2$."""
        bits = np.arange(self.samples)[:, None] >> np.arange(self.dimension + 1)
        signs = np.where(bits & 1, -1.0, 1.0)
        inputs = signs[:, :-1] * np.sqrt(self.curvatures)
        return LeastSquares(inputs, inputs @ self.minimizer + self.noise * signs[:, -1])

    def sample_covariance(self, error: Array) -> Array:
        r"""Return $S^2(e)$, the covariance over samples of their gradients at $w + e$, of shape ``(d, d)``.

        $S^2_{kk} = \lambda_k(\sigma^2 + \sum_j\lambda_je_j^2) - \lambda_k^2e_k^2$ and
        $S^2_{kl} = \lambda_k\lambda_le_ke_l$: products of three signs or fewer have mean zero. At the minimum it is
        $\sigma^2H$.
        """
        pull = self.curvatures * error
        total = self.noise**2 + float(pull @ error)
        off = np.outer(pull, pull)
        return off + np.diag(self.curvatures * total - 2.0 * np.diagonal(off))
