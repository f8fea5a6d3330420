r"""Least squares on all sign vectors, where the mean squares of mini-batch descent close coordinate by coordinate.

The $n = 2^{d+1}$ samples are all $(\epsilon_1, \dots, \epsilon_d, z) \in \{-1, +1\}^{d+1}$ with inputs $x_j =
s_j\epsilon_j$ and target $y = x\cdot w + \sigma z$: a full two-level factorial design. Signs and their products are
uncorrelated, which makes the Hessian $\mathrm{diag}(\lambda)$ with $\lambda_k = s_k^2$, and all averages exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SignDesign:
    r"""$\ell_i(\theta) = \tfrac12(x_i\cdot\theta - y_i)^2$ on all sign vectors.

    Scales $s$ fall geometrically from 1 to ``smallest_scale``; ``noise`` is $\sigma$. Displacements $e = \theta - w$
    and mean squares $M_k = E\,e_k^2$ are of shape ``(..., d)``.
    """

    dimension: int
    smallest_scale: float
    noise: float

    @property
    def samples(self) -> int:
        """The number n of sign vectors."""
        return 2 ** (self.dimension + 1)

    @property
    def minimizer(self) -> Array:
        """The weights $w = (+1, -1, +1, ...)$, of shape ``(d,)``."""
        return np.asarray((-1.0) ** np.arange(self.dimension))

    @cached_property
    def scales(self) -> Array:
        """The standard deviations $s$ of the inputs, of shape ``(d,)``."""
        return np.geomspace(1.0, self.smallest_scale, self.dimension)

    @cached_property
    def curvatures(self) -> Array:
        r"""The eigenvalues $\lambda_k = s_k^2$ of the Hessian, of shape ``(d,)``: the largest, 1, first."""
        return self.scales**2

    @cached_property
    def loss(self) -> LeastSquares:
        """The regression on all n samples."""
        signs = 1.0 - 2.0 * (np.arange(self.samples)[:, None] >> np.arange(self.dimension + 1) & 1)
        inputs = signs[:, :-1] * self.scales
        return LeastSquares(inputs, inputs @ self.minimizer + self.noise * signs[:, -1])

    def batch_share(self, batch_size: int) -> float:
        r"""Return $\phi = \frac{n-m}{m(n-1)}$, the covariance of a batch mean over that of one sample.

        Batches are drawn without replacement (Cochran 1977, chapter 2). Raises ``OutOfRange`` for one that does not
        fit the samples.
        """
        check_batch_sizes("batch_size", [batch_size], self.samples)
        return (self.samples - batch_size) / (batch_size * (self.samples - 1))

    def gradient_covariance(self, displacement: Array) -> Array:
        r"""Return $S^2(e)$, the covariance over all samples of one sample's gradient at $w + e$, ``(..., d, d)``.

        $S^2_{kl} = \lambda_k\lambda_le_ke_l$ off the diagonal, which ``gradient_variances`` gives.
        """
        slope = self.curvatures * displacement
        product = slope[..., :, None] * slope[..., None, :]
        diagonal = self.gradient_variances(displacement**2) - slope**2
        return product + diagonal[..., None] * np.eye(self.dimension)

    def gradient_variances(self, squares: Array) -> Array:
        r"""Return $S^2_{kk} = \lambda_k(\sigma^2 + A) - \lambda_k^2M_k$ with $A = \sum_j\lambda_jM_j$, ``(..., d)``."""
        weighted = self.curvatures * squares
        return self.curvatures * (self.noise**2 + weighted.sum(axis=-1, keepdims=True) - weighted)

    def excess(self, squares: Array) -> Array:
        r"""Return $E\mathcal L - \mathcal L^* = \tfrac12\sum_k\lambda_kM_k$, of shape ``(...)``."""
        return np.asarray(0.5 * squares @ self.curvatures)

    def next_squares(self, squares: Array, learning_rate: float, batch_size: int) -> Array:
        r"""Return the mean squares one step of mini-batch descent later, which depend on nothing else.

        $M_k' = (1 - \eta\lambda_k)^2M_k + \eta^2\phi\,(\lambda_k(\sigma^2 + A) - \lambda_k^2M_k)$.
        """
        noise = self.batch_share(batch_size) * self.gradient_variances(squares)
        return (1.0 - learning_rate * self.curvatures) ** 2 * squares + learning_rate**2 * noise

    def squares_path(self, squares: Array, learning_rates: Iterable[float], batch_size: int) -> Array:
        """Return the mean squares ``(d,)`` at the start and after each step, of shape ``(steps + 1, d)``."""
        path = [squares]
        for rate in learning_rates:
            path.append(self.next_squares(path[-1], rate, batch_size))
        return np.array(path)

    def contraction(self, learning_rate: float, batch_size: int) -> Array:
        r"""Return the matrix of ``next_squares`` without label noise, of shape ``(d, d)``.

        $\mathrm{diag}((1 - \eta\lambda)^2 - \eta^2\phi\lambda^2) + \eta^2\phi\,\lambda\lambda^\top$; its spectral
        radius is the factor per step at which mean squares approach their fixed point.
        """
        coupling = learning_rate**2 * self.batch_share(batch_size) * np.outer(self.curvatures, self.curvatures)
        own = (1.0 - learning_rate * self.curvatures) ** 2 - np.diag(coupling)
        return np.diag(own) + coupling

    def stationary_squares(self, learning_rate: float, batch_size: int) -> Array:
        r"""Return the fixed point of ``next_squares``, of shape ``(d,)``.

        $M_k = \frac{\eta\phi(A + \sigma^2)}{2 - \eta\lambda_k(1 - \phi)}$, $A = \frac{\sigma^2B}{1 - B}$, $B =
        \sum_k\frac{\eta\phi\lambda_k}{2 - \eta\lambda_k(1 - \phi)}$. Raises ``OutOfRange`` where descent is not stable
        in mean square: $\eta\lambda_1(1 - \phi) \ge 2$ or $B \ge 1$.
        """
        share = self.batch_share(batch_size)
        gaps = 2.0 - learning_rate * self.curvatures * (1.0 - share)
        total = float(np.sum(learning_rate * share * self.curvatures / gaps))
        if gaps[0] <= 0.0 or total >= 1.0:
            raise OutOfRange("learning_rate", learning_rate, f"mean-square stable at a batch size of {batch_size}")
        return learning_rate * share * self.noise**2 / ((1.0 - total) * gaps)
