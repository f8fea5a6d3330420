"""Runs of an optimizer on a landscape."""

import importlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from descent_audit.optimizers.gradient_descent import GradientDescent

Array = NDArray[np.float64]
Gradient = Callable[[Array], Array]


class Optimizer(Protocol):
    """An update rule under audit: pure functions of arrays whose leading axes are replicas."""

    def init(self, x: Array) -> Any:
        """Return the state before the first step."""

    def update(self, x: Array, gradient: Array, state: Any, learning_rate: Array | float) -> tuple[Array, Any]:
        """Return the next point and the next state."""


def update_rule(name: str, **hyperparameters: Array | float | bool) -> Optimizer:
    """Return the optimizer ``module.Class`` of ``descent_audit.optimizers`` with its hyperparameters.

    This is how a claim file names the implementation under audit: another one is put in its place by a module
    there that offers the same ``init`` and ``update``.
    """
    module, _, rule = name.partition(".")
    return getattr(importlib.import_module(f"descent_audit.optimizers.{module}"), rule)(**hyperparameters)


def iterate(
    gradient: Gradient, start: Array, learning_rate: Array | float, steps: int, optimizer: Optimizer | None = None
) -> Iterator[Array]:
    """Yield the points after 1, 2, ..., ``steps`` steps from ``start``, each of the shape of ``start``.

    ``learning_rate`` broadcasts against the points. Nothing is stored: a run may be as long as it likes. Overflow
    is not caught here: it becomes infinity or NaN, which a caller tests by "not (norm < bound)".
    """
    for x, _ in states(gradient, start, learning_rate, steps, optimizer):
        yield x


def states(
    gradient: Gradient,
    start: Array,
    learning_rate: Array | float,
    steps: int,
    optimizer: Optimizer | None = None,
    state: Any = None,
) -> Iterator[tuple[Array, Any]]:
    """Yield point and state after 1, 2, ..., ``steps`` steps, as ``iterate`` does with the points alone.

    A run goes on where another one stopped if it is given that one's last point and ``state``; without a state it
    starts afresh.
    """
    rule = GradientDescent() if optimizer is None else optimizer
    x, state = start, rule.init(start) if state is None else state
    for _ in range(steps):
        x, state = rule.update(x, gradient(x), state, learning_rate)
        yield x, state


def final(gradient: Gradient, start: Array, learning_rate: Array | float, steps: int) -> Array:
    """Return the point after ``steps`` steps of gradient descent, of the shape of ``start``."""
    return last(iterate(gradient, start, learning_rate, steps), start)


def last(path: Iterable[Array], start: Array) -> Array:
    """Return the last point of a run, or its start where it has no step; no other point is kept."""
    points = deque(path, maxlen=1)
    return points[0] if points else start


def final_state(
    gradient: Gradient,
    start: Array,
    learning_rate: Array | float,
    steps: int,
    optimizer: Optimizer | None = None,
    state: Any = None,
) -> tuple[Array, Any]:
    """Return the last point and state of ``states``: those given where there are no steps."""
    last = deque(states(gradient, start, learning_rate, steps, optimizer, state), maxlen=1)
    return last[0] if last else (start, state)


def snapshots(path: Iterable[Array], steps: Collection[int]) -> list[Array]:
    """Return the points of a run at some of its steps, counted from 1, in order; no other point is kept."""
    wanted = {int(step) for step in steps}
    return [x for step, x in enumerate(path, 1) if step in wanted]


def rescaled(x: Array, state: Array) -> tuple[Array, Array, Array]:
    r"""Return point and state over $n = \sqrt{x^2 + s^2}$, and $\ln n$; each number is a cell of its own.

    Where n = 0 nothing is left to scale: the logarithm is minus infinity, and both stay 0.
    """
    norm = np.hypot(x, state)
    scale = np.where(norm > 0, norm, 1.0)
    return x / scale, state / scale, np.log(norm)


def log_growth_rate(
    gradient: Gradient, start: Array, learning_rate: Array | float, steps: int, optimizer: Optimizer, *, every: int
) -> Array:
    r"""Return the mean growth per step of $\ln\sqrt{x^2 + s^2}$ over the second half of a run, cell by cell.

    For a map of point x and state s that is positively homogeneous: both are scaled back to norm 1 after ``every``
    steps, so that nothing over- or underflows. All arrays are of the shape of ``start``.
    """
    x, state = start, optimizer.init(start)
    half = steps // 2
    for first, last in ((0, half), (half, steps)):
        total = np.zeros(np.shape(start))
        for done in range(first, last, every):
            x, state = final_state(gradient, x, learning_rate, min(every, last - done), optimizer, state)
            x, state, log_norm = rescaled(x, state)
            total += log_norm
    return total / (steps - half)
