"""When gradient descent in one dimension leaves a well: the escape rate, and a count of the departures."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.scheduled_runs import scheduled
from descent_audit.dynamics.schedules import decaying
from descent_audit.dynamics.trajectories import Gradient, Optimizer

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DecayedRuns:
    r"""Runs of one update rule on one loss whose rates decay from $\eta_0$ to $r\eta_0$ in N steps.

    ``final_ratio`` is r and ``steps`` N; ``schedule`` names the decay.
    """

    gradient: Gradient
    rule: Optimizer
    final_ratio: float
    steps: int

    def path(self, schedule: str, start: Array, learning_rate: ArrayLike) -> Iterator[Array]:
        """Yield the points after each step, of the shape of ``start``, which the first rates broadcast against."""
        decay = decaying(schedule, learning_rate, self.final_ratio, self.steps)
        return scheduled(lambda x, _: self.gradient(x), start, decay, self.steps, self.rule)


def escape_rate(gradient: Callable[[Array], Array], left: float, right: float, points: int) -> float:
    r"""Return $\eta_{\rm esc} = \inf_{x \in W} \mathrm{dist}(x, b(x))/|f'(x)|$ of the well $W$ = (left, right).

    $b(x)$ is the end towards which $-f'(x)$ points: a step of rate $\eta$ reaches it when $\eta|f'(x)|$ is that
    distance, so that no step leaves the well iff $\eta \le \eta_{\rm esc}$. The infimum is taken over ``points``
    equally spaced positions with a slope.
    """
    x = inside(left, right, points)
    slope = gradient(x)
    x, slope = x[slope != 0], slope[slope != 0]
    return float(np.min(np.where(slope > 0, x - left, right - x) / np.abs(slope)))


def escape_rates(gradient: Callable[[Array], Array], borders: Array, points: int) -> Array:
    """Return the escape rate of each well between neighbouring borders."""
    return np.array([escape_rate(gradient, left, right, points) for left, right in pairwise(borders)])


def well_ends(borders: Array, well: int) -> tuple[float, float]:
    """Return the ends of a well, counted from the central one to the right; ``borders`` are symmetric about it."""
    middle = len(borders) // 2 + well
    return float(borders[middle - 1]), float(borders[middle])


def inside(left: float, right: float, points: int) -> Array:
    """Return equally spaced positions of a well without its ends."""
    return np.linspace(left, right, points + 2)[1:-1]


def leaves(path: Iterable[Array], left: float, right: float) -> bool:
    """Say whether some point is outside the well at some step; the run ends there. NaN is outside."""
    return any(not (left < np.min(x) and np.max(x) < right) for x in path)


def left_starts(path: Iterable[Array], left: float, right: float) -> NDArray[np.bool_]:
    """Return which starts are outside the well at some step, of the shape of the points."""
    gone = np.zeros(1, dtype=bool)
    for x in path:
        gone = gone | ~((left < x) & (x < right))
    return gone


def basin_changes(path: Iterable[Array], start: Array, borders: Array) -> tuple[Array, Array, NDArray[np.int_]]:
    """Return the final points, the number of basin changes per start and the last step with a change per row.

    Points are of shape ``(..., starts)``. A change between $x_t$ and $x_{t+1}$ belongs to step t, counted from 0; a row
    without a change has -1.
    """
    x, basin = start, np.searchsorted(borders, start)
    counts, last = np.zeros(start.shape), np.full(start.shape[:-1], -1)
    for t, x in enumerate(path):
        reached = np.searchsorted(borders, x)
        changed = reached != basin
        counts += changed
        last = np.where(changed.any(axis=-1), t, last)
        basin = reached
    return x, counts, last
