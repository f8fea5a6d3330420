r"""The factor one half in the squared error: a change of scale, which half the learning rate undoes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.observations import Curve, Observation, Observations, Role, sample_steps
from descent_audit.numerics.datasets import kronecker

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

    The gradients are in the ratio 2 and so are the smoothness constants. The run on the first loss is at the rate
    $\eta$ that ``relative_rate``, $\eta L$, gives; the one on the second is at $\eta/2$ where ``compensated``, and then
    both visit the same points, otherwise at $\eta$.
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


def loss_after(loss: LeastSquares, rate: float, steps: int) -> float:
    r"""Return the loss after so many steps from 0: $f^* + \tfrac12\sum_j \lambda_j (1 - \eta\lambda_j)^{2k} c_j^2$.

    $\lambda_j$ are the eigenvalues of the Hessian and $c_j$ the components of the minimizer along its eigenvectors.
    """
    curvatures, basis = _modes(loss)
    modes = (1.0 - rate * curvatures) ** steps * (basis.T @ loss.minimizer)
    return float(loss.value(loss.minimizer) + 0.5 * np.sum(curvatures * modes**2))


def points_after(loss: LeastSquares, rate: float, steps: int) -> Array:
    r"""Return the points after k = 1, ..., N steps from 0, $\theta^* - \sum_j (1 - \eta\lambda_j)^k c_j v_j$.

    They are of shape ``(steps, d)``. $v_j$ are the eigenvectors of the Hessian, $\lambda_j$ and $c_j$ as in
    ``loss_after``.
    """
    curvatures, basis = _modes(loss)
    powers = (1.0 - rate * curvatures) ** np.arange(1.0, steps + 1.0)[:, None]
    return np.asarray(loss.minimizer - powers * (basis.T @ loss.minimizer) @ basis.T)


def _modes(loss: LeastSquares) -> tuple[Array, Array]:
    return np.linalg.eigh(2.0 * loss.factor / len(loss.targets) * loss.inputs.T @ loss.inputs)


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
            error = float(np.linalg.norm(slopes - gradient) / np.linalg.norm(gradient))
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
    paths = (iterate(loss.gradient, start, rate, steps) for loss, rate in zip((half, full), rates, strict=True))
    for reference, theta in zip(*paths, strict=True):
        deviation = np.maximum(deviation, np.max(np.abs(theta - reference)) / np.max(np.abs(reference)))
    decades = np.log10(full.value(theta) / full.value(start))
    predicted = np.log10(loss_after(full, rates[1], steps) / full.value(start))
    exact, other = (points_after(loss, rate, steps) for loss, rate in zip((half, full), rates, strict=True))
    parted = np.max(np.linalg.norm(other - exact, np.inf, axis=1) / np.linalg.norm(exact, np.inf, axis=1))
    at = {"relative_rate": relative_rate, "steps": steps}
    return Observations.of(
        [
            Observation("trajectory_deviation", float(deviation), float(parted), at),
            Observation("final_loss_decades", float(decades), float(predicted), at),
        ]
    )


def _drawn_losses(
    half: LeastSquares, full: LeastSquares, rates: tuple[float, float], *, relative_rate: float, steps: int
) -> Observations:
    """Draw the losses above their minimum, which is the squared error with the targets that the minimizer explains."""
    best, start, shown = half.minimizer, np.zeros(half.inputs.shape[1]), sample_steps(steps, 41)
    roles: tuple[Role, Role] = ("predicted", "measured")
    curves = []
    for loss, rate, role in zip((half, full), rates, roles, strict=True):
        excess = LeastSquares(loss.inputs, loss.inputs @ best, loss.factor)
        path = np.array([start, *iterate(loss.gradient, start, rate, steps)])
        series = rf"factor {loss.factor:g}, $\eta L$ = {rate * loss.smoothness:g}"
        curves.append(Curve("loss", series, role, shown, excess.value(path[shown]) / excess.value(start)))
    return Observations.of(curves=curves)
