"""Level sets of a quadratic, traced, and the direction in which gradient descent leaves them."""

import math

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final
from descent_audit.landscapes.quadratic import Quadratic, plane_rotation, rotated_hessian
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
SMOOTHNESS = 1.0


def level_sets(
    *,
    condition_numbers: list[float],
    rotation: float,
    rays: int,
    halvings: int,
    drawn_condition_numbers: list[float],
    drawn_arrows: int,
) -> Observations:
    r"""Trace the level set $f = \tfrac12$ of a rotated quadratic and compare a step with its tangent and its centre.

    $x(\phi) = Q(\cos\phi, \sqrt\kappa\sin\phi)$, $Q$ the rotation by ``rotation`` radians, curvatures $1, 1/\kappa$.
    The angle between step and centre is largest at $\phi = 45°$, $\cos\psi_{\max} = 2\sqrt\kappa/(\kappa + 1)$
    (Kantorovich's inequality, with equality in the plane).
    """
    angles = 2 * np.pi * np.arange(rays) / rays
    basis = plane_rotation(rotation)
    measured, largest = [], []
    for condition_number in condition_numbers:
        loss = _rotated_quadratic(condition_number, basis)
        points = _traced(loss, angles, condition_number, basis, halvings)
        steps = final(loss.gradient, points, 1 / SMOOTHNESS, 1) - points
        radii, at = np.linalg.norm(points, axis=-1), {"condition_number": condition_number}
        misdirection = float(_angle(steps, -points).max())
        largest.append(misdirection)
        tangents = _ellipse(angles + np.pi / 2, condition_number, basis)
        measured += [
            Observation("axis_ratio", radii.max() / radii.min(), math.sqrt(condition_number), at),
            Observation("perpendicularity", float(np.abs(_cosine(steps, tangents)).max()), 0.0, at),
            Observation("largest_misdirection", misdirection, float(largest_misdirection(condition_number)), at),
        ]
    return Observations.of(
        measured,
        _drawn_misdirection(condition_numbers, largest)
        + _drawn_level_sets(drawn_condition_numbers, basis, halvings, drawn_arrows),
    )


def largest_misdirection(condition_number: Array | float) -> Array | float:
    r"""Return $\psi_{\max} = \arccos\frac{2\sqrt\kappa}{\kappa+1}$ in radians.

    Written as $\arctan\frac{\kappa-1}{2\sqrt\kappa}$, which keeps its digits near 0.
    """
    return np.arctan((condition_number - 1) / (2 * np.sqrt(condition_number)))


def _rotated_quadratic(condition_number: float, basis: Array) -> Quadratic:
    return Quadratic(rotated_hessian(SMOOTHNESS * np.array([1.0, 1 / condition_number]), basis))


def _ellipse(angles: Array, condition_number: float, basis: Array) -> Array:
    r"""Return $Q(\cos\phi, \sqrt\kappa\sin\phi)$, of shape ``(angles, 2)``; a quarter turn ahead it is the tangent."""
    return np.stack([np.cos(angles), math.sqrt(condition_number) * np.sin(angles)], axis=-1) @ basis.T


def _traced(loss: Quadratic, angles: Array, condition_number: float, basis: Array, halvings: int) -> Array:
    r"""Return where $f$ passes one half on each ray, of shape ``(rays, 2)``.

    The rays point at equally spaced $\phi$; equal polar angles would miss the tips of a long ellipse.
    """
    rays = _ellipse(angles, condition_number, basis)
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    highest = np.full(len(rays), 2 * math.sqrt(condition_number / SMOOTHNESS))
    radii = bisect(lambda radius: loss.value(radius[:, None] * rays) > 0.5, 0.0, highest, halvings=halvings)
    return radii[:, None] * rays


def _cosine(a: Array, b: Array) -> Array:
    return np.sum(a * b, axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


def _angle(a: Array, b: Array) -> Array:
    """Return the angle between plane vectors in radians, accurate near 0 where the arccosine is not."""
    return np.arctan2(np.abs(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]), np.sum(a * b, axis=-1))


def _drawn_misdirection(condition_numbers: list[float], largest: list[float]) -> tuple[Curve, ...]:
    grid = np.geomspace(1.0, max(*condition_numbers, 10.0), 120)
    return (
        Curve("misdirection", "largest angle", "measured", condition_numbers, np.degrees(largest)),
        Curve("misdirection", "largest angle", "predicted", grid, np.degrees(largest_misdirection(grid))),
        Curve("misdirection", "right angle", "guide", grid[[0, -1]], [90.0, 90.0]),
    )


def _drawn_level_sets(condition_numbers: list[float], basis: Array, halvings: int, arrows: int) -> tuple[Curve, ...]:
    """Draw level sets lying down: the second coordinate, near the long axis, is the horizontal one."""
    turn, curves = np.linspace(0, 2 * np.pi, 161), []
    for condition_number in condition_numbers:
        loss, series = _rotated_quadratic(condition_number, basis), rf"$\kappa$ = {condition_number:g}"
        traced = _traced(loss, turn[:-1:4], condition_number, basis, halvings)
        curves += [
            Curve("level_sets", series, "measured", *traced.T[::-1]),
            Curve("level_sets", series, "predicted", *_ellipse(turn, condition_number, basis).T[::-1]),
            Curve("level_sets", "one step", "guide", *_steps_along(loss, condition_number, basis, arrows).T[::-1]),
        ]
    return tuple(curves)


def _steps_along(loss: Quadratic, condition_number: float, basis: Array, arrows: int) -> Array:
    """Return one line that runs round the level set and, at each of ``arrows`` places, along the step and back."""
    arcs = (2 * np.pi * (np.arange(arrows)[:, None] + 0.25 + np.linspace(0, 1, 9))) / arrows
    pieces = []
    for arc in _ellipse(arcs, condition_number, basis):
        pieces += [arc[:1], final(loss.gradient, arc[:1], 1 / SMOOTHNESS, 1), arc]
    return np.concatenate(pieces)
