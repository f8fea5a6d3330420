"""Seven smooth functions with known smoothness, on which statements about any smooth loss are tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.landscapes.cauchy import CauchyLoss
from descent_audit.landscapes.cosine import CosineSum
from descent_audit.landscapes.huber import Huber
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.logistic import Logistic
from descent_audit.landscapes.pseudo_huber import PseudoHuber
from descent_audit.landscapes.quadratic import Quadratic, geometric_spectrum, random_orthogonal, rotated_hessian
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]


class Loss(Protocol):
    """What a statement about a loss needs of it."""

    def value(self, x: Array) -> Array:
        """Return the loss, of shape ``(...)`` for points of shape ``(..., d)``."""

    def gradient(self, x: Array) -> Array:
        """Return the gradient, of the shape of ``x``."""


SEPARABLE: dict[str, Any] = {
    "log_cosh": LogCosh(),
    "huber": Huber(),
    "pseudo_huber": PseudoHuber(),
    "cosine": CosineSum(),
    "cauchy": CauchyLoss(),
}


@dataclass(frozen=True, eq=False)
class SmoothFunction:
    """A loss with all that is known about it in advance.

    ``smoothness`` is the analytic $L$; ``radius`` is the scale of random points. ``steepest`` is a stationary point at
    which the curvature $L$ is attained and the unit vector along which it is, both of shape ``(d,)``, or ``None`` where
    there is none. ``locally_quadratic`` says that the curvature keeps the value $L$ around that point.
    """

    name: str
    loss: Loss
    dimension: int
    smoothness: float
    radius: float
    steepest: tuple[Array, Array] | None = None
    locally_quadratic: bool = False


def smooth_functions(
    names: Sequence[str],
    dimensions: Sequence[int],
    radii: Sequence[float],
    *,
    condition_number: float,
    samples: int,
    streams: Streams,
) -> list[SmoothFunction]:
    """Return the named functions; the three sequences run in parallel.

    ``condition_number`` belongs to the quadratic and ``samples`` to the logistic loss. Each function has a stream of
    its own, so that it is the same one whatever the other names are.
    """
    functions = []
    for name, dimension, radius in zip(names, dimensions, radii, strict=True):
        match name:
            case "quadratic":
                functions.append(_quadratic(dimension, radius, condition_number, streams.generator("quadratic")))
            case "logistic":
                functions.append(_logistic(dimension, radius, samples, streams.generator("logistic")))
            case _:
                functions.append(_separable(name, dimension, radius))
    return functions


def _separable(name: str, dimension: int, radius: float) -> SmoothFunction:
    """Return a sum over coordinates, which is steepest along any of them at its minimum."""
    loss = SEPARABLE[name]
    minimum = np.full(dimension, np.pi if name == "cosine" else 0.0)
    steepest = minimum, np.eye(dimension)[0]
    return SmoothFunction(name, loss, dimension, float(loss.smoothness), radius, steepest, name == "huber")


def _quadratic(dimension: int, radius: float, condition_number: float, rng: Generator) -> SmoothFunction:
    """Return a quadratic in a random basis with curvatures in constant ratio up to 1."""
    spectrum = geometric_spectrum(1.0 / condition_number, 1.0, dimension)
    basis = random_orthogonal(dimension, rng)
    steepest = np.zeros(dimension), basis[:, -1]
    loss = Quadratic(rotated_hessian(spectrum, basis))
    return SmoothFunction("quadratic", loss, dimension, float(spectrum[-1]), radius, steepest, True)


def _logistic(dimension: int, radius: float, samples: int, rng: Generator) -> SmoothFunction:
    r"""Return a logistic loss: normal inputs, labels with $P(y_i = 1) = \sigma(\sum_j x_{ij})$."""
    inputs = rng.standard_normal((samples, dimension))
    positive = rng.random(samples) < 0.5 * (1.0 + np.tanh(0.5 * inputs.sum(axis=1)))
    loss = Logistic(inputs, np.where(positive, 1.0, -1.0))
    return SmoothFunction("logistic", loss, dimension, loss.smoothness, radius)


def random_points(function: SmoothFunction, count: int, rng: Generator) -> Array:
    """Return normal points of the function's own scale, of shape ``(count, d)``."""
    return function.radius * rng.standard_normal((count, function.dimension))
