"""Mini-batch descent on least squares, many runs at once: the only loop is the one over steps."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.scheduled_runs import Schedule, scheduled
from descent_audit.dynamics.trajectories import Optimizer
from descent_audit.landscapes.least_squares import LeastSquares

Array = NDArray[np.float64]
Indices = NDArray[np.int_]


def batch_gradient(loss: LeastSquares, theta: Array, batch: Indices) -> Array:
    r"""Return $\frac{2c}m\sum_{i\in B}(x_i\cdot\theta - y_i)\,x_i$, one batch ``(..., m)`` per point ``(..., d)``."""
    inputs = loss.inputs[batch]
    residual = np.einsum("...md,...d->...m", inputs, theta) - loss.targets[batch]
    return np.einsum("...m,...md->...d", residual, inputs) * (2.0 * loss.factor / batch.shape[-1])


def batch_descent(
    loss: LeastSquares,
    rule: Optimizer,
    start: Array,
    learning_rate: float | Schedule,
    steps: int,
    batches: Callable[[int], Indices],
) -> Iterator[Array]:
    """Yield the points ``(runs, d)`` after each step; step k, counted from 1, sees ``batches(k)`` ``(runs, m)``.

    ``learning_rate`` is one number, or the rate of every step k.
    """

    def gradient(theta: Array, step: int) -> Array:
        return batch_gradient(loss, theta, batches(step))

    schedule = learning_rate if callable(learning_rate) else lambda _: learning_rate
    return scheduled(gradient, start, schedule, steps, rule)


def random_descent(
    loss: LeastSquares,
    rule: Optimizer,
    rng: Generator,
    start: Array,
    learning_rate: float | Schedule,
    steps: int,
    batch_size: int,
) -> Iterator[Array]:
    """Yield the points of ``batch_descent`` with uniform batches without replacement, fresh ones at every step."""
    runs, samples = len(start), len(loss.targets)
    return batch_descent(
        loss,
        rule,
        start,
        learning_rate,
        steps,
        lambda _: draw_batches(rng, runs, samples, batch_size, replacement=False),
    )
