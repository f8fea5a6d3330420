r"""The factor one half in the squared error: a change of scale, which half the learning rate undoes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from descent_audit.datasets import kronecker
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.observations import Curve, Observation, Observations, sample_steps
from descent_audit.trajectories import iterate

Array = NDArray[np.float64]


def half_factor(
    *,
    samples: int,
    dimension: int,
    data_row: int,
    difference: float,
    relative_rate: float,
    compensated: bool,
    steps: int,
    drawn_steps: int,
) -> Observations:
    r"""Compare $\tfrac1{2n}\|X\theta - y\|^2$ and $\tfrac1n\|X\theta - y\|^2$: gradients, smoothness, and runs from 0.

    The gradients are in the ratio 2 and so are the smoothness constants. The run on the first loss is at
    $\eta$ given by $\eta L$, the one on the second at $\eta/2$ where ``compensated``, and then both visit the same points;
    otherwise at the same $\eta$.
    """
    data = kronecker(samples, dimension + 1)
    half, full = (LeastSquares(data[:, :-1], data[:, -1], factor) for factor in (0.5, 1.0))
    places = {"zero": np.zeros(dimension), "ones": np.ones(dimension), "row": data[data_row - 1, :-1]}
    rate = relative_rate / half.smoothness
    rates = (rate, 0.5 * rate if compensated else rate)
    return (
        _gradient_ratios(half, full, places)
        + _finite_differences({"half": half, "one": full}, places, difference)
        + _smoothness_ratio(half, full, dimension)
        + _runs(half, full, rates, relative_rate=relative_rate, steps=steps)
        + _drawn_losses(half, full, rates, relative_rate=relative_rate, steps=drawn_steps)
    )


def _gradient_ratios(half: LeastSquares, full: LeastSquares, places: Mapping[str, Array]) -> Observations:
    return Observations.of(
        Observation("gradient_ratio", ratio, 2.0, {"point": name, "component": component})
        for name, theta in places.items()
        for component, ratio in enumerate(full.gradient(theta) / half.gradient(theta), 1)
    )


def _finite_differences(
    losses: Mapping[str, LeastSquares], places: Mapping[str, Array], difference: float
) -> Observations:
    """Compare gradients with central differences of the loss, relative to the size of the gradient."""
    observations = []
    for factor, loss in losses.items():
        for name, theta in places.items():
            shifts = difference * np.eye(len(theta))
            slopes = (loss.value(theta + shifts) - loss.value(theta - shifts)) / (2.0 * difference)
            gradient = loss.gradient(theta)
            error = np.linalg.norm(slopes - gradient) / np.linalg.norm(gradient)
            observations.append(Observation("finite_difference_error", error, 0.0, {"factor": factor, "point": name}))
    return Observations.of(observations)


def _smoothness_ratio(half: LeastSquares, full: LeastSquares, dimension: int) -> Observations:
    """Compare the largest curvatures, each from a Hessian that is read off the gradients at unit vectors."""
    axes, origin = np.eye(dimension), np.zeros(dimension)
    largest = [np.linalg.eigvalsh(loss.gradient(axes) - loss.gradient(origin))[-1] for loss in (full, half)]
    return Observations.of([Observation("smoothness_ratio", largest[0] / largest[1], 2.0)])


def _runs(
    half: LeastSquares, full: LeastSquares, rates: tuple[float, float], *, relative_rate: float, steps: int
) -> Observations:
    r"""Compare two runs point by point, relative to $\max_j|\theta_j|$, and report what the second does to its loss."""
    theta = start = np.zeros(half.inputs.shape[1])
    deviation = np.zeros(())
    paths = zip(
        iterate(half.gradient, start, rates[0], steps), iterate(full.gradient, start, rates[1], steps), strict=True
    )
    for reference, theta in paths:
        deviation = np.maximum(deviation, np.max(np.abs(theta - reference)) / np.max(np.abs(reference)))
    decades = np.log10(full.value(theta) / full.value(start))
    at = {"relative_rate": relative_rate, "steps": steps}
    return Observations.of(
        [
            Observation("trajectory_deviation", float(deviation), 0.0, at),
            Observation("final_loss_decades", float(decades), at=at),
        ]
    )


def _drawn_losses(
    half: LeastSquares, full: LeastSquares, rates: tuple[float, float], *, relative_rate: float, steps: int
) -> Observations:
    """Draw the losses above their minimum, which is the squared error with the targets that the minimizer explains."""
    best, start = half.minimizer, np.zeros(half.inputs.shape[1])
    shown, curves = sample_steps(steps, 41), []
    for loss, rate, factor, role in (
        (half, rates[0], r"with factor $\frac{1}{2}$", "predicted"),
        (full, rates[1], "with factor 1", "measured"),
    ):
        excess = LeastSquares(loss.inputs, loss.inputs @ best, loss.factor)
        path = np.array([start, *iterate(loss.gradient, start, rate, steps)])
        height = excess.value(path[shown]) / excess.value(start)
        curves.append(Curve("loss", rf"{factor}, $\eta L$ = {rate * loss.smoothness:g}", role, shown, height))
    return Observations.of(curves=curves)
