"""Descent without noise next to a barrier: up to which learning rate the well where it starts holds it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, Optimizer, iterate, update_rule
from descent_audit.experiments.escape_rates import inside, leaves
from descent_audit.landscapes.two_wells import EXIT_RELATIVE_RATE, TwoWells, Well
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect
from descent_audit.theory.langevin_operators import CUT, LangevinChain, survival, transition_operator

Array = NDArray[np.float64]
REACH = 10.0
"""How far beyond its usual cut a domain goes on, in units of the noise: a long step may lead there."""


def zero_noise_trapping(
    *,
    optimizer: str,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    temperature: float,
    learning_rate: float,
    start_ends: list[float],
    starts: int,
    steps: int,
    block_size: int,
    exit_factors: list[float],
    exit_steps: int,
    bracket_relative_rates: list[float],
    halvings: int,
    drawn_relative_rates: list[float],
    drawn_points: int,
    drawn_starts: int,
    drawn_steps: int,
    streams: Streams,
) -> Observations:
    r"""Count the starts of the sharp well that ever cross the barrier, and bisect the rate from which on one does.

    Without noise none does up to $\eta_{\rm exit} = (\tfrac{3\sqrt3}{2} - 1)\,a^2/(4h)$, that is up to
    $\eta\lambda = 3\sqrt3 - 2$. Starts lie between ``start_ends``; those of the exit test are equally spaced over the
    interval whose points no single step takes across. Noise of a positive ``temperature`` disturbs every run.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    runs = NoisyRuns(loss, update_rule(optimizer), temperature, block_size, streams)
    drawn = np.linspace(drawn_relative_rates[0], drawn_relative_rates[-1], drawn_points)
    return (
        _trapped(runs, np.linspace(start_ends[0], start_ends[-1], starts), learning_rate, steps)
        + _exit_fractions(runs, exit_factors, starts, exit_steps)
        + _exit_threshold(runs, bracket_relative_rates, halvings, starts, exit_steps)
        + _drawn(runs, drawn, drawn_starts, drawn_steps)
    )


def beyond_stability(
    *,
    optimizer: str,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    crossing_learning_rate: float,
    crossing_start: float,
    crossing_steps: int,
    kept_relative_rates: list[float],
    kept_starts: int,
    kept_steps: int,
    last_steps: int,
    settled_distance: float,
    drawn_steps: int,
) -> Observations:
    r"""Follow one start beyond the exit rate across the barrier, and starts that are kept but never settle.

    ``kept_relative_rates`` are values of $\eta\lambda$ between 2 and $3\sqrt3 - 2$. A start has settled where it
    stays within ``settled_distance`` of the minimum over the last steps.
    """
    loss, rule = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth)), update_rule(optimizer)
    start = np.array([crossing_start])
    path = np.array([start, *iterate(loss.gradient, start, crossing_learning_rate, crossing_steps, rule)])[:, 0]
    observations = [
        Observation("crossings", float(np.sum((path[:-1] < 0) & (path[1:] >= 0)))),
        Observation("distance_to_flat_minimum", abs(path[-1] - loss.minima[1]), 0.0),
    ]
    for relative in kept_relative_rates:
        rate = relative / loss.sharp.curvature
        start = exit_starts(loss.sharp, rate, kept_starts)
        runs = iterate(loss.gradient, start, rate, kept_steps, rule)
        top, last = rightmost(islice(runs, kept_steps - last_steps), start)
        late = np.array([last, *runs])
        top = np.maximum(top, late.max(axis=0))
        distance = np.abs(late[1:] - loss.minima[0]).max(axis=0)
        at = {"relative_rate": relative}
        observations.append(Observation("escapes", crossed(top).sum(), 0.0, at, replicates=kept_starts))
        settled = int(np.count_nonzero(distance < settled_distance))
        observations.append(Observation("settled", settled, 0.0, at, replicates=kept_starts))
    shown = np.arange(min(drawn_steps, crossing_steps) + 1)
    ends = shown[[0, -1]]
    curves = [
        Curve("path", "one start", "measured", shown, path[shown]),
        Curve("path", "sharp minimum", "guide", ends, [loss.minima[0]] * 2),
        Curve("path", "flat minimum", "guide", ends, [loss.minima[1]] * 2),
        Curve("path", "barrier", "guide", ends, [0.0, 0.0]),
    ]
    return Observations.of(observations, curves)


