"""Runs whose learning rate and whose loss may change from step to step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import Optimizer
from descent_audit.optimizers.gradient_descent import GradientDescent

Array = NDArray[np.float64]
Schedule = Callable[[int], Array | float]
StepGradient = Callable[[Array, int], Array]
Projection = Callable[[Array], Array]


def scheduled(
    gradient: StepGradient,
    start: Array,
    schedule: Schedule,
    steps: int,
    optimizer: Optimizer | None = None,
    projection: Projection | None = None,
) -> Iterator[Array]:
    """Yield the points after 1, 2, ..., ``steps`` steps from ``start``, each of the shape of ``start``.

    Step k, counted from 1, uses ``gradient(x, k)`` at the point before it and the rate ``schedule(k)``, which
    broadcasts against the points; ``projection`` then takes the point back to where it may lie. Overflow is left to
    the caller, as in ``trajectories.iterate``.
    """
    rule = GradientDescent() if optimizer is None else optimizer
    x, state = start, rule.init(start)
    for k in range(1, steps + 1):
        x, state = rule.update(x, gradient(x, k), state, schedule(k))
        x = x if projection is None else projection(x)
        yield x


@dataclass(frozen=True, eq=False)
class SingleSteps:
    r"""A rule that takes each of its steps from the origin: the points of its run are the steps $x_t - x_{t-1}$.

    Where gradients do not depend on the point these are the steps of ``rule`` itself, and none of their digits is
    lost to the size of a point that they have added up to.
    """

    rule: Optimizer

    def init(self, x: Array) -> Any:
        """Return the state of the rule before the first step."""
        return self.rule.init(x)

    def update(self, x: Array, gradient: Array, state: Any, learning_rate: Array | float) -> tuple[Array, Any]:
        """Return the next step and the next state of the rule."""
        return self.rule.update(np.zeros_like(x), gradient, state, learning_rate)


def step_factors(curvatures: ArrayLike, learning_rates: ArrayLike) -> Array:
    r"""Return $|w_k / w_{k-1}|$ of gradient descent on $\tfrac12 a_k w^2$, in the common shape of $a_k$ and $\eta_k$.

    The loss is quadratic, so a factor does not depend on where its step starts: all steps are taken side by side
    from $w = 1$. The logarithms of their running product neither overflow nor underflow, however long the run.
    """
    slope, rate = np.broadcast_arrays(np.asarray(curvatures, dtype=float), np.asarray(learning_rates, dtype=float))
    w = np.ones(slope.shape)
    return np.abs(GradientDescent().update(w, slope * w, None, rate)[0])
