"""How much longer the flat basin holds noisy descent than the sharp one, from passages both ways."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.experiments.noisy_wells import (
    DRAWN_NODES,
    check_noisy,
    check_wells,
    mirrored,
    passage_operator,
    passages,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import normal_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.tallies import Tally, moments, tally
from descent_audit.theory.langevin_operators import FINER_NODES, FINER_PANEL, NODES, PANEL, passage_moments

Array = NDArray[np.float64]
ROUND = 128
"""Steps after which the walkers that have arrived are dropped."""


def escape_time_ratio(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    temperature: float,
    walkers: int,
    block_size: int,
    longest_steps: int,
    reference_temperatures: list[float],
    drawn_temperatures: list[float],
    drawn_points: int,
) -> Sampling:
    r"""Compare the mean first passage from the flat minimum to the sharp one with that of the way back.

    Every walker runs until it arrives; one that has not after ``longest_steps`` is counted as censored. Mean and
    variance of the passage time are exact (``references.passage_moments``), also for the standard error of the
    logarithm of the ratio, $\sqrt{\sum(E\tau^2/(E\tau)^2 - 1)/n}$ over the two ways; those of one way are also compared
    with sums of survival probabilities. ``drawn_temperatures`` holds the ends of a range.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_noisy("temperature", [temperature])
    check_noisy("reference_temperatures", reference_temperatures)
    check_noisy("drawn_temperatures", drawn_temperatures)
    check_wells(loss, learning_rate, max([temperature, *reference_temperatures, *drawn_temperatures]))
    cells = [
        Cell(
            f"from={side};temperature={temperature}",
            walkers,
            block_size,
            partial(_timed, wells, learning_rate, temperature, longest_steps),
        )
        for side, wells in (("sharp", loss), ("flat", mirrored(loss)))
    ]
    drawn = np.geomspace(drawn_temperatures[0], drawn_temperatures[-1], drawn_points).tolist()
    return Sampling(cells, partial(_report, loss, learning_rate, temperature, walkers, reference_temperatures, drawn))


def reference_ratio(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    temperature: float,
) -> Observations:
    """Report the exact ratio of the mean passage times, from the flat minimum over from the sharp one."""
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_noisy("temperature", [temperature])
    check_wells(loss, learning_rate, temperature)
    ratio = exact_ratio(loss, learning_rate, temperature)
    curve = Curve("ratio", "sharp well deeper", "measured", [temperature], [ratio])
    return Observations.of([Observation("reference_ratio", ratio, at={"temperature": temperature})], [curve])


@lru_cache(maxsize=256)
def exact_moments(
    loss: TwoWells, learning_rate: float, temperature: float, panel: float = PANEL, order: int = NODES
) -> tuple[float, float]:
    """Return mean and variance of the passage time from the left minimum to the right one."""
    operator = passage_operator(loss, learning_rate, temperature, panel=panel, order=order)
    mean, variance = passage_moments(operator, loss.minima[0])
    return float(mean), float(variance)


def summed_moments(loss: TwoWells, learning_rate: float, temperature: float) -> tuple[float, float]:
    r"""Return mean and variance of the passage time as sums of survival probabilities, doubled until nobody is left.

    $E\tau = 1 + k^\top\sum_{j \ge 0}K^j\mathbf 1$ and $E\tau^2 = 1 + k^\top\sum_{j \ge 0}(2j + 3)K^j\mathbf 1$. With
    $T_n$ and $W_n$ the sums of $K^j\mathbf 1$ and $jK^j\mathbf 1$ over $j < n$: $T_{2n} = T_n + K^nT_n$ and $W_{2n} =
    W_n + K^n(W_n + nT_n)$.
    """
    operator = passage_operator(loss, learning_rate, temperature)
    power, terms = operator.matrix, 1
    total, weighted = np.ones(len(operator.nodes)), np.zeros(len(operator.nodes))
    while power.sum(axis=1).max() > np.finfo(float).eps:
        weighted = weighted + power @ (weighted + terms * total)
        total, power, terms = total + power @ total, power @ power, 2 * terms
    row = operator.row(loss.minima[0])
    mean = 1.0 + float(row @ total)
    return mean, 1.0 + float(row @ (3.0 * total + 2.0 * weighted)) - mean * mean