@dataclass(frozen=True, eq=False)
class NoisyRuns:
    r"""Runs of an update rule on the slope $U'(x) + \sqrt{2T/\eta}\,\xi$, with standard normal $\xi$ in each step.

    Gradient descent then takes the step $x - \eta U'(x) + \sqrt{2\eta T}\,\xi$; at T = 0 nothing is drawn. Each block
    of starts draws from a stream of its own.
    """

    loss: TwoWells
    rule: Optimizer
    temperature: float
    block_size: int
    streams: Streams

    def path(self, start: Array, learning_rate: float, steps: int) -> Iterator[Array]:
        """Yield the points after each step, of the shape of ``start``, which is ``(starts,)``."""
        gradient = self.loss.gradient if self.temperature == 0 else self._noisy(start, learning_rate)
        return iterate(gradient, start, learning_rate, steps, self.rule)

    def crossings(self, start: Array, learning_rate: float, steps: int, top: Array) -> Observations:
        """Report, where there is noise, how many runs crossed the barrier, and how many are expected to."""
        if self.temperature == 0:
            return Observations()
        expected = expected_crossings(self.loss, start, learning_rate, self.temperature, steps)
        at, count = {"learning_rate": learning_rate, "steps": steps}, int(np.count_nonzero(crossed(top)))
        return Observations.of([Observation("crossing_count", count, expected, at, replicates=len(start))])

    def _noisy(self, start: Array, learning_rate: float) -> Gradient:
        amplitude, noise = math.sqrt(2 * self.temperature / learning_rate), np.empty_like(start)
        blocks = [noise[first : first + self.block_size] for first in range(0, len(start), self.block_size)]
        generators = [self.streams.generator(f"learning_rate={learning_rate}", block) for block in range(len(blocks))]

        def gradient(x: Array) -> Array:
            for block, generator in zip(blocks, generators, strict=True):
                generator.standard_normal(out=block)
            return self.loss.gradient(x) + amplitude * noise

        return gradient


def expected_crossings(loss: TwoWells, start: Array, learning_rate: float, temperature: float, steps: int) -> float:
    """Return the mean number of starts left of the barrier that noisy descent takes across it."""
    chain = LangevinChain(loss.gradient, learning_rate, temperature)
    left = loss.ends(CUT * temperature)[0] - REACH * chain.noise
    return float(np.sum(1.0 - survival(transition_operator(chain, [left, 0.0]), start, steps)))


def exit_starts(well: Well, learning_rate: float, starts: int) -> Array:
    """Return equally spaced starts left of the barrier within reach of which no single step crosses it."""
    return inside(-well.invariant_radius(learning_rate), 0.0, starts)


def rightmost(path: Iterable[Array], start: Array) -> tuple[Array, Array]:
    """Return the rightmost point of each run, its start included, and its last one."""
    top, x = start.copy(), start
    for x in path:
        np.maximum(top, x, out=top)
    return top, x


def crossed(top: Array) -> NDArray[np.bool_]:
    """Say which runs were on the right of the barrier, or on it, given their rightmost points; NaN is."""
    return ~(top < 0)


def cycle_of_two(well: Well, learning_rate: Array) -> tuple[Array, Array]:
    r"""Return the two points, as distances from the barrier, between which descent alternates beyond $\eta\lambda = 2$.

    In units of $a/\sqrt k$, $k = 4\eta h/a^2$, a step is $y \mapsto ry - y^3$ with $r = 1 + k$; two points that map to
    each other have product 1 and sum $\sqrt{r + 2}$: $y = \tfrac12(\sqrt{r+2} \pm \sqrt{r-2})$. The multiplier of the
    cycle is $9 - 2r^2$: it attracts for $2 < r < \sqrt5$.
    """
    k = -learning_rate * well.barrier_curvature
    unit, total, gap = well.width / np.sqrt(k), np.sqrt(k + 3.0), np.sqrt(np.maximum(k - 1.0, 0.0))
    return 0.5 * unit * (total + gap), 0.5 * unit * (total - gap)


