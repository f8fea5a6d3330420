r"""How far a quadratic stands for a smooth loss near its minimum, and what $L$ and $\mu$ of a quadratic are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, iterate, last
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.quadratic import Quadratic, geometric_spectrum, random_orthogonal, rotated_hessian
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
GENERIC, SYMMETRIC, CUSP = "$e^r - r - 1$", r"$\log\cosh r$", "$|r|^{3/2} + |r|^3$"
PANEL = "model_error"


@dataclass(frozen=True)
class PowerIteration:
    r"""$v_{k+1} = g(v_k)/\|g(v_k)\|$ for a linear field $g$: the direction tends to the top eigenvector of $g$."""

    def init(self, x: Array) -> None:
        """Return the state before the first step: there is none."""

    def update(self, x: Array, gradient: Array, state: None, learning_rate: Array | float) -> tuple[Array, None]:
        """Return the next direction, of norm 1, and the next state; the learning rate cancels."""
        return gradient / np.linalg.norm(gradient, axis=-1, keepdims=True), None


def quadratic_model(
    *,
    model_curvature: float,
    smallest_radius: float,
    largest_radius: float,
    points: int,
    fitted_points: int,
    dimension: int,
    condition_number: float,
    pairs: int,
    refined_pairs: int,
    power_steps: int,
    streams: Streams,
) -> Observations:
    r"""Fit the order of $|f(r) - \tfrac12 c r^2|$, and measure $L$ and $\mu$ of a random quadratic by their definition.

    Taylor: the error is $r^3/6$ for $e^r - r - 1$ and $r^4/12$ for $\log\cosh r$, both of curvature 1 at the minimum.
    $c$ is ``model_curvature``; any other value than 1 leaves an error of second order.
    """
    radii = np.geomspace(smallest_radius, largest_radius, points)
    spectrum = geometric_spectrum(1.0 / condition_number, 1.0, dimension)
    return _error_orders(radii, model_curvature, fitted_points) + _definition_constants(
        spectrum, condition_number, pairs, refined_pairs, power_steps, streams.generator("quadratic")
    )


def cusp(*, small_radius: float, large_radius: float, points: int) -> Observations:
    r"""Compare $f(r)/r^2$ at two radii for $f = |r|^{3/2} + |r|^3$, whose gradient is continuous but not smooth.

    $f(r)/r^2 = r^{-1/2} + r$: no curvature exists for it to tend to, and it grows like $r^{-1/2}$ as r falls.
    """
    radii = np.geomspace(small_radius, large_radius, points)
    curvature = _cusp_loss(radii) / radii**2
    small, large = (radius**-0.5 + radius for radius in (small_radius, large_radius))
    at = {"large_radius": large_radius, "small_radius": small_radius}
    return Observations.of(
        [Observation("curvature_growth", curvature[0] / curvature[-1], small / large, at)],
        [Curve(PANEL, CUSP, "measured", radii, np.abs(_cusp_loss(radii) - 0.5 * radii**2))],
    )


def flat_quartic(*, radii: list[float], difference_spacing: float) -> Observations:
    r"""Measure the relative error of the quadratic model of $f = x^4$, with the curvature from a second difference.

    $f''(0) = 0$, so that the model is identically 0 and its relative error 1 at every radius.
    """
    spacing, loss = difference_spacing, _quartic_loss
    curvature = (loss(spacing) + loss(-spacing) - 2 * loss(0.0)) / spacing**2
    return Observations.of(
        Observation("relative_model_error", abs(loss(r) - 0.5 * curvature * r**2) / loss(r), 1.0, {"radius": r})
        for r in radii
    )


def _exponential_loss(r: Array) -> Array:
    return np.expm1(r) - r


def _log_cosh_loss(r: Array) -> Array:
    return LogCosh().value(r[..., None])


def _cusp_loss(r: Array) -> Array:
    return np.abs(r) ** 1.5 + np.abs(r) ** 3


def _quartic_loss(r: float) -> float:
    return r**4


def _error_orders(radii: Array, curvature: float, fitted: int) -> Observations:
    def error(loss: Callable[[Array], Array]) -> Array:
        return np.abs(loss(radii) - 0.5 * curvature * radii**2)

    generic, symmetric = error(_exponential_loss), error(_log_cosh_loss)
    taylor = np.geomspace(radii[0], radii[-1], 60)
    return Observations.of(
        [
            Observation("error_exponent_generic", loglog_slope(radii[-fitted:], generic[-fitted:]), 3.0),
            Observation("error_exponent_symmetric", loglog_slope(radii[-fitted:], symmetric[-fitted:]), 4.0),
        ],
        [
            Curve(PANEL, GENERIC, "measured", radii, generic),
            Curve(PANEL, GENERIC, "predicted", taylor, taylor**3 / 6),
            Curve(PANEL, SYMMETRIC, "measured", radii, symmetric),
            Curve(PANEL, SYMMETRIC, "predicted", taylor, taylor**4 / 12),
        ],
    )


def _definition_constants(
    spectrum: Array, condition_number: float, pairs: int, refined: int, steps: int, rng: Generator
) -> Observations:
    r"""Measure the extremes of $\|\nabla f(x) - \nabla f(y)\|/\|x - y\|$ over pairs (Nesterov 2018, section 2.1).

    The most extreme pairs are refined: power iteration on $H$ turns $x - y$ into the top eigenvector, and on
    $LI - H$ into the bottom one. Several are refined because one start may have almost no part along it.
    """
    loss = Quadratic(rotated_hessian(spectrum, random_orthogonal(len(spectrum), rng)))
    x, y = rng.standard_normal((2, pairs, len(spectrum)))
    ratios = _stretch(loss, x, y)
    order = np.argsort(ratios)
    smoothness = _refined_ratios(loss, (x - y)[order[-refined:]], loss.gradient, steps).max()
    convexity = _refined_ratios(
        loss, (x - y)[order[:refined]], lambda v: smoothness * v - loss.gradient(v), steps
    ).min()
    largest, smallest = max(smoothness, ratios.max()), min(convexity, ratios.min())
    error = np.abs(ratios / _linear_stretch(loss, x - y) - 1.0).max()
    slack = 1e-12
    outside = (ratios > loss.smoothness * (1 + slack)) | (ratios < loss.strong_convexity * (1 - slack))
    return Observations.of(
        [
            Observation("smoothness_ratio", largest / loss.smoothness, 1.0),
            Observation("strong_convexity_ratio", smallest / loss.strong_convexity, 1.0),
            Observation("measured_condition_number", largest / smallest, condition_number),
            Observation("linearity_error", error, 0.0),
            Observation("pairs_outside", int(outside.sum()), 0.0),
        ]
    )


def _refined_ratios(loss: Quadratic, directions: Array, field: Gradient, steps: int) -> Array:
    end = last(iterate(field, directions, 1.0, steps, PowerIteration()), directions)
    return _stretch(loss, end, np.zeros_like(end))


def _stretch(loss: Quadratic, x: Array, y: Array) -> Array:
    r"""Return $\|\nabla f(x) - \nabla f(y)\|/\|x - y\|$, of shape ``(pairs,)``."""
    change = loss.gradient(x) - loss.gradient(y)
    return np.linalg.norm(change, axis=-1) / np.linalg.norm(x - y, axis=-1)


def _linear_stretch(loss: Quadratic, z: Array) -> Array:
    r"""Return $\|Hz\|/\|z\|$, of shape ``(pairs,)``: the same for $z = x - y$, as the gradient is linear."""
    return np.linalg.norm(z @ loss.hessian, axis=-1) / np.linalg.norm(z, axis=-1)
