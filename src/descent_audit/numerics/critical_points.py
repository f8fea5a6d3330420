"""Critical points of smooth functions: found, refined and certified, many at once.

Points are of shape ``(replicas, k)``.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]
COMPLEX_STEP = 1e-30
"""Far below the square root of rounding: the truncation of a complex step is of its square."""
FIRST_DAMPING = 0.1
LESS_DAMPING, MORE_DAMPING = 1.0 / 3.0, 4.0
NEWTON_STEPS = 8
"""The gradient falls from 1e-8 to rounding in two or three; near a degenerate point it takes a few more."""
MARGIN = 10.0
"""By how much the Lipschitz constant of a Hessian may exceed the largest sampled one."""


class Curved(Protocol):
    """A function with a gradient and a Hessian, over points ``(..., k)``."""

    def value(self, points: Array) -> Array:
        """Return the values, of shape ``(...)``."""

    def gradient(self, points: Array) -> Array:
        """Return the gradients, of the shape of ``points``."""

    def gauss_newton(self, points: Array) -> tuple[Array, Array]:
        """Return the gradients and positive definite stand-ins for the Hessians, of shape ``(..., k, k)``."""

    def hessian(self, points: Array) -> Array:
        """Return the Hessians, of shape ``(..., k, k)``."""


def complex_step_hessian(gradient: Callable[[Array], Array], points: Array) -> Array:
    r"""Return the Hessian ``(..., k, k)`` of an analytic function, symmetrised.

    Column $j$ is $\mathrm{Im}\,\nabla f(q + ihe_j)/h$ without any subtraction, hence exact to rounding.
    Source: Squire and Trapp (1998).
    """
    shifts = 1j * COMPLEX_STEP * np.eye(points.shape[-1])
    rows = np.imag(gradient(points[..., None, :] + shifts)) / COMPLEX_STEP
    return 0.5 * (rows + np.swapaxes(rows, -1, -2))


def minimised(curved: Curved, start: Array, *, trials: int, tolerance: float) -> Array:
    r"""Return where Levenberg-Marquardt steps end, of the shape of ``start``.

    A trial is $q - (G + \lambda I)^{-1}\nabla f$ with the stand-in G for the Hessian; one that lowers f is taken and
    $\lambda$ falls to a third, otherwise it grows fourfold. A run ends when its gradient is below ``tolerance`` or
    after so many ``trials``. Source: Marquardt (1963).
    """
    points, damping, values = start.copy(), np.full(len(start), FIRST_DAMPING), curved.value(start)
    slopes, squares = curved.gauss_newton(points)
    running = np.arange(len(start))
    for _ in range(trials):
        running = running[np.linalg.norm(slopes[running], axis=-1) > tolerance]
        if not len(running):
            break
        damped = squares[running] + damping[running, None, None] * np.eye(start.shape[-1])
        tried = points[running] - np.linalg.solve(damped, slopes[running][..., None])[..., 0]
        found = curved.value(tried)
        better = found < values[running]
        damping[running] *= np.where(better, LESS_DAMPING, MORE_DAMPING)
        moved = running[better]
        points[moved], values[moved] = tried[better], found[better]
        slopes[moved], squares[moved] = curved.gauss_newton(points[moved])
    return points


def polished(curved: Curved, points: Array) -> Array:
    r"""Return the points after Newton steps $q - (\nabla^2f)^{-1}\nabla f$, which double the digits each time."""
    for _ in range(NEWTON_STEPS):
        points = points - np.linalg.solve(curved.hessian(points), curved.gradient(points)[..., None])[..., 0]
    return points


class Certificates(NamedTuple):
    r"""What is known at each point, each of shape ``(replicas,)``.

    ``slopes`` is $g = \|\nabla f\|$, ``curvatures`` the smallest Hessian eigenvalue $\mu$, and ``contractions``
    $h = 10\,Mg/\mu^2$.
    """

    slopes: Array
    curvatures: Array
    contractions: Array


def certificates(curved: Curved, points: Array, rng: Generator, *, directions: int, radius: float) -> Certificates:
    r"""Return what makes a point a certified minimum: $h = 10\,M g/\mu^2 < \tfrac12$ with $\mu > 0$.

    M is the largest $\|\nabla^2f(q + r\nu) - \nabla^2f(q)\|_2/r$ over random unit ``directions`` $\nu$ at the
    ``radius`` r, an estimate from below of the Hessian's Lipschitz constant, hence the tenfold margin. By the theorem
    of Newton and Kantorovich there is then one critical point within $2g/\mu$, a strict minimum. Source: Ortega and
    Rheinboldt (1970), section 12.6.
    """
    hessians = curved.hessian(points)
    slopes = np.asarray(np.linalg.norm(curved.gradient(points), axis=-1), dtype=float)
    curvatures = np.asarray(np.linalg.eigvalsh(hessians)[..., 0], dtype=float)
    change = np.zeros(len(points))
    for _ in range(directions):
        direction = rng.standard_normal(points.shape)
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        difference = curved.hessian(points + radius * direction) - hessians
        change = np.maximum(change, np.abs(np.linalg.eigvalsh(difference)).max(axis=-1) / radius)
    return Certificates(slopes, curvatures, MARGIN * change * slopes / curvatures**2)


def classes(values: Array, width: float) -> Array:
    """Return the smallest value of each class of ``values`` ``(points,)``, which gaps above ``width`` part."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-np.inf) > width]
