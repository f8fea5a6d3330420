"""Cosine annealing and exponential decay from the same starts: how often they end in different basins."""

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.schedules import DECAYS
from descent_audit.dynamics.trajectories import last, update_rule
from descent_audit.experiments.escape_rates import DecayedRuns, basin_changes, escape_rates, well_ends
from descent_audit.landscapes.dented_bowl import DentedBowl
from descent_audit.landscapes.multi_well import MultiWell
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
SHIFT = 0.12
"""How far marks of two schedules are moved apart where they would hide each other."""


class Outcome(NamedTuple):
    """Where runs end, ``(rates, starts)``: the basin, the central one 0, and how often each start changed basin."""

    basin: NDArray[np.int_]
    changes: Array


def basin_divergence(
    *,
    optimizer: str,
    bowl_curvature: float,
    ripple: float,
    wave_number: float,
    outermost: float,
    reference_points: int,
    second_schedule: Literal["exponential", "cosine"],
    reach: float,
    starts: int,
    steps: int,
    final_ratio: float,
    relative_rates: list[float],
    perturbation: float,
    stretch_relative_rate: float,
    stretch_starts: int,
    drawn_relative_rate: float,
    drawn_starts: int,
) -> Observations:
    r"""Measure the share of starts that cosine and ``second_schedule`` take to different basins.

    Starts fill [-``reach``, ``reach``]. Up to the smallest escape rate of the wells that lie wholly within, no start
    changes basin and the share is 0. Exponential decay catches up with the cosine when its run is stretched until it
    has as many steps above the smallest escape rate of all wells (see ``stretched_steps``). ``sensitivity`` is the
    share of starts whose basin changes when the start is moved by ``perturbation``.
    """
    loss = MultiWell(bowl_curvature, ripple, wave_number)
    runs = DecayedRuns(loss.gradient, update_rule(optimizer), final_ratio, steps)
    borders = loss.maxima(outermost)
    escape = escape_rates(loss.gradient, borders, reference_points) * loss.smoothness
    within = (borders[:-1] >= -reach) & (borders[1:] <= reach)
    smallest = float(escape[within].min())
    landscape = Landscape(loss, borders, runs)
    start, schedules = np.linspace(-reach, reach, starts), ("cosine", second_schedule)
    rates = np.array(relative_rates)
    level = float(escape.min()) / stretch_relative_rate
    stretch = stretched_steps(level, final_ratio, steps)
    length = steps * passed_at("cosine", level, final_ratio) / passed_at("exponential", level, final_ratio)
    left, right = well_ends(borders, 0)
    central = (right - left) / (2 * reach)
    return (
        _compared(
            landscape, start, schedules, rates=rates, perturbation=perturbation, smallest=smallest, central=central
        )
        + Observations.of([Observation("stretched_length", stretch, length)])
        + _stretched(landscape, np.linspace(-reach, reach, stretch_starts), rate=stretch_relative_rate, steps=stretch)
        + _drawn(landscape, np.linspace(-reach, reach, drawn_starts), schedules, drawn_relative_rate)
        + _guides({"smallest escape rate": smallest, "central escape rate": float(escape.max())})
    )


def deeper_well(
    *,
    optimizer: str,
    bowl_curvature: float,
    depth: float,
    centre: float,
    width: float,
    relative_rate: float,
    reach: float,
    starts: int,
    steps: int,
    final_ratio: float,
    drawn_starts: int,
) -> Observations:
    r"""Measure which schedule ends in the deeper, sharp well of a dented bowl, and the mean final losses.

    The first rate is ``relative_rate`` over the curvature at the bottom of the dent.
    """
    loss = DentedBowl(bowl_curvature, depth, centre, width)
    runs = DecayedRuns(loss.gradient, update_rule(optimizer), final_ratio, steps)
    rate, start = relative_rate / float(loss.curvature(loss.sharp_minimum)), np.linspace(-reach, reach, starts)
    final = {name: _end(runs, name, start, rate) for name in ("cosine", "exponential")}
    sharp = {name: x > loss.border for name, x in final.items()}
    value = {name: float(np.mean(loss.value(x))) for name, x in final.items()}
    drawn = np.linspace(-reach, reach, drawn_starts)
    curves = [Curve("dent", name, "measured", drawn, _end(runs, name, drawn, rate)) for name in final]
    return Observations.of(
        [
            Observation("sharp_exponential_only", float(np.mean(sharp["exponential"] & ~sharp["cosine"]))),
            Observation("sharp_cosine_only", float(np.mean(sharp["cosine"] & ~sharp["exponential"]))),
            Observation("mean_loss_cosine", value["cosine"], replicates=starts),
            Observation("mean_loss_exponential", value["exponential"], replicates=starts),
            Observation("mean_loss_gap", value["cosine"] - value["exponential"], replicates=starts),
        ],
        [*curves, Curve("dent", "border of the dent", "guide", [-reach, reach], [loss.border, loss.border])],
    )


