"""Many heavy balls side by side, each a number with rate and momentum of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import Gradient, states, update_rule

Array = NDArray[np.float64]
REST = 1e-304
"""Distance from rest at which a run is over; well above the smallest normal number, 2.2e-308."""
BLOCK = 50
"""Steps after which runs are looked at for rest."""


@dataclass(frozen=True, eq=False)
class Ends:
    """Where runs stand after their last step, and the extreme points on the way; arrays of one shape.

    A run that has overflowed has a ``lowest`` point that is infinite or not a number.
    """

    point: Array
    velocity: Array
    lowest: Array
    highest: Array

    def exceeds(self, distance: float) -> NDArray[np.bool_]:
        """Say of each run whether it was ever further from 0 than ``distance``, or overflowed."""
        return ~((self.lowest >= -distance) & (self.highest <= distance))

    def within(self, radius: float) -> NDArray[np.bool_]:
        """Say of each run whether point and velocity end within ``radius`` of 0."""
        return np.maximum(np.abs(self.point), np.abs(self.velocity)) <= radius


def run_cells(
    optimizer: str, gradient: Gradient, start: ArrayLike, learning_rate: ArrayLike, momentum: ArrayLike, steps: int
) -> Ends:
    """Return the ends of runs from rest in the common shape of start, learning rate and momentum.

    For losses that are quadratic around a minimum at 0: a run that has come within ``REST`` of it, point and velocity,
    is left there. What it would still do is a decay in subnormal numbers, which some processors handle slowly.
    """
    x, rates, beta = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (start, learning_rate, momentum)))
    rule = update_rule(optimizer, momentum=beta)
    velocity = np.zeros_like(x)
    lowest, highest = x, x
    for done in range(0, steps, BLOCK):
        for point, speed in states(gradient, x, rates, min(BLOCK, steps - done), rule, velocity):
            lowest, highest = np.minimum(lowest, point), np.fmax(highest, point)
            x, velocity = point, speed
        resting = (np.abs(x) < REST) & (np.abs(velocity) < REST)
        x, velocity = np.where(resting, 0.0, x), np.where(resting, 0.0, velocity)
    return Ends(x, velocity, lowest, highest)


def grid(rates: ArrayLike, momentum: ArrayLike) -> tuple[Array, Array]:
    """Return all pairs of a rate and a momentum as two arrays of shape ``(rates, momenta)``."""
    return tuple(np.meshgrid(rates, momentum, indexing="ij"))  # type: ignore[return-value]


def short(values: Array) -> Array:
    """Return coordinates of a map as a list of numbers with six digits, which keeps its file small."""
    return np.array([float(f"{value:.6g}") for value in np.ravel(values)])
