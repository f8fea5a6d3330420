r"""Descent from the stable line of a saddle, $f = \tfrac12 x^2 - \tfrac12 y^2$: held without noise, gone with any."""

import math
from collections.abc import Mapping
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import iterate, last, update_rule
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, tally

Array = NDArray[np.float64]
SADDLE = DiagonalQuadratic(np.array([1.0, -1.0]))


def saddle_escape_noise(
    *,
    optimizer: str,
    learning_rate: float,
    temperatures: list[float],
    start: float,
    bound: float,
    steps: int,
    count_steps: int,
    walkers: int,
    block_size: int,
) -> Sampling:
    r"""Count walkers with $|y_t|$ beyond a bound: from $(x_0, 0)$ with noise $\sqrt{2\eta T}\,\xi$ in both.

    $y_t$ is normal with mean 0, so every count is binomial. The half-time is the first step at which half of the
    walkers are outside, and one more than ``steps`` where that does not come.
    """
    if count_steps > steps:
        raise OutOfRange("count_steps", count_steps, f"at most {steps}, the number of steps")
    cells = [
        Cell(
            f"temperature={temperature}",
            walkers,
            block_size,
            partial(
                _outside,
                optimizer=optimizer,
                learning_rate=learning_rate,
                temperature=temperature,
                start=start,
                bound=bound,
                steps=steps,
            ),
        )
        for temperature in temperatures
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        counts = [tallies[cell.name]["outside"] for cell in cells]
        return (
            _left(temperatures, counts, learning_rate, bound, count_steps, walkers)
            + _half_times(temperatures, counts, learning_rate, bound, walkers)
            + _shares_at_half_times(temperatures, learning_rate, bound)
            + _noise_free(optimizer, learning_rate, start, count_steps)
        )

    return Sampling(cells, report)


def off_the_line(
    *, optimizer: str, learning_rate: float, start: float, offset: float, bound: float, steps: int
) -> Observations:
    r"""Find the first step at which a start beside the stable line is beyond the bound, without noise.

    $|y_t| = y_0(1+\eta)^t$ passes the bound b at $t = \lceil\ln(b/y_0)/\ln(1+\eta)\rceil$.
    """
    expected = math.ceil(math.log(bound / offset) / math.log1p(learning_rate))
    if expected > steps:
        raise OutOfRange("steps", steps, f"at least {expected}, the step at which the start leaves")
    x0 = np.array([start, offset])
    path = np.abs([x0[1], *(x[1] for x in iterate(SADDLE.gradient, x0, learning_rate, steps, update_rule(optimizer)))])
    shown = sample_steps(steps, 41)
    curves = [
        Curve("offset", "no noise", "measured", shown, path[shown]),
        Curve("offset", "no noise", "predicted", shown, offset * (1.0 + learning_rate) ** shown),
        Curve("offset", "bound", "guide", [0, steps], [bound, bound]),
    ]
    return Observations.of([Observation("leaving_step", int(np.argmax(path > bound)), expected)], curves)


def deviation(temperature: float, learning_rate: float, step: ArrayLike) -> Array:
    r"""Return $s_t = \sqrt{2\eta T\,\frac{(1+\eta)^{2t} - 1}{(1+\eta)^2 - 1}}$, of the shape of ``step``."""
    growth = math.log1p(learning_rate)
    sums = np.expm1(2.0 * growth * np.asarray(step, dtype=float)) / math.expm1(2.0 * growth)
    return np.sqrt(2.0 * learning_rate * temperature * sums)


def outside_probability(temperature: float, learning_rate: float, bound: float, step: ArrayLike) -> Array:
    r"""Return $P(|y_t| > b) = \mathrm{erfc}\bigl(b/(s_t\sqrt2)\bigr)$, of the shape of ``step``; 0 without noise."""
    spread = deviation(temperature, learning_rate, step)
    scores = [bound / (one * math.sqrt(2.0)) if one > 0 else math.inf for one in spread.ravel().tolist()]
    return np.array([math.erfc(score) for score in scores]).reshape(spread.shape)


def exact_half_time(temperature: float, learning_rate: float, bound: float) -> float:
    r"""Return the t, not rounded, at which $P(|y_t| > b) = \tfrac12$: $s_t$ is b over the normal law's upper quartile.

    $(1+\eta)^{2t} = 1 + \frac{s_t^2}{2\eta T}\,((1+\eta)^2 - 1)$; for small T it grows by
    $\ln10/(2\ln(1+\eta))$ per decade.
    """
    spread = bound / NormalDist().inv_cdf(0.75)
    growth = math.log1p(learning_rate)
    return math.log1p(spread**2 / (2 * learning_rate * temperature) * math.expm1(2 * growth)) / (2 * growth)


def _outside(
    rng: Generator,
    count: int,
    *,
    optimizer: str,
    learning_rate: float,
    temperature: float,
    start: float,
    bound: float,
    steps: int,
) -> Tally:
    """Return how many of ``count`` walkers are outside at each step, 0 included, of shape ``(steps + 1,)``."""
    x0, amplitude = np.tile([start, 0.0], (count, 1)), math.sqrt(2.0 * temperature / learning_rate)

    def gradient(x: Array) -> Array:
        slope = SADDLE.gradient(x)
        return slope + amplitude * rng.standard_normal(x.shape) if amplitude else slope

    path = iterate(gradient, x0, learning_rate, steps, update_rule(optimizer))
    return tally(count, {"outside": np.array([0, *(np.count_nonzero(np.abs(x[:, 1]) > bound) for x in path)])})


def _left(
    temperatures: list[float], counts: list[Array], rate: float, bound: float, step: int, walkers: int
) -> Observations:
    """Report the counts at one step, and draw the shares at all."""
    observations, curves = [], []
    for temperature, found in zip(temperatures, counts, strict=True):
        expected = walkers * float(outside_probability(temperature, rate, bound, step))
        at = {"temperature": temperature, "steps": step}
        observations.append(Observation("left_count", found[step], expected, at, replicates=walkers))
        shown, every = sample_steps(len(found) - 1, 41), sample_steps(len(found) - 1, 151)
        series = rf"$T$ = {temperature:g}"
        around = binomial_interval(found[shown], walkers).where((shown > 0) & (temperature > 0))
        curves.append(Curve("share", series, "measured", shown, found[shown] / walkers).within(around))
        formula = outside_probability(temperature, rate, bound, every)
        curves.append(Curve("share", series, "predicted", every, formula))
    return Observations.of(observations, curves)


def _half_times(
    temperatures: list[float], counts: list[Array], rate: float, bound: float, walkers: int
) -> Observations:
    r"""Report half-times, and how much later the next lower temperature has its own: $\ln(T'/T)/(2\ln(1+\eta))$.

    One that is not reached within the steps is infinite, and so is a delay that begins or ends with it.
    """
    noisy = sorted((pair for pair in zip(temperatures, counts, strict=True) if pair[0] > 0), key=lambda pair: pair[0])
    observations, found = [], []
    for temperature, outside in noisy:
        reached = np.flatnonzero(2 * outside >= walkers)
        found.append(float(reached[0]) if len(reached) else math.inf)
        expected = math.ceil(exact_half_time(temperature, rate, bound))
        observations.append(Observation("half_time", found[-1], expected, {"temperature": temperature}))
    for index in range(len(noisy) - 1):
        low, high = noisy[index][0], noisy[index + 1][0]
        expected_delay = math.log(high / low) / (2.0 * math.log1p(rate))
        delay = found[index] - found[index + 1] if math.isfinite(found[index + 1]) else math.inf
        observations.append(Observation("half_time_delay", delay, expected_delay, {"temperature": low}))
    return Observations.of(observations)


def _shares_at_half_times(temperatures: list[float], rate: float, bound: float) -> Observations:
    """Report the exact share outside at the exact half-time, which is no whole number; none without noise."""
    observations = []
    for temperature in filter(None, temperatures):
        half_time = exact_half_time(temperature, rate, bound)
        share = float(outside_probability(temperature, rate, bound, half_time))
        observations.append(Observation("share_at_half_time", share, 0.5, {"temperature": temperature}))
    return Observations.of(observations)


def _noise_free(optimizer: str, rate: float, start: float, steps: int) -> Observations:
    r"""Report where a run without noise ends: at distance $x_0(1-\eta)^t$, still on the line."""
    x0 = np.array([start, 0.0])
    end = last(iterate(SADDLE.gradient, x0, rate, steps, update_rule(optimizer)), x0)
    expected = abs(start) * abs(1.0 - rate) ** steps
    return Observations.of(
        [
            Observation("final_distance_noise_free", math.hypot(*end), expected, {"steps": steps}),
            Observation("final_offset_noise_free", abs(end[1]), 0.0, {"steps": steps}),
        ]
    )
