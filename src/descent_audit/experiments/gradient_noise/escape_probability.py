"""The probability that noise carries descent from the sharp minimum to the flat one within so many steps."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.langevin import walk
from descent_audit.experiments.noisy_wells import (
    DRAWN_NODES,
    chain,
    check_wells,
    line_to_flat,
    passage_operator,
    whole_line,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.theory.langevin_operators import (
    NODES,
    TransitionOperator,
    power_product,
    refinement_change,
    share_above,
    survival,
    transition_operator,
)

Array = NDArray[np.float64]


def noise_escape_probability(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    noise_factor: float,
    temperatures: list[float],
    steps: list[int],
    walkers: int,
    block_size: int,
    drawn_temperatures: list[float],
    drawn_points: int,
    path_temperature: float,
    path_steps: list[int],
    paths: int,
) -> Sampling:
    r"""Count the walkers from the sharp minimum that have reached the flat one, $x_t \ge a_f$, by the last step.

    The count is binomial with $p(T) = 1 - k^\top K^{N-1}\mathbf 1$, K the chain's operator left of $a_f$. The walkers
    take steps with noise $\sqrt{c\,\eta T}$ where ``noise_factor`` c is 2 in the reference; 0 removes it. The count
    decides at the last of ``steps`` and is drawn at the others too. ``drawn_temperatures`` holds the ends of a range;
    ``paths`` walkers are drawn at ``path_steps``, none where it is 0.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_wells(loss, learning_rate, max([*temperatures, path_temperature]))
    check_rising("steps", steps)
    check_rising("path_steps", path_steps)
    if noise_factor < 0:
        raise OutOfRange("noise_factor", noise_factor, "numbers from 0")

    def noise(temperature: float) -> float:
        return math.sqrt(noise_factor * learning_rate * temperature)

    cells = [
        Cell(f"temperature={t}", walkers, block_size, partial(_escaped, loss, learning_rate, noise(t), steps))
        for t in temperatures
    ]
    if paths:
        draw = partial(_positions, loss, learning_rate, noise(path_temperature), path_steps)
        cells.append(Cell(f"paths;temperature={path_temperature}", paths, paths, draw))
    drawn = np.geomspace(drawn_temperatures[0], drawn_temperatures[-1], drawn_points).tolist()
    report = partial(_report, loss, learning_rate, noise_factor, temperatures, steps, walkers, drawn, path_steps)
    return Sampling(cells, report)


