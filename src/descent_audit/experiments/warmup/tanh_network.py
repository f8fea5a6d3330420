"""The largest Hessian eigenvalue of a small network along full-batch training, for two losses."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import difference_gradient
from descent_audit.networks.models import (
    LinearModel,
    LogisticLoss,
    Loss,
    Model,
    SquaredLoss,
    TanhNetwork,
    Training,
    difference_hessian,
)
from descent_audit.numerics.datasets import kronecker

Array = NDArray[np.float64]
SECOND_WIDTH = 1e-3
"""Step of second differences: their truncation and their rounding are then about equal."""


def curvature_along_training(
    *,
    model: Literal["tanh", "linear"],
    loss: Literal["logistic", "squared"],
    weight_scale: float,
    dimension: int,
    hidden_units: int,
    samples: int,
    direction: list[float],
    replicas: int,
    steps: int,
    relative_rate: float,
    difference_width: float,
    drawn_replicas: int,
    drawn_points: int,
    streams: Streams,
) -> Observations:
    r"""Measure $\lambda_N/\lambda_0$, the largest Hessian eigenvalue after training over that at a random start.

    Inputs are Kronecker data, targets $t_i = \sin(x_i\cdot v)$ with $v$ = ``direction`` cut to the dimension; the
    logistic loss learns their signs. Every start trains at its own rate, ``relative_rate`` over $\lambda_0$. With a
    separating fit the factor $p(1-p)$ of every sample's curvature vanishes with the logistic loss; a linear model
    under squared loss has a constant Hessian. At the start the gradient is compared with differences of the loss, and
    the curvature along its eigenvector with second differences: each by its relative error over all starts. The start
    itself is held to its law: weights are normal with the variance ``weight_scale``² over the inputs of their layer.
    """
    training = _training(model, loss, dimension, hidden_units, samples, direction)
    start = training.model.start(weight_scale, replicas, streams.generator("start"))
    before = _top_eigenvalues(training, start, difference_width)
    path = iterate(training.gradient, start, (relative_rate / before)[:, None], steps)
    shown = sample_steps(steps, drawn_points, log=True)
    x, sampled = start, []
    for k, x in enumerate(path, 1):
        if k in shown:
            sampled.append(x[:drawn_replicas])
    after, final_loss = _top_eigenvalues(training, x, difference_width), training.value(x)
    predicted = 1.0 if model == "linear" and loss == "squared" else None
    observations = []
    for index in range(replicas):
        at = {"start": index}
        observations += [
            Observation("curvature_ratio", after[index] / before[index], predicted, at),
            Observation("final_loss", final_loss[index], at=at),
        ]
    squares, count = _start_squares(model, start, weight_scale, dimension, hidden_units)
    observations.append(Observation("start_square_sum", squares, count, replicates=replicas))
    drawn = np.array([_top_eigenvalues(training, point, difference_width) for point in sampled])
    gradient_error, curvature_error = _difference_errors(training, start, difference_width)
    observations += [
        Observation("gradient_error", gradient_error, 0.0),
        Observation("curvature_error", curvature_error, 0.0),
    ]
    return Observations.of(observations, _curves(shown, drawn / before[:drawn_replicas], relative_rate))


def _training(
    model: str, loss: str, dimension: int, hidden_units: int, samples: int, direction: list[float]
) -> Training:
    inputs = kronecker(samples, dimension)
    targets = np.sin(inputs @ np.array(direction[:dimension]))
    if loss == "logistic":
        targets = np.sign(targets)
    chosen: Model = TanhNetwork(dimension, hidden_units) if model == "tanh" else LinearModel(dimension)
    measure: Loss = LogisticLoss() if loss == "logistic" else SquaredLoss()
    return Training(chosen, measure, inputs, targets)


def _start_squares(
    model: str, start: Array, weight_scale: float, dimension: int, hidden_units: int
) -> tuple[float, float]:
    """Return the sum of squared weights in units of their variances, and their number."""
    layers = [(dimension, hidden_units), (hidden_units, 1)] if model == "tanh" else [(dimension, 1)]
    variances = np.concatenate([np.full(inputs * units, weight_scale**2 / inputs) for inputs, units in layers])
    drawn = start[start != 0.0].reshape(len(start), -1)
    return float(np.sum(drawn**2 / variances)), float(drawn.size)


def _difference_errors(training: Training, points: Array, width: float) -> tuple[float, float]:
    r"""Return the relative errors of gradient and largest curvature against first and second differences of the loss.

    Second differences divide rounding by $\delta^2$, so they take $\delta$ = ``SECOND_WIDTH``.
    """
    gradient, by_loss = training.gradient(points), difference_gradient(training.value, points, width)
    values, vectors = np.linalg.eigh(difference_hessian(training.gradient, points, width))
    step = SECOND_WIDTH * vectors[..., -1]
    around = training.value(points + step) - 2.0 * training.value(points) + training.value(points - step)
    curvature = around / SECOND_WIDTH**2
    return (
        float(np.abs(gradient - by_loss).max() / np.abs(by_loss).max()),
        float(np.abs(values[:, -1] / curvature - 1.0).max()),
    )


def _top_eigenvalues(training: Training, points: Array, width: float) -> Array:
    """Return the largest eigenvalue of the Hessian at each point, of shape ``(replicas,)``."""
    hessians = difference_hessian(training.gradient, points, width)
    return np.asarray(np.linalg.eigvalsh(hessians)[:, -1], dtype=float)


def _curves(shown: Array, ratios: Array, relative_rate: float) -> list[Curve]:
    r"""Return a series per start, and the limit $2/\eta$ in units of the first curvature."""
    series = [Curve("curvature", f"start {i}", "measured", shown, column) for i, column in enumerate(ratios.T)]
    limit = 2.0 / relative_rate
    return [*series, Curve("curvature", r"$2/\eta$", "guide", [shown[0], shown[-1]], [limit, limit])]
