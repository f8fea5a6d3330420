"""Runs of an optimizer on a landscape."""

import importlib
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
    rule = GradientDescent() if optimizer is None else optimizer
    x, state = start, rule.init(start)
    for _ in range(steps):
        x, state = rule.update(x, gradient(x), state, learning_rate)
        yield x


def final(gradient: Gradient, start: Array, learning_rate: Array | float, steps: int) -> Array:
    """Return the point after ``steps`` steps of gradient descent, of the shape of ``start``."""
    x = start
    for x in iterate(gradient, start, learning_rate, steps):  # noqa: B007
        pass
    return x


def snapshots(path: Iterable[Array], steps: Collection[int]) -> list[Array]:
    """Return the points of a run at some of its steps, counted from 1, in order; no other point is kept."""
    wanted = {int(step) for step in steps}
    return [x for step, x in enumerate(path, 1) if step in wanted]
