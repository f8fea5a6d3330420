"""Schedules on a loss of many wells: from which first rate on a start changes basin, and until which step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.schedules import DECAYS
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.escape_rates import (
    DecayedRuns,
    basin_changes,
    escape_rate,
    escape_rates,
    inside,
    leaves,
    left_starts,
    well_ends,
)
from descent_audit.landscapes.cosine_well import CosineWell, escape_relative_rate
from descent_audit.landscapes.multi_well import MultiWell
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
SCHEDULES = ("cosine", "exponential")


def basin_threshold(
    *,
    optimizer: str,
    bowl_curvature: float,
    ripple: float,
    wave_number: float,
    outermost: float,
    wells: list[int],
    reference_points: int,
    starts: int,
    steps: int,
    final_ratio: float,
    bracket_relative_rates: list[float],
    halvings: int,
    change_relative_rates: list[float],
    change_reach: float,
    change_starts: int,
    drawn_relative_rates: list[float],
    drawn_points: int,
    drawn_starts: int,
) -> Observations:
    r"""Measure the first rate at which some start leaves its well, and the last step at which a start changes basin.

    A well is invariant under a step iff $\eta \le \eta_{\rm esc}$ (see ``escape_rate``). The first rate of a decay is
    its largest, so that the first change appears at $\eta_0 = \eta_{\rm esc}$; the last one comes no later than the
    last step with $\eta_t > \min_W \eta_{\rm esc}$ over all wells between the maxima within ``outermost``. ``wells``
    counts from the central one to the right; ``bracket_relative_rates`` and ``drawn_relative_rates`` hold the ends of
    a range.
    """
    loss = MultiWell(bowl_curvature, ripple, wave_number)
    runs = DecayedRuns(loss.gradient, update_rule(optimizer), final_ratio, steps)
    landscape = Wells(loss, loss.maxima(outermost), reference_points)
    bounds = landscape.rates()
    drawn = np.linspace(drawn_relative_rates[0], drawn_relative_rates[-1], drawn_points)
    changing = {schedule: LastChanges(runs, schedule, landscape, float(bounds.min())) for schedule in SCHEDULES}
    report = _thresholds(runs, landscape, wells, starts=starts, bracket=bracket_relative_rates, halvings=halvings)
    for changes in changing.values():
        report += changes.observed(
            np.array(change_relative_rates), np.linspace(-change_reach, change_reach, change_starts)
        )
        report += changes.drawn(drawn, np.linspace(-change_reach, change_reach, drawn_starts))
    return report + _cosine_reference(reference_points) + _drawn_wells(landscape, bounds)


def near_escape(
    *,
    optimizer: str,
    bowl_curvature: float,
    ripple: float,
    wave_number: float,
    outermost: float,
    wells: list[int],
    reference_points: int,
    starts: int,
    steps: int,
    final_ratio: float,
    margin: float,
    drawn_relative_rates: list[float],
    drawn_points: int,
    drawn_starts: int,
) -> Observations:
    """Count the starts that leave their well a little above its escape rate and a little below, without any noise."""
    loss = MultiWell(bowl_curvature, ripple, wave_number)
    runs = DecayedRuns(loss.gradient, update_rule(optimizer), final_ratio, steps)
    landscape = Wells(loss, loss.maxima(outermost), reference_points)
    observations = []
    for well in wells:
        ends = well_ends(landscape.borders, well)
        rates = np.array([[1 - margin], [1 + margin]]) * landscape.rate(well)
        start = np.broadcast_to(inside(*ends, starts), (2, starts))
        for schedule in SCHEDULES:
            below, above = np.sum(left_starts(runs.path(schedule, start, rates), *ends), axis=-1)
            at: dict[str, Scalar] = {"well": well, "schedule": schedule}
            observations.append(Observation("left_below", below, 0.0, at, replicates=starts))
            observations.append(Observation("left_above", above, at=at, replicates=starts))
    ends = well_ends(landscape.borders, 0)
    relative = np.linspace(drawn_relative_rates[0], drawn_relative_rates[-1], drawn_points)
    start = np.broadcast_to(inside(*ends, drawn_starts), (drawn_points, drawn_starts))
    gone = left_starts(runs.path("cosine", start, relative[:, None] / loss.smoothness), *ends)
    return Observations.of(observations, [Curve("share", "ripple", "measured", relative, gone.mean(axis=-1))])


@dataclass(frozen=True, eq=False)
class Wells:
    """A loss with the maxima between its wells, and the number of positions of a search for an escape rate."""

    loss: MultiWell
    borders: Array
    points: int

    def rate(self, well: int) -> float:
        """Return the escape rate of one well, counted from the central one to the right."""
        return escape_rate(self.loss.gradient, *well_ends(self.borders, well), self.points)

    def rates(self) -> Array:
        """Return the escape rates of all wells."""
        return escape_rates(self.loss.gradient, self.borders, self.points)


@dataclass(frozen=True, eq=False)
class LastChanges:
    """Basin changes under one schedule, and the smallest escape rate, below which there can be none."""

    runs: DecayedRuns
    schedule: str
    wells: Wells
    smallest_rate: float

    def counted(self, relative: Array, start: Array) -> tuple[Array, NDArray[np.int_]]:
        """Return per first rate the number of starts that ever change basin and the last step with a change."""
        x = np.broadcast_to(start, (len(relative), len(start)))
        path = self.runs.path(self.schedule, x, relative[:, None] / self.wells.loss.smoothness)
        _, counts, last = basin_changes(path, x, self.wells.borders)
        return np.sum(counts > 0, axis=-1), last

    def bound(self, relative: float) -> int:
        """Return the last step whose rate is beyond the smallest escape rate, -1 where there is none."""
        first, steps = relative / self.wells.loss.smoothness, self.runs.steps
        rates = DECAYS[self.schedule](np.arange(steps), first, self.runs.final_ratio, steps)
        return int(np.flatnonzero(rates > self.smallest_rate).max(initial=-1))

    def observed(self, relative: Array, start: Array) -> Observations:
        """Report what is counted, against the bound."""
        observations = []
        for rate, count, last in zip(relative, *self.counted(relative, start), strict=True):
            at: dict[str, Scalar] = {"relative_rate": float(rate), "schedule": self.schedule}
            bound = self.bound(rate)
            observations.append(Observation("basin_changes", count, at=at, replicates=len(start)))
            observations.append(Observation("last_change_step", last, bound, at))
            observations.append(Observation("last_change_excess", last - bound, at=at))
        return Observations.of(observations)

    def drawn(self, relative: Array, start: Array) -> Observations:
        """Draw the last change, a mark where there is one, under the bound."""
        _, last = self.counted(relative, start)
        fine = np.linspace(relative[0], relative[-1], 121)
        bounds = np.array([self.bound(rate) for rate in fine])
        return Observations.of(
            curves=[
                Curve("last_change", self.schedule, "measured", relative[last >= 0], last[last >= 0]),
                Curve("last_change", self.schedule, "predicted", fine[bounds >= 0], bounds[bounds >= 0]),
            ]
        )


def _thresholds(
    runs: DecayedRuns, landscape: Wells, wells: list[int], *, starts: int, bracket: list[float], halvings: int
) -> Observations:
    """Bisect the first rate of each schedule at which some start leaves, all wells at once."""
    ends = [well_ends(landscape.borders, well) for well in wells]
    start = [inside(*pair, starts) for pair in ends]
    smoothness = landscape.loss.smoothness
    expected = [landscape.rate(well) * smoothness for well in wells]
    low, high = (np.full(len(wells), edge) for edge in bracket)
    measured = {}
    for schedule in SCHEDULES:

        def departs(relative: Array, schedule: str = schedule) -> NDArray[np.bool_]:
            cells = zip(start, relative / smoothness, ends, strict=True)
            return np.array([leaves(runs.path(schedule, x, rate), *pair) for x, rate, pair in cells])

        measured[schedule] = bisect(departs, low, high, halvings=halvings)
    observations = []
    for index, well in enumerate(wells):
        for schedule in SCHEDULES:
            found, predicted = measured[schedule][index], expected[index]
            at: dict[str, Scalar] = {"well": well, "schedule": schedule}
            observations.append(Observation("escape_rate_times_L", found, predicted, at, replicates=starts))
            observations.append(Observation("escape_rate_error", abs(found / predicted - 1), 0.0, at))
        gap = abs(measured["cosine"][index] / measured["exponential"][index] - 1)
        observations.append(Observation("schedule_gap", gap, 0.0, {"well": well}))
    centres = np.mean(ends, axis=-1)
    return Observations.of(observations, [Curve("wells", "escape rate", "measured", centres, measured["cosine"])])


def _cosine_reference(points: int) -> Observations:
    r"""Report the escape rate of $1 - \cos x$ on $(-\pi, \pi)$ by the same search, against its closed form."""
    radius = CosineWell.basin_radius
    found = escape_rate(CosineWell(1.0).gradient, -radius, radius, points)
    return Observations.of([Observation("cosine_escape_rate", found, escape_relative_rate())])


def _drawn_wells(landscape: Wells, rates: Array) -> Observations:
    """Draw the escape rate of every well over the loss."""
    loss, borders = landscape.loss, landscape.borders
    centres, x = 0.5 * (borders[1:] + borders[:-1]), np.linspace(borders[0], borders[-1], 241)
    return Observations.of(
        curves=[
            Curve("wells", "loss $f$", "guide", x, loss.value(x)),
            Curve("wells", "escape rate", "predicted", centres, rates * loss.smoothness),
        ]
    )
