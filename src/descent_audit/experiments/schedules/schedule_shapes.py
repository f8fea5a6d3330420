"""How exponential decay and cosine annealing fall: ratios, decrements and plateaus of their rates."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.schedules import DECAYS, cosine, exponential
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]


def schedule_shapes(
    *,
    annealing: Literal["cosine", "linear"],
    learning_rate: float,
    ratios: list[float],
    steps: int,
    plateau_level: float,
    plateau_factor: float,
    drawn_ratio: float,
) -> Observations:
    r"""Measure the constant ratio of exponential decay and the plateau, steepest fall and flat end of annealing.

    With $s = t/(N-1)$ and $r = \eta_T/\eta_0$ the decrement of the cosine times $N - 1$ is greatest half-way,
    $\tfrac\pi2(1-r)\eta_0$, and vanishes at both ends; its relative decay $-c'/c$ is greatest at
    $s = \tfrac1\pi\arccos(-\tfrac{1-r}{1+r}) > \tfrac12$. Decrements and ratios are placed half-way between the two
    steps that they compare. ``annealing`` is the schedule that is measured against these predictions.
    """
    t = np.arange(steps)
    s, between = t / (steps - 1), (t[:-1] + 0.5) / (steps - 1)
    report = Observations()
    for ratio in ratios:
        annealed = DECAYS[annealing](t, learning_rate, ratio, steps)
        decaying = exponential(t, learning_rate, ratio, steps)
        plateaus = [_plateau(s, rates, plateau_level) for rates in (annealed, decaying)]
        report += Observations.of(
            [
                _ratio_spread(decaying, ratio),
                *_decrements(annealed, between, learning_rate, ratio),
                *_plateaus(plateaus, ratio, plateau_level, plateau_factor),
                _fastest_relative_position(annealed, between, ratio),
            ]
        )
    return report + _drawn(annealing, drawn_ratio, steps)


def relative_decay(*, ratios: list[float], steps: int) -> Observations:
    """Measure where the cosine falls fastest relative to its size, and mark the place with the decay found there."""
    t = np.arange(steps)
    between = (t[:-1] + 0.5) / (steps - 1)
    observations, curves = [], []
    for ratio in ratios:
        rates = cosine(t, 1.0, ratio, steps)
        observations.append(_fastest_relative_position(rates, between, ratio))
        decay = (steps - 1) * np.max(-np.diff(np.log(rates)))
        curves.append(Curve("relative", rf"fastest, $r$ = {ratio:g}", "measured", observations[-1].value, decay))
    return Observations.of(observations, curves)


def _ratio_spread(rates: Array, ratio: float) -> Observation:
    factor = ratio ** (1 / (len(rates) - 1))
    return Observation("ratio_spread", np.max(np.abs(rates[1:] / rates[:-1] / factor - 1)), 0.0, {"ratio": ratio})


def _decrements(rates: Array, between: Array, learning_rate: float, ratio: float) -> list[Observation]:
    decrements, intervals, at = -np.diff(rates), len(rates) - 1, {"ratio": ratio}
    steepest = int(np.argmax(decrements))
    ends = max(decrements[0], decrements[-1]) / decrements[steepest]
    slope = 0.5 * math.pi * (1 - ratio) * learning_rate
    return [
        Observation("steepest_position", between[steepest], 0.5, at),
        Observation("steepest_decrement", decrements[steepest] * intervals, slope, at),
        Observation("end_decrements", ends, 0.5 * math.pi / intervals, at),
    ]


def _fastest_relative_position(rates: Array, between: Array, ratio: float) -> Observation:
    predicted = math.acos(-(1 - ratio) / (1 + ratio)) / math.pi
    found = between[np.argmax(-np.diff(np.log(rates)))]
    return Observation("fastest_relative_position", found, predicted, {"ratio": ratio})


def _plateau(s: Array, rates: Array, level: float) -> float:
    """Return the last s at which the rate is still at least ``level`` of the first."""
    return float(s[np.flatnonzero(rates >= level * rates[0])[-1]])


def _plateaus(plateaus: list[float], ratio: float, level: float, factor: float) -> list[Observation]:
    annealed, decaying = plateaus
    cosine = math.acos(max(1 - 2 * (1 - level) / (1 - ratio), -1.0)) / math.pi
    exponential_decay, at = math.log(level) / math.log(ratio), {"ratio": ratio}
    return [
        Observation("plateau_cosine", annealed, cosine, at),
        Observation("plateau_exponential", decaying, exponential_decay, at),
        Observation("plateau_lead", annealed - factor * decaying, cosine - factor * exponential_decay, at),
    ]


def _drawn(annealing: str, ratio: float, steps: int) -> Observations:
    """Draw rates, decrements and relative decrements in units of the first rate, marks on the smooth derivatives."""
    curves = []
    t, shown = np.arange(steps), sample_steps(steps - 2, 31)
    fine = np.linspace(0, 1, 101)
    for name in dict.fromkeys((annealing, "exponential")):
        rates = DECAYS[name](t, 1.0, ratio, steps)
        shape, slope = DECAYS[name](fine, 1.0, ratio, 2), _slope(name, fine, ratio)
        middle = (shown + 0.5) / (steps - 1)
        fall = (rates[shown] - rates[shown + 1]) * (steps - 1)
        relative = np.log(rates[shown] / rates[shown + 1]) * (steps - 1)
        for panel, x, y, line in (
            ("rates", shown / (steps - 1), rates[shown], shape),
            ("decrements", middle, fall, slope),
            ("relative", middle, relative, slope / shape),
        ):
            curves += [Curve(panel, name, "measured", x, y), Curve(panel, name, "predicted", fine, line)]
    return Observations.of(curves=curves)


def _slope(name: str, s: Array, ratio: float) -> Array:
    """Return $-d/ds$ of a schedule in units of its first rate."""
    if name == "exponential":
        return -math.log(ratio) * ratio**s
    return (1 - ratio) * (0.5 * math.pi * np.sin(math.pi * s) if name == "cosine" else np.ones_like(s))
