"""The diagonal preconditioner, and how it loses its effect as the eigenvectors turn away from the axes."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.iteration_counts import first_within
from descent_audit.landscapes.quadratic import (
    Quadratic,
    geometric_spectrum,
    plane_rotation,
    random_orthogonal,
    rotated_hessian,
)
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.optimizers.preconditioned_descent import PreconditionedDescent

Array = NDArray[np.float64]
LONGEST = 10
"""Steps allowed, as a multiple of the predicted number."""


def jacobi_rotation(
    *,
    condition_numbers: list[float],
    angles: int,
    tested_degrees: float,
    iterated_condition_number: float,
    iterated_degrees: list[float],
    accuracy: float,
) -> Observations:
    r"""Measure the condition number of $D^{1/2}HD^{1/2}$, $D = \mathrm{diag}(H)^{-1}$, as $H$ turns in the plane.

    $\kappa_{\rm eff} = (1+q)(1+\sqrt{q/(1+q)})^2$ with $q = (\kappa-1)^2\sin^2 2\theta/(4\kappa)$: 1 where the
    eigenvectors are the axes, $\kappa$ at 45 degrees. ``tested_degrees`` is the rotation whose gain
    $\kappa/\kappa_{\rm eff}$ is reported.
    """
    return (
        _effective_conditions(condition_numbers, angles)
        + _gains(condition_numbers, tested_degrees)
        + _iterations(iterated_condition_number, iterated_degrees, accuracy)
    )


def random_rotations(*, condition_number: float, dimensions: list[int], draws: int, streams: Streams) -> Observations:
    r"""Measure the gain $\kappa/\kappa_{\rm eff}$ of the diagonal preconditioner in random bases.

    It is at most the condition number of the diagonal, $\max_iH_{ii}/\min_iH_{ii}$, since that of a product is at most
    the product of both.
    """
    observations = []
    for dimension in dimensions:
        rng = streams.generator(f"dimension={dimension}")
        spectrum = geometric_spectrum(1 / condition_number, 1.0, dimension)
        hessians = np.stack([rotated_hessian(spectrum, random_orthogonal(dimension, rng)) for _ in range(draws)])
        gains = condition_number / measured_condition(hessians)
        curvatures = np.diagonal(hessians, axis1=-2, axis2=-1)
        ratios = curvatures.max(axis=-1) / curvatures.min(axis=-1)
        at = {"dimension": dimension}
        observations += [
            Observation("gain_over_axis_ratio", float(np.max(gains / ratios)), at=at, replicates=draws),
            Observation("axis_ratio_over_condition", float(ratios.max()) / condition_number, at=at, replicates=draws),
        ]
        observations.append(Observation("median_gain_random", float(np.median(gains)), at=at, replicates=draws))
        observations.append(Observation("smallest_gain_random", float(gains.min()), at=at, replicates=draws))
    return Observations.of(observations)


def effective_condition(condition_number: ArrayLike, degrees: ArrayLike) -> Array:
    r"""Return $\kappa_{\rm eff}$ of the plane quadratic in closed form; the arguments broadcast.

    The product form; $(1+r)/(1-r)$, with r the off-diagonal element of $D^{1/2}HD^{1/2}$, cancels near 45 degrees.
    """
    kappa = np.asarray(condition_number, dtype=float)
    q = (kappa - 1) ** 2 * np.sin(2 * np.radians(degrees)) ** 2 / (4 * kappa)
    return (1 + q) * (1 + np.sqrt(q / (1 + q))) ** 2


def measured_condition(hessians: Array) -> Array:
    r"""Return the ratio of the extreme eigenvalues of $D^{1/2}HD^{1/2}$ for ``hessians`` of shape ``(..., d, d)``."""
    curvatures = np.linalg.eigvalsh(jacobi_scaled(hessians))
    return curvatures[..., -1] / curvatures[..., 0]


def jacobi_scaled(hessians: Array) -> Array:
    r"""Return $D^{1/2}HD^{1/2}$, whose diagonal is 1, of the shape of ``hessians``."""
    scale = 1 / np.sqrt(np.diagonal(hessians, axis1=-2, axis2=-1))
    return hessians * scale[..., :, None] * scale[..., None, :]


def plane_hessian(condition_number: float, degrees: float) -> Array:
    r"""Return $H$ with the curvatures 1 and $1/\kappa$, turned by an angle, of shape ``(2, 2)``."""
    return rotated_hessian(np.array([1.0, 1 / condition_number]), plane_rotation(math.radians(degrees)))


def _effective_conditions(condition_numbers: list[float], angles: int) -> Observations:
    degrees = np.linspace(0.0, 90.0, angles)
    fine = np.linspace(0.0, 90.0, 181)
    observations, curves = [], []
    for condition_number in condition_numbers:
        measured = measured_condition(np.stack([plane_hessian(condition_number, angle) for angle in degrees]))
        predicted = effective_condition(condition_number, degrees)
        observations += [
            Observation(
                "effective_condition", value, formula, {"condition_number": condition_number, "degrees": float(angle)}
            )
            for angle, value, formula in zip(degrees, measured, predicted, strict=True)
        ]
        series, shown = rf"$\kappa$ = {condition_number:g}", slice(None, None, max(1, angles // 45))
        curves += [
            Curve("effective_condition", series, "measured", degrees[shown], measured[shown]),
            Curve("effective_condition", series, "predicted", fine, effective_condition(condition_number, fine)),
            Curve("effective_condition", r"$\kappa_{\rm eff} = \kappa$", "guide", [0.0, 90.0], [condition_number] * 2),
        ]
    return Observations.of(observations, curves)


def _gains(condition_numbers: list[float], degrees: float) -> Observations:
    return Observations.of(
        Observation(
            "condition_gain",
            kappa / float(measured_condition(plane_hessian(kappa, degrees))),
            kappa / float(effective_condition(kappa, degrees)),
            {"condition_number": kappa, "degrees": degrees},
        )
        for kappa in condition_numbers
    )


def _jacobi(hessian: Array) -> PreconditionedDescent:
    diagonal = np.diag(hessian)
    return PreconditionedDescent(lambda gradient: gradient / diagonal)


def _iterations(condition_number: float, rotations: list[float], accuracy: float) -> Observations:
    r"""Count the steps of preconditioned descent at its optimal rate, from the sum of both eigenvectors.

    Both modes are multiplied by $\pm\rho_{\rm eff}$, so that two steps multiply the point by $\rho_{\rm eff}^2$.
    """
    observations = []
    for degrees in rotations:
        hessian = plane_hessian(condition_number, degrees)
        effective = float(effective_condition(condition_number, degrees))
        contraction = (effective - 1) / (effective + 1)
        predicted = max(1.0, math.log(1 / accuracy) / -math.log(contraction)) if contraction > 0 else 1.0
        scaled = Quadratic(jacobi_scaled(hessian))
        rate = 2 / (scaled.smoothness + scaled.strong_convexity)
        start = plane_rotation(math.radians(degrees)) @ np.ones(2)
        path = iterate(Quadratic(hessian).gradient, start, rate, math.ceil(LONGEST * predicted), _jacobi(hessian))
        count = first_within(path, accuracy * float(np.linalg.norm(start)), ())
        at = {"condition_number": condition_number, "degrees": degrees}
        observations.append(Observation("iterations", int(count), predicted, at))
    return Observations.of(observations)