def exact_ratio(
    loss: TwoWells, learning_rate: float, temperature: float, panel: float = PANEL, order: int = NODES
) -> float:
    """Return the mean passage time from the flat minimum over that from the sharp one."""
    back, forth = (exact_moments(way, learning_rate, temperature, panel, order) for way in (mirrored(loss), loss))
    return back[0] / forth[0]


def passage_times(
    loss: TwoWells, rng: Generator, walkers: int, learning_rate: float, temperature: float, longest: int
) -> Array:
    """Return the first step at which each walker has reached the flat minimum, of shape ``(walkers,)``.

    A time of ``longest`` + 1 steps means: not within ``longest``.
    """
    noise = math.sqrt(2 * learning_rate * temperature)
    times = np.full(walkers, float(longest + 1))
    waiting, done = np.arange(walkers), 0
    x = np.full(walkers, loss.minima[0])
    while len(waiting) and done < longest:
        steps = min(ROUND, longest - done)
        for step, hit in enumerate(passages(loss, rng, x, np.full(steps, learning_rate), noise), done + 1):
            arrived = waiting[hit]
            times[arrived] = np.minimum(times[arrived], step)
        done += steps
        left = times[waiting] > done
        waiting, x = waiting[left], x[left]
    return times


def _timed(loss: TwoWells, learning_rate: float, temperature: float, longest: int, rng: Generator, count: int) -> Tally:
    """Return the sums of the passage times of one block, and how many walkers have not arrived."""
    times = passage_times(loss, rng, count, learning_rate, temperature, longest)
    return tally(count, {**moments("time", times), "censored": np.count_nonzero(times > longest)})


def _report(
    loss: TwoWells,
    learning_rate: float,
    temperature: float,
    walkers: int,
    reference_temperatures: list[float],
    drawn: list[float],
    tallies: Mapping[str, Tally],
) -> Observations:
    forth, back = (tallies[f"from={side};temperature={temperature}"] for side in ("sharp", "flat"))
    exact = [exact_moments(way, learning_rate, temperature) for way in (loss, mirrored(loss))]
    error = math.sqrt(sum(variance / mean**2 for mean, variance in exact) / walkers)
    mean_error, variance_error = (
        abs(summed / solved - 1)
        for summed, solved in zip(summed_moments(loss, learning_rate, temperature), exact[0], strict=True)
    )
    ratio, expected = float(back.mean("time") / forth.mean("time")), exact_ratio(loss, learning_rate, temperature)
    at = {"temperature": temperature}
    score, against_one = math.log(ratio / expected) / error, math.log(ratio) / error
    observations = [
        Observation("time_ratio", ratio, expected, at, replicates=walkers),
        Observation("log_ratio_z", score, 0.0, at, standard_error=1.0, replicates=walkers),
        Observation("z_against_one", against_one, math.log(expected) / error, at, replicates=walkers),
        Observation("mean_sum_error", mean_error, 0.0, at),
        Observation("variance_sum_error", variance_error, 0.0, at),
        Observation("censored", float(forth["censored"] + back["censored"]), 0.0, at, replicates=2 * walkers),
    ]
    for side, found, (mean, _) in (("sharp", forth, exact[0]), ("flat", back, exact[1])):
        from_side: dict[str, Scalar] = {**at, "from": side}
        observations.append(Observation("mean_time", float(found.mean("time")), mean, from_side, replicates=walkers))
    for t in reference_temperatures:
        reference = exact_ratio(loss, learning_rate, t)
        finer = exact_ratio(loss, learning_rate, t, FINER_PANEL, FINER_NODES)
        observations.append(Observation("reference_ratio", reference, at={"temperature": t}))
        observations.append(Observation("reference_change", abs(finer / reference - 1), at={"temperature": t}))
    around = normal_interval([math.log(ratio)], error).through(np.exp)
    curves = [Curve("ratio", "simulation", "measured", [temperature], [ratio]).within(around)]
    if drawn:
        line = [exact_ratio(loss, learning_rate, t, order=DRAWN_NODES) for t in drawn]
        limit = loss.flat.width / loss.sharp.width
        curves.append(Curve("ratio", "simulation", "predicted", drawn, line))
        curves.append(Curve("ratio", "ratio of widths", "guide", [drawn[0], drawn[-1]], [limit, limit]))
    return Observations.of(observations, curves)
