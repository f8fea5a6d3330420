"""Gradient descent in a sharp dent: losing stability at its bottom is not yet leaving it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, iterate, update_rule
from descent_audit.experiments.escape_rates import leaves, left_starts
from descent_audit.landscapes.dented_bowl import DentedBowl
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
LEVELS = 4
"""Halvings that one run decides: 15 rates cost little more than one."""


@dataclass(frozen=True)
class IntervalHull:
    r"""$I \mapsto [\min_{x \in I} g(x), \max_{x \in I} g(x)]$ for the step g of an update rule without state.

    Points of shape ``(..., positions)`` are equally spaced over an interval, before the step and after it. The image
    of an interval under a continuous step is an interval, so that no run from within can be outside the hull.
    """

    rule: Optimizer

    def init(self, x: Array) -> None:
        """Return the state before the first step: there is none."""

    def update(self, x: Array, gradient: Array, state: None, learning_rate: Array | float) -> tuple[Array, None]:
        """Return the next interval and the next state."""
        image, _ = self.rule.update(x, gradient, self.rule.init(x), learning_rate)
        low, high = image.min(axis=-1, keepdims=True), image.max(axis=-1, keepdims=True)
        return low + (high - low) * np.linspace(0, 1, x.shape[-1]), None


def dent_escape(
    *,
    optimizer: str,
    bowl_curvature: float,
    depth: float,
    centre: float,
    width: float,
    stability_bracket_relative_rates: list[float],
    stability_halvings: int,
    stability_steps: int,
    offset: float,
    unstable_distance: float,
    exit_bracket_relative_rates: list[float],
    exit_halvings: int,
    exit_steps: int,
    start_radius: float,
    starts: int,
    hull_points: int,
    drawn_relative_rates: list[float],
    drawn_points: int,
    drawn_starts: int,
) -> Observations:
    r"""Measure at which constant rate the dent's minimum loses stability, and at which one starts leave the dent.

    Rates are in units of $1/f''(x_{\min})$. Stability is lost at 2. The dent is left, on the left, at the rate at
    which the hull of the iterated interval around the minimum passes the maximum there (``IntervalHull``).
    """
    loss, rule = DentedBowl(bowl_curvature, depth, centre, width), update_rule(optimizer)
    dent = Dent(loss, rule, exit_steps)
    stability = dent.stability(
        stability_bracket_relative_rates,
        stability_halvings,
        steps=stability_steps,
        offset=offset,
        distance=unstable_distance,
    )
    around = dent.bottom + start_radius * np.linspace(-1, 1, starts)
    hull = dent.bottom + start_radius * np.linspace(-1, 1, hull_points)
    found = dent.exit_rate(rule, around, exit_bracket_relative_rates, exit_halvings)
    expected = dent.exit_rate(IntervalHull(rule), hull, exit_bracket_relative_rates, exit_halvings)
    relative = np.linspace(drawn_relative_rates[0], drawn_relative_rates[-1], drawn_points)
    few = dent.bottom + start_radius * np.linspace(-1, 1, drawn_starts)
    top = [0.0, 1.0]
    return Observations.of(
        [
            Observation("stability_rate", stability, 2.0),
            Observation("exit_rate", found, expected, replicates=starts),
            Observation("exit_beyond_hull", found - expected, 0.0),
            Observation("exit_over_stability", found / stability),
        ],
        [
            Curve("share", "dent", "measured", relative, dent.share_gone(relative, few)),
            Curve("share", "stability lost", "guide", [2.0, 2.0], top),
        ],
    )


@dataclass(frozen=True, eq=False)
class Dent:
    """Constant-rate runs in a dent; rates are multiples of the inverse curvature at its bottom."""

    loss: DentedBowl
    rule: Optimizer
    steps: int

    @property
    def bottom(self) -> float:
        """The minimum of the dent."""
        return self.loss.sharp_minimum

    def rate(self, relative: Array) -> Array:
        """Return learning rates, of shape ``(..., 1)`` against the starts of a run."""
        return relative[..., None] / self.loss.curvature(self.bottom)

    def stability(self, bracket: list[float], halvings: int, *, steps: int, offset: float, distance: float) -> float:
        """Return the rate at which a start beside the bottom is at some step further off than ``distance``."""
        bottom = self.bottom

        def unstable(relative: Array) -> NDArray[np.bool_]:
            rates = self.rate(relative)
            start, gone = np.full(rates.shape, bottom + offset), np.zeros(rates.shape, dtype=bool)
            for x in iterate(self.loss.gradient, start, rates, steps, self.rule):
                gone |= ~(np.abs(x - bottom) <= distance)
            return gone[..., 0]

        return float(bisect(unstable, *bracket, halvings=halvings, levels=LEVELS)[0])

    def exit_rate(self, rule: Optimizer, start: Array, bracket: list[float], halvings: int) -> float:
        """Return the rate at which some point of a run from ``start`` is left of the dent at some step."""
        border = self.loss.border

        def departs(relative: Array) -> NDArray[np.bool_]:
            path = iterate(self.loss.gradient, start, self.rate(relative), self.steps, rule)
            return np.array([leaves(path, border, np.inf)])

        return float(bisect(departs, *bracket, halvings=halvings)[0])

    def share_gone(self, relative: Array, start: Array) -> Array:
        """Return for each rate the share of starts that are left of the dent at some step."""
        replicas = np.broadcast_to(start, (len(relative), len(start)))
        path = iterate(self.loss.gradient, replicas, self.rate(relative), self.steps, self.rule)
        return left_starts(path, self.loss.border, np.inf).mean(axis=-1)