def flat_occupancy(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    temperatures: list[float],
    steps: int,
) -> Observations:
    """Report the exact share of walkers from the flat minimum that are on its side of the barrier after so many steps.

    The last step counts here, not the first passage: the noise that carries a walker in carries it out as well.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_wells(loss, learning_rate, max(temperatures))
    shares = [occupancy(loss, learning_rate, temperature, steps) for temperature in temperatures]
    observations = [
        Observation("flat_occupancy", share, at={"temperature": temperature})
        for temperature, share in zip(temperatures, shares, strict=True)
    ]
    label = f"in the flat well, $N$ = {steps}"
    return Observations.of(observations, [Curve("occupancy", label, "measured", temperatures, shares)])


def cold_escape(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    temperature: float,
    steps: int,
) -> Observations:
    """Report the exact probability of having reached the flat minimum at a low temperature, after many steps."""
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_wells(loss, learning_rate, temperature)
    probability = escape_probability(loss, learning_rate, temperature, (steps,))[0]
    at = {"temperature": temperature, "steps": steps}
    return Observations.of([Observation("cold_escape_probability", probability, at=at)])


@lru_cache(maxsize=256)
def escape_probability(
    loss: TwoWells, learning_rate: float, temperature: float, steps: tuple[int, ...], order: int = NODES
) -> tuple[float, ...]:
    """Return the exact probabilities of a passage from the sharp to the flat minimum within so many steps.

    ``order`` is the number of nodes per panel.
    """
    if temperature == 0:
        return (0.0,) * len(steps)
    operator = passage_operator(loss, learning_rate, temperature, order=order)
    row, inside = operator.row(loss.minima[0]), np.ones_like(operator.nodes)
    found = []
    for before, after in pairwise([1, *steps]):
        inside = power_product(operator.matrix, inside, after - before)
        found.append(1.0 - float(row @ inside))
    return tuple(found)


@lru_cache(maxsize=256)
def escape_change(loss: TwoWells, learning_rate: float, temperature: float, steps: int) -> float:
    """Return the relative change of the escape probability from the operator to a finer one; 0 without noise."""
    if temperature == 0:
        return 0.0

    def escape(operator: TransitionOperator) -> float:
        return 1.0 - float(survival(operator, loss.minima[0], steps))

    return refinement_change(escape, chain(loss, learning_rate, temperature), line_to_flat(loss, temperature))


@lru_cache(maxsize=256)
def occupancy(loss: TwoWells, learning_rate: float, temperature: float, steps: int) -> float:
    """Return the exact probability of $x_N > 0$ from the flat minimum."""
    operator = transition_operator(chain(loss, learning_rate, temperature), whole_line(loss, temperature))
    return float(share_above(operator, loss.minima[1], steps, 0.0))


def check_rising(key: str, steps: list[int]) -> None:
    """Raise ``OutOfRange`` for numbers of steps that do not rise from one to the next."""
    if any(after <= before for before, after in pairwise([0, *steps])):
        raise OutOfRange(key, steps, "whole numbers from 1, each larger than the one before")


def _escaped(loss: TwoWells, learning_rate: float, noise: float, steps: list[int], rng: Generator, count: int) -> Tally:
    """Count the walkers of one block that have reached the flat minimum by each number of steps."""
    x = np.full(count, loss.minima[0])
    above, escaped, counts = np.empty(count, dtype=bool), np.zeros(count, dtype=bool), []
    for step, _ in enumerate(walk(loss, rng, x, np.full(steps[-1], learning_rate), noise), 1):
        np.greater_equal(x, loss.minima[1], above)
        np.logical_or(escaped, above, escaped)
        if step in steps:
            counts.append(np.count_nonzero(escaped))
    return tally(count, {"escaped": counts})


def _positions(
    loss: TwoWells, learning_rate: float, noise: float, steps: list[int], rng: Generator, count: int
) -> Tally:
    """Return where the walkers of one block are at each of some steps, of shape ``(steps, walkers)``."""
    x = np.full(count, loss.minima[0])
    path = walk(loss, rng, x, np.full(steps[-1], learning_rate), noise)
    return tally(count, {"positions": [x.copy() for step, x in enumerate(path, 1) if step in steps]})


def _report(
    loss: TwoWells,
    learning_rate: float,
    noise_factor: float,
    temperatures: list[float],
    steps: list[int],
    walkers: int,
    drawn: list[float],
    path_steps: list[int],
    tallies: Mapping[str, Tally],
) -> Observations:
    exact = [escape_probability(loss, learning_rate, t, (steps[-1],))[0] for t in temperatures]
    escaped = np.array([tallies[f"temperature={t}"]["escaped"] for t in temperatures])
    observations = [
        Observation("escape_count", count, walkers * expected, {"temperature": t}, replicates=walkers)
        for t, count, expected in zip(temperatures, escaped[:, -1], exact, strict=True)
    ]
    rises = sum(after > before for before, after in pairwise(escaped[:, -1]))
    observations.append(Observation("counts_increasing", rises, len(temperatures) - 1, replicates=walkers))
    coldest = min(temperatures)
    change = escape_change(loss, learning_rate, coldest, steps[-1])
    observations.append(Observation("reference_change", change, at={"temperature": coldest}))
    curves = [
        Curve("escape", f"$N$ = {step}", "measured", temperatures, counts / walkers).within(
            binomial_interval(counts, walkers).where(noise_factor * np.array(temperatures) > 0)
        )
        for step, counts in zip(steps, escaped.T, strict=True)
        if drawn or step == steps[-1]
    ]
    if drawn:
        lines = np.array([escape_probability(loss, learning_rate, t, tuple(steps), DRAWN_NODES) for t in drawn])
        curves += [
            Curve("escape", f"$N$ = {step}", "predicted", drawn, line)
            for step, line in zip(steps, lines.T, strict=True)
        ]
    positions = [found["positions"] for name, found in tallies.items() if name.startswith("paths;")]
    curves += [curve for found in positions for curve in _drawn_walkers(loss, path_steps, found)]
    return Observations.of(observations, curves)


def _drawn_walkers(loss: TwoWells, steps: list[int], positions: Array) -> list[Curve]:
    """Return the walkers on the landscape, a series per step, and the landscape as far as they reach."""
    x = np.linspace(min(positions.min(), -1.4 * loss.sharp.width), max(positions.max(), 1.4 * loss.flat.width), 200)
    landscape = Curve("walkers", "loss", "guide", x, loss.value(x))
    return [
        landscape,
        *(Curve("walkers", str(n), "measured", x, loss.value(x)) for n, x in zip(steps, positions, strict=True)),
    ]
