r"""Two wells in the noise of descent at a temperature: the chain, the domains of its exact reference, and its passages.

A step is $x' = x - \eta U'(x) + \sqrt{2\eta T}\,\xi$. What is said of the way from the sharp minimum to the flat one
holds for the way back on the mirrored loss.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.langevin import walk
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.theory.langevin_operators import (
    CUT,
    NODES,
    PANEL,
    LangevinChain,
    TransitionOperator,
    transition_operator,
)

Array = NDArray[np.float64]
DRAWN_NODES = 6
"""Nodes per panel of an operator whose result is only drawn: five digits."""


def chain(loss: TwoWells, learning_rate: float, temperature: float) -> LangevinChain:
    """Return noisy descent on the two wells."""
    return LangevinChain(loss.gradient, learning_rate, temperature)


def mirrored(loss: TwoWells) -> TwoWells:
    """Return the loss seen from the other side, $U(-x)$."""
    return TwoWells(loss.flat, loss.sharp)


def whole_line(loss: TwoWells, temperature: float) -> list[float]:
    """Return the breaks of an operator that nothing leaves: the walls at ``CUT`` temperatures, and the barrier."""
    left, right = loss.ends(CUT * temperature)
    return [left, 0.0, right]


def line_to_flat(loss: TwoWells, temperature: float) -> list[float]:
    """Return the breaks of the operator of the first passage to the flat minimum, which absorbs."""
    return [loss.ends(CUT * temperature)[0], 0.0, loss.minima[1]]


def passage_operator(
    loss: TwoWells, learning_rate: float, temperature: float, *, panel: float = PANEL, order: int = NODES
) -> TransitionOperator:
    """Return the operator of the first passage to the flat minimum."""
    noisy = chain(loss, learning_rate, temperature)
    return transition_operator(noisy, line_to_flat(loss, temperature), panel=panel, order=order)


def largest_learning_rate(well: Well, temperature: float) -> float:
    r"""Return the rate up to which the noise-free step maps a well, out to $U = E$, into itself: $a^2/(4hq)$.

    E is ``CUT`` temperatures and $q = \sqrt{1 + E/h}$. A step keeps the side of all points within $a\sqrt{1 + 1/k}$,
    $k = 4\eta h/a^2$, and the wall of energy E is at $a\sqrt{1 + q}$: hence $k \le 1/q$, and then no image is beyond
    the wall. Farther out, from $a\sqrt{1 + 2/k}$ on in equal wells, each step leads farther away, to infinity.
    """
    return well.width**2 / (4 * well.depth * math.sqrt(1 + CUT * temperature / well.depth))


def check_wells(loss: TwoWells, learning_rate: float, temperature: float, key: str = "learning_rate") -> None:
    """Raise ``OutOfRange`` where steps may lead to infinity, or where a well has no width or depth.

    ``temperature`` is the highest one and ``learning_rate`` the largest, which ``key`` gave.
    """
    for side, well in (("sharp", loss.sharp), ("flat", loss.flat)):
        for name, value in (("width", well.width), ("depth", well.depth)):
            if not value > 0:
                raise OutOfRange(f"{side}_{name}", value, "numbers above 0")
        largest = largest_learning_rate(well, temperature)
        if learning_rate > largest:
            reason = f"where the {side} well holds what temperature {temperature} can lift"
            raise OutOfRange(key, learning_rate, f"numbers up to {largest:.6g}, {reason}")


def check_stable(key: str, learning_rate: float, loss: TwoWells) -> None:
    r"""Raise ``OutOfRange`` for a rate from $2/\lambda$ of the steeper minimum on: it throws walkers off."""
    limit = 2.0 / max(loss.sharp.curvature, loss.flat.curvature)
    if not learning_rate < limit:
        raise OutOfRange(key, learning_rate, f"below {limit:g}, where both minima are stable")


def check_noisy(key: str, temperatures: list[float]) -> None:
    """Raise ``OutOfRange`` for a temperature without noise, where no passage ever ends."""
    if min(temperatures) <= 0:
        raise OutOfRange(key, min(temperatures), "numbers above 0")


def passages(
    loss: TwoWells, rng: Generator, x: Array, learning_rate: ArrayLike, noise: ArrayLike
) -> Iterator[NDArray[np.intp]]:
    """Yield after each step which walkers have reached the flat minimum; they go on from the sharp one.

    ``x`` of shape ``(walkers,)`` is changed in place; rates and noises are those of ``walk``.
    """
    start, target = loss.minima
    arrived = np.empty(x.shape, dtype=bool)
    for _ in walk(loss, rng, x, learning_rate, noise):
        np.greater_equal(x, target, arrived)
        hit = arrived.nonzero()[0]
        if len(hit):
            x[hit] = start
        yield hit
