"""Runs whose learning rate and whose loss may change from step to step."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.trajectories import Optimizer

Array = NDArray[np.float64]
Schedule = Callable[[int], Array | float]
StepGradient = Callable[[Array, int], Array]


def scheduled(
    gradient: StepGradient, start: Array, schedule: Schedule, steps: int, optimizer: Optimizer | None = None
) -> Iterator[Array]:
    """Yield the points after 1, 2, ..., ``steps`` steps from ``start``, each of the shape of ``start``.

    Step k, counted from 1, uses ``gradient(x, k)`` at the point before it and the rate ``schedule(k)``, which
    broadcasts against the points. Overflow is left to the caller, as in ``trajectories.iterate``.
    """
    rule = GradientDescent() if optimizer is None else optimizer
    x, state = start, rule.init(start)
    for k in range(1, steps + 1):
        x, state = rule.update(x, gradient(x, k), state, schedule(k))
        yield x


def step_factors(curvatures: ArrayLike, learning_rates: ArrayLike) -> Array:
    r"""Return $|w_k / w_{k-1}|$ of gradient descent on $\tfrac12 a_k w^2$, in the common shape of $a_k$ and $\eta_k$.

    The loss is quadratic, so a factor does not depend on where its step starts: all steps are taken side by side
    from $w = 1$. The logarithms of their running product neither overflow nor underflow, however long the run.
    """
    slope, rate = np.broadcast_arrays(np.asarray(curvatures, dtype=float), np.asarray(learning_rates, dtype=float))
    w = np.ones(slope.shape)
    return np.abs(GradientDescent().update(w, slope * w, None, rate)[0])