def farthest_step(well: Well, learning_rate: Array) -> Array:
    r"""Return the largest distance from the barrier that a step within the well reaches: $2(r/3)^{3/2}\,a/\sqrt k$."""
    k = -learning_rate * well.barrier_curvature
    return 2.0 * ((1.0 + k) / 3.0) ** 1.5 * well.width / np.sqrt(k)


def _trapped(runs: NoisyRuns, start: Array, rate: float, steps: int) -> Observations:
    """Report how many starts ever cross, and how far from the minimum the farthest one ends."""
    top, last = rightmost(runs.path(start, rate, steps), start)
    distance = np.abs(last - runs.loss.minima[0]).max()
    return runs.crossings(start, rate, steps, top) + Observations.of(
        [
            Observation("escapes", crossed(top).sum(), 0.0, replicates=len(start)),
            Observation("distance_to_minimum", distance, 0.0, replicates=len(start)),
        ]
    )


def _exit_fractions(runs: NoisyRuns, factors: list[float], starts: int, steps: int) -> Observations:
    """Report the share of starts that ever cross, per multiple of the exit rate."""
    report = Observations()
    for factor in factors:
        rate = factor * runs.loss.sharp.exit_learning_rate
        start = exit_starts(runs.loss.sharp, rate, starts)
        top, _ = rightmost(runs.path(start, rate, steps), start)
        share, expected = crossed(top).mean(), float(factor > 1)
        report += Observations.of(
            [Observation("exit_fraction", share, expected, {"factor": factor}, replicates=starts)]
        )
        report += runs.crossings(start, rate, steps, top)
    return report


def _exit_threshold(runs: NoisyRuns, bracket: list[float], halvings: int, starts: int, steps: int) -> Observations:
    r"""Report the bisected $\eta\lambda$ from which on any start crosses."""
    well = runs.loss.sharp

    def departs(relative: Array) -> NDArray[np.bool_]:
        rate = float(relative[0]) / well.curvature
        return np.array([leaves(runs.path(exit_starts(well, rate, starts), rate, steps), -np.inf, 0.0)])

    found = float(bisect(departs, *bracket, halvings=halvings)[0])
    return Observations.of([Observation("exit_curvature_product", found, EXIT_RELATIVE_RATE, replicates=starts)])


def _drawn(runs: NoisyRuns, relative: Array, starts: int, steps: int) -> Observations:
    r"""Draw against $\eta\lambda$ the share of starts that cross, and above it where the runs end."""
    well, counts, ends = runs.loss.sharp, [], []
    for rate in relative / well.curvature:
        start = exit_starts(well, rate, starts)
        top, last = rightmost(runs.path(start, rate, steps), start)
        counts.append(np.count_nonzero(crossed(top)))
        ends.append(np.unique(np.round(last, 3)))
    around = binomial_interval(counts, starts).where(runs.temperature > 0)
    low, high = relative[[0, -1]]
    split = 2 * (math.sqrt(5.0) - 1)
    cycle = _fork(2.0, split)
    outer, inner = cycle_of_two(well, cycle / well.curvature)
    hull = _fork(split, EXIT_RELATIVE_RATE)
    far = farthest_step(well, hull / well.curvature)
    near = far - hull / well.curvature * well.gradient(far)
    minimum, other = runs.loss.minima
    first = np.arange(len(cycle)) < len(cycle) // 2
    positions = np.repeat(relative, [len(end) for end in ends])
    return Observations.of(
        curves=[
            Curve("share", "starts that leave", "measured", relative, np.array(counts) / starts).within(around),
            Curve("share", "starts that leave", "predicted", [low, *[EXIT_RELATIVE_RATE] * 2, high], [0, 0, 1, 1]),
            Curve("ends", "last points", "measured", positions, np.concatenate(ends)),
            Curve("ends", "sharp minimum", "predicted", [low, 2.0], [minimum, minimum]),
            Curve("ends", "flat minimum", "predicted", [EXIT_RELATIVE_RATE, high], [other, other]),
            Curve("ends", "cycle of two", "predicted", cycle, -np.where(first, outer, inner)),
            Curve("ends", "hull", "predicted", hull, -np.where(first, far, near)),
        ]
    )


def _fork(low: float, high: float) -> Array:
    """Return a way from ``high`` down to ``low`` and back: one of two branches on each half."""
    way = np.linspace(low, high, 60)
    return np.concatenate([way[::-1], way])
