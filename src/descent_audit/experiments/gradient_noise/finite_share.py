"""The flat well's share after a limited number of steps, against the temperature."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.langevin import walk
from descent_audit.experiments.noisy_wells import DRAWN_NODES, check_noisy, check_wells, whole_line
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import normal_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.theory.langevin_operators import (
    FINER_NODES,
    FINER_PANEL,
    NODES,
    PANEL,
    LangevinChain,
    share_above,
    transition_operator,
)

Array = NDArray[np.float64]


class Share(NamedTuple):
    r"""The mean of the probabilities $p_i$ of the starts, and the mean of $p_i(1 - p_i)$."""

    mean: float
    variance: float

    def error(self, walkers: int) -> float:
        """Return the standard error of the share of so many walkers."""
        return math.sqrt(self.variance / walkers)


def finite_time_flat_share(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    learning_rate: float,
    temperatures: list[float],
    start_ends: list[float],
    steps: int,
    walkers: int,
    block_size: int,
    drawn_temperatures: list[float],
    drawn_points: int,
) -> Sampling:
    r"""Return the share of walkers in the flat well after N steps, from starts that fill an interval evenly.

    The starts of a block of n walkers are the mid-points of n equal parts of ``start_ends``. They are fixed, hence the
    count is a sum of unequal trials: its variance is $\sum_i p_i(1 - p_i)$, less than the binomial one. Scores are in
    units of its root: ``rise_z`` from the lowest to the highest temperature, ``deficit_z`` of the lowest against the
    share of starts on the flat side. The exact share is drawn at ``drawn_points`` temperatures, not at all where they
    are 0.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_noisy("temperatures", temperatures)
    check_noisy("drawn_temperatures", drawn_temperatures)
    check_wells(loss, learning_rate, max(*temperatures, *drawn_temperatures))
    if walkers % block_size:
        raise OutOfRange("walkers", walkers, f"multiples of {block_size}, whose starts fill the interval")
    ends = (start_ends[0], start_ends[-1])
    cells = [
        Cell(_cell(temperature), walkers, block_size, partial(_walked, loss, learning_rate, temperature, steps, ends))
        for temperature in temperatures
    ]
    exact = partial(exact_share, loss, learning_rate, steps=steps, ends=ends, starts=block_size)

    def report(tallies: Mapping[str, Tally]) -> Observations:
        drawn = np.linspace(drawn_temperatures[0], drawn_temperatures[-1], drawn_points)
        unmoved = float(np.mean(evenly_spaced(ends, block_size) > 0))
        line = [exact(temperature, order=DRAWN_NODES).mean for temperature in drawn.tolist()]
        found = {temperature: tallies[_cell(temperature)] for temperature in temperatures}
        shares = [float(found[temperature]["flat"]) / found[temperature].replicates for temperature in temperatures]
        errors = [exact(temperature).error(walkers) for temperature in temperatures]
        changes = [
            abs(exact(temperature, panel=FINER_PANEL, order=FINER_NODES).mean / exact(temperature).mean - 1.0)
            for temperature in temperatures
        ]
        return _scores(shares, [exact(one) for one in temperatures], temperatures, walkers, unmoved) + Observations.of(
            [Observation("reference_change", max(changes))],
            [
                Curve("share", f"after {steps} steps", "measured", temperatures, shares).within(
                    normal_interval(shares, errors)
                ),
                Curve("share", f"after {steps} steps", "predicted", drawn, line),
                Curve("share", "without noise", "guide", drawn_temperatures, [unmoved, unmoved]),
            ],
        )

    return Sampling(cells, report)


def evenly_spaced(ends: tuple[float, float], starts: int) -> Array:
    """Return the mid-points of equal parts of an interval, of shape ``(starts,)``."""
    return ends[0] + (ends[1] - ends[0]) * (np.arange(starts) + 0.5) / starts


@lru_cache(maxsize=512)
def exact_share(
    loss: TwoWells,
    learning_rate: float,
    temperature: float,
    *,
    steps: int,
    ends: tuple[float, float],
    starts: int,
    panel: float = PANEL,
    order: int = NODES,
) -> Share:
    """Return the exact share in the flat well after the steps; ``panel`` and ``order`` are those of the operator."""
    chain = LangevinChain(loss.gradient, learning_rate, temperature)
    operator = transition_operator(chain, whole_line(loss, temperature), panel=panel, order=order)
    p = share_above(operator, evenly_spaced(ends, starts), steps, 0.0)
    return Share(float(p.mean()), float(np.mean(p * (1.0 - p))))


def _cell(temperature: float) -> str:
    return f"temperature={temperature}"


def _walked(
    loss: TwoWells,
    learning_rate: float,
    temperature: float,
    steps: int,
    ends: tuple[float, float],
    rng: Generator,
    count: int,
) -> Tally:
    """Return how many of ``count`` walkers, evenly spaced at first, are in the flat well after the steps."""
    x = evenly_spaced(ends, count)
    noise = math.sqrt(2 * learning_rate * temperature)
    for _ in walk(loss, rng, x, np.full(steps, learning_rate), noise):
        pass
    return tally(count, {"flat": np.count_nonzero(x > 0)})


def _scores(
    shares: list[float], exact: list[Share], temperatures: list[float], walkers: int, unmoved: float
) -> Observations:
    """Report the shares with their means, and in standard errors how far they are from each other and from the starts.

    The standard error of a share is that of its mean, which is exact.
    """
    error = [one.error(walkers) for one in exact]
    low, high = int(np.argmin(temperatures)), int(np.argmax(temperatures))
    rise = (shares[high] - shares[low]) / math.hypot(error[low], error[high])
    return Observations.of(
        [
            Observation("rise_z", rise, replicates=walkers),
            Observation("deficit_z", (shares[low] - unmoved) / error[low], replicates=walkers),
            *(
                Observation("flat_share", share, one.mean, {"temperature": temperature}, spread, walkers)
                for temperature, share, one, spread in zip(temperatures, shares, exact, error, strict=True)
            ),
        ]
    )
