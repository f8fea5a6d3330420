"""Minima and saddles of a small deep tanh network, each certified by its exact Hessian."""

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.deep_tanh import DeepTanhNetwork, exchange, sign_change
from descent_audit.networks.penalised_fit import PenalisedFit, regression_fit
from descent_audit.numerics.critical_points import Certificates, certificates, classes, minimised, polished

Array = NDArray[np.float64]
LOSS_GAP = 1e-8
"""Minima whose losses differ by more are inequivalent: rounding moves a loss by far less."""
SADDLE_GAP = 1e-6
"""The same for saddles, where a zero eigenvalue may leave the loss less certain."""
COPY_DISTANCE = 0.1
"""Copies of a minimum that lie further apart than this are different points."""
DESCENT_TOLERANCE = 1e-8
"""The gradient at which descent hands over to Newton's method."""


class Criteria(NamedTuple):
    """What is accepted: the largest gradient, the curvatures that count, and the largest contraction of Kantorovich."""

    gradient: float
    minimum_curvature: float
    saddle_curvature: float
    contraction: float

    def certify(self, proof: Certificates) -> NDArray[np.bool_]:
        """Say which points are certified minima, of shape ``(points,)``; a number that is none certifies nothing."""
        return (
            (proof.slopes <= self.gradient)
            & (proof.curvatures >= self.minimum_curvature)
            & (proof.contractions <= self.contraction)
        )


class Found(NamedTuple):
    """Critical points ``(points, k)`` and, of shape ``(points,)``, their losses and smallest Hessian eigenvalues."""

    points: Array
    losses: Array
    curvatures: Array


def certified_critical_points(
    *,
    hidden_units: list[int],
    trained: Literal["all", "output"],
    samples: int,
    interval: float,
    frequency: float,
    slope: float,
    penalty: float,
    weight_scale: float,
    runs: int,
    fixed_space_runs: int,
    draws: int,
    trials: int,
    directions: int,
    direction_radius: float,
    gradient_accuracy: float,
    minimum_curvature: float,
    saddle_curvature: float,
    largest_contraction: float,
    drawn_points: int,
    streams: Streams,
) -> Observations:
    r"""Minimise $\frac1{2n}\sum_i(f(x_i) - y_i)^2 + \frac\delta2\|p\|^2$ from random starts, and tell what is found.

    f is a network of two tanh layers, x is equally spaced on [-``interval``, ``interval``] and $y = \sin\omega x +
    ax$ with ``frequency`` $\omega$ and ``slope`` a; starts are normal with standard deviation ``weight_scale``. A
    minimum with distinct, non-zero units has $\prod_lm_l!\,2^{m_l}$ copies. A minimum within the fixed space of a
    symmetry is critical for all parameters (Palais 1979), and mostly a saddle. With ``trained`` output the hidden
    layers keep the weights of one draw and the loss is convex.
    """
    fit = regression_fit(DeepTanhNetwork(*hidden_units), samples, interval, frequency, slope, penalty)
    if trained == "output":
        fit = output_layer(fit, weight_scale * streams.generator("hidden weights").standard_normal(fit.anchor.shape))
    free = fit.basis.shape[1]
    accepted = Criteria(gradient_accuracy, minimum_curvature, saddle_curvature, largest_contraction)

    start = weight_scale * streams.generator("start").standard_normal((runs, free))
    points = descent_ends(fit, start, trials)
    proof = certificates(fit, points, streams.generator("directions"), directions=directions, radius=direction_radius)
    certified = accepted.certify(proof)
    minima = Found(points[certified], fit.value(points[certified]), proof.curvatures[certified])
    fixed = fixed_space_points(fit, weight_scale, fixed_space_runs, trials, accepted, streams.generator("fixed spaces"))
    saddles = Found(*(part[fixed.curvatures < -accepted.saddle_curvature] for part in fixed))
    random = weight_scale * streams.generator("curvature").standard_normal((draws, free))
    indefinite = np.linalg.eigvalsh(fit.hessian(random))[:, 0] < 0.0
    measured = [
        Observation("inequivalent_minima", len(classes(minima.losses, LOSS_GAP)), replicates=runs),
        Observation("certified_share", float(certified.mean()), replicates=runs),
        Observation("certificate", float(np.max(proof.contractions[certified], initial=0.0)), 0.0, replicates=runs),
        Observation("saddle_classes", len(classes(saddles.losses, SADDLE_GAP)), replicates=fixed_space_runs),
        Observation("fixed_space_minima", int(np.sum(fixed.curvatures > 0.0)), replicates=fixed_space_runs),
        Observation("negative_curvature_share", float(indefinite.mean()), replicates=draws),
    ]
    lowest = fit.parameters(points[np.argmin(np.where(certified, fit.value(points), np.inf))])
    return Observations.of(measured, _curves(minima, saddles, runs)) + _copies(fit, lowest, drawn_points)


