"""Gradients that repeat with a rare large one: the drift of Adam over a period, in closed form and measured."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.scheduled_runs import SingleSteps, StepGradient, scheduled
from descent_audit.dynamics.trajectories import Optimizer
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
ROOT_HALVINGS = 60


def cyclic(large: ArrayLike, period: int) -> StepGradient:
    """Return the gradient that is ``large`` at steps 1, 1 + P, 1 + 2P, ... and -1 at all others."""
    rare, usual = np.asarray(large, dtype=float), np.asarray(-1.0)
    return lambda x, t: rare if t % period == 1 else usual


def clipped_run(
    rule: Optimizer, large: ArrayLike, period: int, learning_rate: float, steps: int, cells: tuple[int, ...]
) -> Iterator[Array]:
    r"""Yield the points of a run over [-1, 1] from 0 at the rates $\eta/\sqrt t$, each of shape ``cells``."""
    return scheduled(
        cyclic(large, period),
        np.zeros(cells),
        lambda t: learning_rate / math.sqrt(t),
        steps,
        rule,
        lambda x: np.minimum(np.maximum(x, -1.0), 1.0),
    )


def period_drift(large: ArrayLike, second_decay: ArrayLike, period: int) -> Array:
    r"""Return by how much, in units of $\eta$, a period of P steps moves the point where $\beta_1 = 0$; broadcasts.

    $D = \sum_{j=2}^P v_j^{-1/2} - C v_1^{-1/2}$ with the periodic mean square: $v_1 = \bigl((1-\beta_2)C^2 + \beta_2 -
    \beta_2^P\bigr)/(1-\beta_2^P)$ at the large gradient and $v_j = 1 + \beta_2^{j-1}(v_1 - 1)$ at the j-th step.
    """
    c, decay = np.broadcast_arrays(np.asarray(large, dtype=float), np.asarray(second_decay, dtype=float))
    first = periodic_square(c, decay, period)
    return sum(1 / np.sqrt(1 + decay**j * (first - 1)) for j in range(1, period)) - c / np.sqrt(first)


def periodic_square(large: ArrayLike, second_decay: ArrayLike, period: int) -> Array:
    """Return the periodic mean square at the large gradient, the largest of the period; broadcasts."""
    c, decay = np.asarray(large, dtype=float), np.asarray(second_decay, dtype=float)
    return ((1 - decay) * c**2 + decay - decay**period) / (1 - decay**period)


def critical_second_decay(large: Array, low: float, high: float, period: int) -> Array:
    r"""Return the root of the drift in $\beta_2$ between ``low`` and ``high``, of the shape of ``large``."""
    return bisect(
        lambda decay: period_drift(large, decay, period) < 0,
        np.full_like(large, low),
        np.full_like(large, high),
        halvings=ROOT_HALVINGS,
    )


def measured_drift(rule: Optimizer, large: ArrayLike, period: int, burn_in: float, cells: tuple[int, ...]) -> Array:
    """Return the movement of a rule over one period at the rate 1, after a burn-in of whole periods, per cell."""
    waiting = math.ceil(burn_in / period) * period
    path = scheduled(cyclic(large, period), np.zeros(cells), lambda _: 1.0, waiting + period, SingleSteps(rule))
    total = np.zeros(cells)
    for t, step in enumerate(path):
        if t >= waiting:
            total = total + step
    return total


def smallest_failing_period(second_decay: float, excess: float, longest: int) -> int:
    r"""Return the smallest period with a drift to the wrong end where $C$ is ``excess`` times $P - 1$."""
    drifts = (float(period_drift(excess * (period - 1), second_decay, period)) for period in range(2, longest + 1))
    return next((period for period, drift in enumerate(drifts, 2) if drift > 0), longest + 1)
