"""The flat well's share in the long run against the temperature, for wells of unequal depth."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial

import numpy as np
from numpy.random import Generator

from descent_audit.dynamics.langevin import walk
from descent_audit.experiments.noisy_wells import check_noisy, check_stable, check_wells, whole_line
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.theory.langevin_operators import (
    FINER_NODES,
    FINER_PANEL,
    LangevinChain,
    share_above,
    transition_operator,
)
from descent_audit.theory.stationary_law import (
    closed_log_mass,
    depth_reversal,
    discrete_mass_ratio,
    first_order_excess,
    flat_share,
    laplace_reversal,
    log_mass,
    mass_ratio,
)

BOTTOMS = ("sharp", "flat")


def stationary_flat_share(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    temperatures: list[float],
    drawn_points: int,
    reversal_temperatures: list[float],
    reversal_bracket: list[float],
    halvings: int,
    chain_learning_rates: list[float],
    chain_temperatures: list[float],
    learning_rate: float,
    walk_temperatures: list[float],
    steps: int,
    walkers: int,
    block_size: int,
) -> Sampling:
    r"""Return shares of the flat well: of the Boltzmann law, of finite steps in the long run, and of walkers.

    ``depth_reversal`` is the extra depth of the sharp well at which it draws level, ``discrete_excess`` what a finite
    step adds to the ratio of masses, relative to the Boltzmann law. Walkers start at either bottom, and their number in
    the flat well after N steps is compared with the exact law of these steps, whether it is stationary yet or not.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_noisy("temperatures", temperatures)
    check_noisy("reversal_temperatures", reversal_temperatures)
    check_noisy("chain_temperatures", chain_temperatures)
    check_noisy("walk_temperatures", walk_temperatures)
    for rate in chain_learning_rates:
        check_stable("chain_learning_rates", rate, loss)
    check_wells(loss, learning_rate, max(walk_temperatures))
    cells = [
        Cell(
            _cell(temperature, bottom),
            walkers,
            block_size,
            partial(_walked, loss, learning_rate, temperature, steps, x),
        )
        for temperature in walk_temperatures
        for bottom, x in zip(BOTTOMS, loss.minima, strict=True)
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        return (
            _shares(loss, temperatures, drawn_points)
            + _reversals(loss, reversal_temperatures, (reversal_bracket[0], reversal_bracket[-1]), halvings)
            + _finite_steps(loss, chain_learning_rates, chain_temperatures)
            + _occupancies(loss, learning_rate, walk_temperatures, steps, tallies)
        )

    return Sampling(cells, report)


@lru_cache(maxsize=256)
def occupancy(loss: TwoWells, learning_rate: float, temperature: float, steps: int) -> tuple[float, float, float]:
    """Return the exact probabilities of the flat well after the steps from the sharp and from the flat bottom.

    The third number is the larger change of the two where the operator is refined.
    """
    chain, breaks = LangevinChain(loss.gradient, learning_rate, temperature), whole_line(loss, temperature)
    coarse = share_above(transition_operator(chain, breaks), loss.minima, steps, 0.0)
    finer = transition_operator(chain, breaks, panel=FINER_PANEL, order=FINER_NODES)
    change = np.abs(share_above(finer, loss.minima, steps, 0.0) - coarse).max()
    return float(coarse[0]), float(coarse[1]), float(change)


def _cell(temperature: float, bottom: str) -> str:
    return f"temperature={temperature} start={bottom}"


def _walked(
    loss: TwoWells, learning_rate: float, temperature: float, steps: int, start: float, rng: Generator, count: int
) -> Tally:
    """Return how many of ``count`` walkers from one start are in the flat well after the steps."""
    x = np.full(count, start)
    noise = math.sqrt(2 * learning_rate * temperature)
    for _ in walk(loss, rng, x, np.full(steps, learning_rate), noise):
        pass
    return tally(count, {"flat": np.count_nonzero(x > 0)})


def _shares(loss: TwoWells, temperatures: list[float], drawn_points: int) -> Observations:
    """Report the share per temperature, with its closed form at equal depth, and the ratio of masses with its own."""
    equal = loss.sharp.depth == loss.flat.depth
    limit = loss.flat.width / (loss.sharp.width + loss.flat.width) if equal else None
    shares = [flat_share(loss, temperature) for temperature in temperatures]
    observations = []
    for temperature, share in zip(temperatures, shares, strict=True):
        at = {"temperature": temperature}
        ratio, exact = (
            mass(loss.flat, temperature) - mass(loss.sharp, temperature) for mass in (log_mass, closed_log_mass)
        )
        observations.append(Observation("flat_share", share, limit, at))
        observations.append(Observation("log_mass_ratio", ratio, exact, at))
    drawn = np.geomspace(min(temperatures), max(temperatures), drawn_points)
    line = [flat_share(loss, temperature) for temperature in drawn.tolist()]
    return Observations.of(
        observations,
        [
            Curve("share", _label(loss), "predicted", drawn, line),
            Curve("share", "one half", "guide", drawn[[0, -1]], [0.5, 0.5]),
        ],
    )


def _label(loss: TwoWells) -> str:
    """Return how a figure calls two wells."""
    depths = rf"$h_s$ = {loss.sharp.depth:g}, $h_f$ = {loss.flat.depth:g}"
    return "two equal wells" if loss.sharp == loss.flat else depths


def _reversals(loss: TwoWells, temperatures: list[float], bracket: tuple[float, float], halvings: int) -> Observations:
    """Report at which extra depth the sharp well draws level, and how far that is above what its width alone asks."""
    width, flat = loss.sharp.width, loss.flat
    widths = math.log(flat.width / width)
    observations, found = [], []
    for temperature in temperatures:
        at = {"temperature": temperature}
        found.append(depth_reversal(width, flat, temperature, bracket, halvings))
        root = laplace_reversal(width, flat, temperature, bracket, halvings)
        observations.append(Observation("depth_reversal", found[-1], root, at))
        observations.append(Observation("depth_above_widths", found[-1] - temperature * widths, at=at))
    drawn = np.linspace(0.0, max(temperatures), 41)
    line = [laplace_reversal(width, flat, temperature, bracket, halvings) for temperature in drawn.tolist()]
    return Observations.of(
        observations,
        [
            Curve("reversal", "shares equal", "measured", temperatures, found),
            Curve("reversal", "shares equal", "predicted", drawn, line),
            Curve("reversal", r"$T\,\ln(a_f/a_s)$", "guide", drawn, drawn * widths),
        ],
    )


def _finite_steps(loss: TwoWells, rates: list[float], temperatures: list[float]) -> Observations:
    """Report the ratio of masses of finite steps over that of the limit, and its change where it is refined."""
    observations, curves = [], []
    drawn = np.linspace(0.0, max(rates), 21)
    for temperature in temperatures:
        excesses, limit = [], mass_ratio(loss, temperature)
        for rate in rates:
            at = {"learning_rate": rate, "temperature": temperature}
            found = discrete_mass_ratio(loss, rate, temperature)
            finer = discrete_mass_ratio(loss, rate, temperature, panel=FINER_PANEL, order=FINER_NODES)
            expected, excess = first_order_excess(loss, rate, temperature), found / limit - 1.0
            excesses.append(excess)
            observations += [
                Observation("discrete_ratio", found / limit, 1.0 + expected, at),
                Observation("discrete_excess", excess, expected, at),
                Observation("discrete_change", abs(finer / found - 1.0), at=at),
            ]
        series, line = f"$T$ = {temperature:g}", first_order_excess(loss, 1.0, temperature) * drawn
        curves.append(Curve("excess", series, "measured", rates, excesses))
        curves.append(Curve("excess", series, "predicted", drawn, line))
    return Observations.of(observations, curves)


def _occupancies(
    loss: TwoWells, learning_rate: float, temperatures: list[float], steps: int, tallies: Mapping[str, Tally]
) -> Observations:
    """Report how many walkers are in the flat well at the end, and how many are expected there."""
    observations, changes = [], []
    counts: dict[str, list[float]] = {bottom: [] for bottom in BOTTOMS}
    for temperature in temperatures:
        *expected, change = occupancy(loss, learning_rate, temperature, steps)
        changes.append(change)
        for bottom, share in zip(BOTTOMS, expected, strict=True):
            found = tallies[_cell(temperature, bottom)]
            count, n = float(found["flat"]), found.replicates
            counts[bottom].append(count)
            at: dict[str, float | str] = {"temperature": temperature, "start": bottom}
            observations.append(Observation("occupancy_count", count, n * share, at, replicates=n))
    observations.append(Observation("occupancy_change", max(changes)))
    curves = [
        Curve("share", _label(loss), "measured", temperatures, np.array(own) / n).within(binomial_interval(own, n))
        for own in counts.values()
    ]
    return Observations.of(observations, curves)