def output_layer(fit: PenalisedFit, hidden: Array) -> PenalisedFit:
    """Return the fit with the parameters of the output layer free and all others as in ``hidden`` ``(p,)``."""
    free = fit.network.output_parameters
    return replace(fit, anchor=np.append(hidden[:-free], np.zeros(free)), basis=fit.basis[:, -free:])


def descent_ends(fit: PenalisedFit, start: Array, trials: int) -> Array:
    """Return the critical points that descent and then Newton's method reach, of the shape of ``start``."""
    return polished(fit, minimised(fit, start, trials=trials, tolerance=DESCENT_TOLERANCE))


def fixed_space(symmetry: Array) -> Array:
    """Return an orthonormal basis ``(k, l)`` of the points that a symmetric orthogonal matrix ``(k, k)`` fixes."""
    values, vectors = np.linalg.eigh(symmetry)
    return np.asarray(vectors[:, values > 0.0])


def fixed_space_points(
    fit: PenalisedFit, weight_scale: float, runs: int, trials: int, accepted: Criteria, rng: Generator
) -> Found:
    """Return the critical points that minimisation within the fixed space of each involution finds, ``runs`` in each.

    Starts are projected onto the space and stay in it, by its basis: with all coordinates rounding would lead them
    away from a saddle. Returned are those whose gradient by all coordinates is below the accepted one.
    """
    ends, free = [], fit.basis.shape[1]
    for symmetry in fit.network.involutions():
        basis = fixed_space(symmetry[-free:, -free:])
        inside = fit.within(basis)
        start = weight_scale * rng.standard_normal((runs, free)) @ basis
        ends.append(descent_ends(inside, start, trials) @ basis.T)
    points = np.concatenate(ends)
    points = points[np.linalg.norm(fit.gradient(points), axis=-1) <= accepted.gradient]
    curvatures = np.asarray(np.linalg.eigvalsh(fit.hessian(points))[:, 0], dtype=float)
    return Found(points, fit.value(points), curvatures)


def copies(network: DeepTanhNetwork, parameters: Array) -> Array:
    """Return the images ``(copies, p)`` of ``parameters`` ``(p,)`` under all symmetries, itself the first."""
    return np.array([symmetry @ parameters for symmetry in network.symmetries()])


def distinct(points: Array, distance: float) -> int:
    """Return how many of the points ``(points, p)`` lie further than ``distance`` from all points before them."""
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    return int(sum(np.all(row[:index] > distance) for index, row in enumerate(apart)))


def _copies(fit: PenalisedFit, lowest: Array, points: int) -> Observations:
    """Report how many copies the lowest minimum has and by how much their losses differ; draw the way to two of them.

    The ways are straight lines: to the copy with two units exchanged, and to the one with a unit's sign changed.
    """
    images, first, second = copies(fit.network, lowest), fit.network.first_width, fit.network.second_width
    expected = math.prod(math.factorial(width) * 2**width for width in (first, second))
    positions, curves = np.linspace(0.0, 1.0, points), []
    for name, change in (("two units exchanged", exchange(first)), ("sign of a unit changed", sign_change(first))):
        copy = fit.network.symmetry(change, np.eye(second)) @ lowest
        losses = fit.loss(lowest + positions[:, None] * (copy - lowest))
        curves.append(Curve("segment", name, "measured", positions, losses))
    measured = [
        Observation("copies", distinct(images, COPY_DISTANCE), expected),
        Observation("copy_loss_spread", float(np.ptp(fit.loss(images))), 0.0),
    ]
    return Observations.of(measured, curves)


def _curves(minima: Found, saddles: Found, runs: int) -> list[Curve]:
    """Return how often each certified loss was reached, and the smallest eigenvalue at minima and saddles."""
    levels = classes(minima.losses, LOSS_GAP)
    hits = np.bincount(np.searchsorted(levels, minima.losses + LOSS_GAP) - 1, minlength=len(levels))
    return [
        Curve("hits", "certified minima", "measured", levels, hits / runs),
        Curve("curvature", "minima, smallest eigenvalue", "measured", minima.losses, minima.curvatures),
        Curve("curvature", "saddles, minus their smallest eigenvalue", "measured", saddles.losses, -saddles.curvatures),
    ]