def stretched_steps(level: float, ratio: float, steps: int) -> int:
    r"""Return the run length at which exponential decay has as many rates above $u\eta_0$ as a cosine of N steps.

    The cosine passes $u$ at $s_c = \tfrac1\pi\arccos\bigl(2\tfrac{u-r}{1-r} - 1\bigr)$, exponential decay at
    $s_e = \ln u/\ln r$: the length is $N s_c/s_e$, rounded.
    """
    cosine = math.acos(2 * (level - ratio) / (1 - ratio) - 1) / math.pi
    return round(steps * cosine * math.log(ratio) / math.log(level))


def passed_at(schedule: str, level: float, ratio: float) -> float:
    r"""Return the progress $s$ at which a decay passes $u\eta_0$, by bisection; in a run of two steps $s = t$."""
    return float(bisect(lambda s: DECAYS[schedule](s, 1.0, ratio, 2) <= level, 0.0, 1.0, halvings=50)[0])


class Landscape(NamedTuple):
    """A loss with the maxima between its basins and the runs that are made on it."""

    loss: MultiWell
    borders: Array
    runs: DecayedRuns

    def outcome(self, schedule: str, start: Array, relative_rates: Array) -> Outcome:
        """Return where runs from all starts end at all first rates, given in units of $1/L$."""
        x = np.broadcast_to(start, (len(relative_rates), len(start)))
        path = self.runs.path(schedule, x, relative_rates[:, None] / self.loss.smoothness)
        final, changes, _ = basin_changes(path, x, self.borders)
        return Outcome(np.searchsorted(self.borders, final) - len(self.borders) // 2, changes)


def _compared(
    landscape: Landscape,
    start: Array,
    schedules: tuple[str, str],
    *,
    rates: Array,
    perturbation: float,
    smallest: float,
    central: float,
) -> Observations:
    """Report outcomes at all first rates; up to the smallest escape rate the central basin keeps its share, central."""
    outcomes = [landscape.outcome(name, start, rates) for name in schedules]
    moved = [landscape.outcome(name, start + perturbation, rates) for name in schedules]
    share = np.mean(outcomes[0].basin != outcomes[1].basin, axis=-1)
    observations = [
        Observation("differing_share", value, 0.0 if rate <= smallest else None, {"relative_rate": float(rate)})
        for rate, value in zip(rates, share, strict=True)
    ]
    for name, (outcome, other) in dict(zip(schedules, zip(outcomes, moved, strict=True), strict=True)).items():
        for rate, basin, changes, elsewhere in zip(rates, *outcome, other.basin, strict=True):
            at: dict[str, Scalar] = {"relative_rate": float(rate), "schedule": name}
            unchanged = 0.0 if rate <= smallest else None
            observations.append(Observation("basin_changes", float(np.mean(changes)), unchanged, at))
            observations.append(Observation("sensitivity", float(np.mean(basin != elsewhere)), at=at))
            kept = central if rate <= smallest else None
            observations.append(_global_share(name, float(np.mean(basin == 0)), kept, float(rate)))
    return Observations.of(observations, [Curve("differing", "differing share", "measured", rates, share)])


def _global_share(schedule: str, share: float, predicted: float | None, rate: float) -> Observation:
    at: dict[str, Scalar] = {"relative_rate": rate}
    if schedule == "cosine":
        return Observation("global_share_cosine", share, predicted, at)
    return Observation("global_share_exponential", share, predicted, at)


def _stretched(landscape: Landscape, start: Array, *, rate: float, steps: int) -> Observations:
    """Report the share of the central basin after the stretched exponential decay, against that after the cosine."""
    rates = np.array([rate])
    stretched = landscape._replace(runs=replace(landscape.runs, steps=steps))
    cosine = landscape.outcome("cosine", start, rates)
    longer = stretched.outcome("exponential", start, rates)
    measured, predicted = (float(np.mean(outcome.basin == 0)) for outcome in (longer, cosine))
    at: dict[str, Scalar] = {"relative_rate": rate, "steps": steps}
    return Observations.of([Observation("stretched_global_share", measured, predicted, at, replicates=len(start))])


def _drawn(landscape: Landscape, start: Array, schedules: tuple[str, str], rate: float) -> Observations:
    """Draw the final basin over the start, the schedules shifted apart to be seen."""
    curves = []
    for name, shift in zip(schedules, (SHIFT, -SHIFT), strict=True):
        basin = landscape.outcome(name, start, np.array([rate])).basin[0]
        curves.append(Curve("final", name, "measured", start, basin + shift))
    return Observations.of(curves=curves)


def _guides(rates: dict[str, float]) -> Observations:
    """Draw escape rates as vertical lines across the shares."""
    return Observations.of(
        curves=[Curve("differing", name, "guide", [rate, rate], [0.0, 1.0]) for name, rate in rates.items()]
    )


def _end(runs: DecayedRuns, schedule: str, start: Array, rate: float) -> Array:
    """Return the final points of runs from all starts."""
    return last(runs.path(schedule, start, rate), start)
