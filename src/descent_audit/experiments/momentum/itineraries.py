r"""Proof of growth from the sides that a run visits: periodic signs and the matrix of one period."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, Optimizer, rescaled, states

Array = NDArray[np.float64]
Sides = NDArray[np.bool_]


@dataclass(frozen=True)
class Certificate:
    r"""What the matrix of one period p says about a run whose sides repeat; $\lambda$ is its dominant eigenvalue.

    ``growth`` is $|\lambda|^{1/p}$ per step and ``phase`` the angle of $\lambda$. ``mismatches`` counts the steps of a
    period at which the run that starts on the eigenvector is not on the side that it was taken to be on. With none of
    them and phase 0 that run repeats the itinerary for ever and is multiplied by $\lambda$ each time: a proof, not a
    measurement.
    """

    period: int
    growth: float
    phase: float
    mismatches: int


def visited_sides(
    gradient: Gradient, start: Array, learning_rate: float, optimizer: Optimizer, *, steps: int, every: int
) -> Sides:
    """Return for each of the ``steps`` points of a run whether it is on the right, x >= 0.

    The map must be positively homogeneous: the run is scaled back to norm 1 after ``every`` steps.
    """
    x, state = start, optimizer.init(start)
    sides: list[bool] = []
    for done in range(0, steps, every):
        path = list(states(gradient, x, learning_rate, min(every, steps - done), optimizer, state))
        sides += [bool(point >= 0) for point, _ in path]
        x, state, _ = rescaled(*path[-1])
    return np.array(sides)


def smallest_period(sides: Sides, longest: int) -> int | None:
    """Return the smallest period of a sequence up to ``longest``, or ``None`` where it has none."""
    return next((p for p in range(1, longest + 1) if np.array_equal(sides[p:], sides[:-p])), None)


def certificate(sides: Sides, left: Array, right: Array) -> Certificate:
    r"""Return the certificate of one period; ``left`` and ``right`` are the matrices of a step from either side.

    $(x, v) \mapsto M(x, v)$ with $M$ their product in the order of the visits ``sides``, of shape ``(period,)``.
    """
    steps = [right if side else left for side in sides]
    product = np.eye(2)
    for step in steps:
        product = step @ product
    values, vectors = np.linalg.eig(product)
    dominant = int(np.argmax(np.abs(values)))
    value, vector = complex(values[dominant]), np.real(vectors[:, dominant])
    growth = abs(value) ** (1.0 / len(sides))
    mismatches = min(_mismatches(sides, steps, sign * vector) for sign in (1.0, -1.0))
    return Certificate(len(sides), growth, abs(float(np.angle(value))), mismatches)


def _mismatches(sides: Sides, steps: list[Array], vector: Array) -> int:
    count = 0
    for side, step in zip(sides, steps, strict=True):
        count += bool(vector[0] >= 0) != bool(side)
        vector = step @ vector
    return count
