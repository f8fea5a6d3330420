"""Quadratic losses and the spectra they are made from."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quadratic:
    r"""$f(x) = \tfrac12 x^\top H x$ with its minimum 0 at the origin.

    ``hessian`` is symmetric, of shape ``(d, d)``; points are of shape ``(..., d)``.
    """

    hessian: Array

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return 0.5 * np.einsum("...i,...i->...", x, self.gradient(x))

    def gradient(self, x: Array) -> Array:
        """Return $Hx$, of shape ``(..., d)``."""
        return x @ self.hessian

    @property
    def smoothness(self) -> float:
        """Largest eigenvalue of the Hessian, $L$."""
        return float(np.linalg.eigvalsh(self.hessian)[-1])

    @property
    def strong_convexity(self) -> float:
        r"""Smallest eigenvalue of the Hessian, $\mu$."""
        return float(np.linalg.eigvalsh(self.hessian)[0])


@dataclass(frozen=True, eq=False)
class DiagonalQuadratic:
    r"""$f(x) = \tfrac12 \sum_j \lambda_j x_j^2$, a quadratic in the coordinates of its eigenvectors.

    ``curvatures`` broadcasts against points of shape ``(..., d)``, so that replicas may have spectra of their own.
    """

    curvatures: Array

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return 0.5 * np.sum(self.curvatures * x * x, axis=-1)

    def gradient(self, x: Array) -> Array:
        r"""Return $\lambda_j x_j$, of shape ``(..., d)``."""
        return self.curvatures * x


def geometric_spectrum(smallest: float, largest: float, dimension: int) -> Array:
    """Return ``dimension`` curvatures from ``smallest`` to ``largest``, both included, in constant ratio."""
    return np.geomspace(smallest, largest, dimension)


def random_orthogonal(dimension: int, rng: Generator, replicas: tuple[int, ...] = ()) -> Array:
    """Return Haar-distributed orthogonal matrices, of shape ``(*replicas, dimension, dimension)``.

    QR factor of a standard normal matrix with the signs of R's diagonal absorbed (Mezzadri 2007).
    """
    q, r = np.linalg.qr(rng.standard_normal((*replicas, dimension, dimension)))
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


def rotated_hessian(curvatures: Array, basis: Array) -> Array:
    r"""Return $Q\,\mathrm{diag}(\lambda)\,Q^\top$, symmetric to the last bit; ``basis`` is $Q$, shape ``(d, d)``."""
    hessian = (basis * curvatures) @ basis.T
    return 0.5 * (hessian + hessian.T)


def plane_rotation(angle: float) -> Array:
    """Return the rotation of the plane by ``angle`` radians, shape ``(2, 2)``."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
