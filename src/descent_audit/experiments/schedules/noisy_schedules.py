"""Walkers with gradient noise under decaying rates: which schedule takes more of them to the flat well."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.langevin import walk
from descent_audit.dynamics.schedules import DECAYS
from descent_audit.experiments.noisy_wells import check_noisy, check_stable
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.theory.inhomogeneous import flat_shares, reference_error

Array = NDArray[np.float64]
FIRST, SECOND, THIRD = "first", "second", "third"


@dataclass(frozen=True)
class NoisySchedule:
    r"""One schedule and its walkers: $x' = x - \eta_t(U'(x) + \varsigma\xi)$ with $\varsigma$ the ``amplitude``.

    ``name`` is that of the decay, ``label`` what a figure calls it.
    """

    loss: TwoWells
    name: str
    label: str
    rates: tuple[float, ...]
    amplitude: float
    start: float

    def tally(self, counted: Array, rng: Generator, count: int) -> Tally:
        """Return the number of walkers in the flat well after the steps ``counted``, and of those thrown off."""
        x, rates = np.full(count, self.start), np.array(self.rates)
        found = [np.count_nonzero(x > 0)]
        noisy = walk(self.loss, rng, x, rates, rates * self.amplitude)
        for step, _ in enumerate(noisy, 1):
            if step in counted:
                found.append(np.count_nonzero((x > 0) & np.isfinite(x)))
        return tally(count, {"flat": found, "nonfinite": np.count_nonzero(~np.isfinite(x))})

    def exact(self, steps: int) -> Array:
        """Return the exact shares after 0, 1, ..., ``steps`` steps; there are none without noise."""
        if self.amplitude == 0:
            return np.empty(0)
        return flat_shares(self.loss, self.rates[:steps], self.amplitude, self.start).share


def schedule_noise_exploration(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    second_schedule: Literal["exponential", "cosine"],
    same_sum: bool,
    learning_rate: float,
    final_ratio: float,
    steps: int,
    temperature: float,
    start: Literal["sharp", "flat"],
    walkers: int,
    block_size: int,
    early_steps: int,
    exact_steps: int,
    drawn_temperatures: list[float],
) -> Sampling:
    r"""Return how many walkers are in the flat well, early and at the end, under cosine, a second schedule and a line.

    The noise in the slope is $\varsigma = \sqrt{2T_0/\eta_0}$ throughout, so that the temperature $\eta_t\varsigma^2/2$
    falls with the rate from ``temperature``. With ``same_sum`` the second schedule is scaled to the summed rate of the
    cosine. Counts up to ``exact_steps`` are compared with the law of these very steps.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    check_noisy("drawn_temperatures", drawn_temperatures)
    for key, found in (("early_steps", early_steps), ("exact_steps", exact_steps)):
        if found > steps:
            raise OutOfRange(key, found, f"1 to {steps}, the steps of a run")
    shapes = {name: decay(np.arange(steps), 1.0, final_ratio, steps) for name, decay in DECAYS.items()}
    scale = float(shapes["cosine"].sum() / shapes[second_schedule].sum()) if same_sum else 1.0
    check_stable("learning_rate", max(1.0, scale) * learning_rate, loss)
    origin = loss.minima[0] if start == "sharp" else loss.minima[1]
    suffix = ", flat start" if start == "flat" else ", same sum" if same_sum else ""

    def built(name: str, factor: float, initial: float = temperature) -> NoisySchedule:
        rates, amplitude = factor * learning_rate * shapes[name], math.sqrt(2 * initial / learning_rate)
        return NoisySchedule(loss, name, name + suffix, tuple(rates.tolist()), amplitude, origin)

    roles = {FIRST: built("cosine", 1.0), SECOND: built(second_schedule, scale), THIRD: built("linear", 1.0)}
    counted = np.union1d(sample_steps(steps, 26), [early_steps])
    cells = [Cell(_cell(role, roles[role]), walkers, block_size, partial(roles[role].tally, counted)) for role in roles]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = {role: tallies[_cell(role, roles[role])] for role in roles}
        parts = {"early": early_steps, "end": steps}
        drawn = [SECOND] if same_sum else [FIRST, SECOND] if start == "flat" else list(roles)
        against = drawn_temperatures if exact_steps == steps else []
        lines = {
            FIRST: [float(built("cosine", 1.0, one).exact(steps)[-1]) for one in against],
            SECOND: [float(built(second_schedule, scale, one).exact(steps)[-1]) for one in against],
        }
        return (
            _counts(roles, found, counted, parts, exact_steps)
            + _differences(found)
            + _accuracy(roles, parts, exact_steps)
            + _courses({role: roles[role] for role in drawn}, found, counted, exact_steps)
            + _against_temperature(roles, found, temperature, against, lines)
        )

    return Sampling(cells, report)


def _cell(role: str, schedule: NoisySchedule) -> str:
    return f"{role} schedule={schedule.name}"


def _counts(
    roles: Mapping[str, NoisySchedule],
    found: Mapping[str, Tally],
    counted: Array,
    parts: Mapping[str, int],
    exact_steps: int,
) -> Observations:
    """Report the walkers in the flat well per part of the run, with the expected number where it is exact."""
    exact = {role: schedule.exact(exact_steps) for role, schedule in roles.items()}
    observations = []
    for part, step in parts.items():
        index, at, n = int(np.searchsorted(counted, step)), {"part": part}, found[FIRST].replicates
        count = {role: float(found[role]["flat"][index]) for role in roles}
        mean = {role: n * float(exact[role][step]) if step < len(exact[role]) else None for role in roles}
        observations += [
            Observation("flat_count_cosine", count[FIRST], mean[FIRST], at, replicates=n),
            Observation("flat_count_exponential", count[SECOND], mean[SECOND], at, replicates=n),
            Observation("flat_count_linear", count[THIRD], mean[THIRD], at, replicates=n),
        ]
    thrown = max(float(one["nonfinite"]) / one.replicates for one in found.values())
    return Observations.of([*observations, Observation("nonfinite_share", thrown, replicates=n)])


def _differences(found: Mapping[str, Tally]) -> Observations:
    """Report how much counts differ, at the end and at most, and the score of the test of equal proportions."""
    n = found[FIRST].replicates
    apart = float(np.abs(found[FIRST]["flat"] - found[SECOND]["flat"]).max())
    first, second, third = (float(found[role]["flat"][-1]) for role in (FIRST, SECOND, THIRD))
    return Observations.of(
        [
            Observation(
                "cosine_minus_exponential_z",
                pooled_score(first, second, n),
                pearson_root(first, second, n),
                replicates=n,
            ),
            Observation("cosine_minus_exponential", first - second, replicates=n),
            Observation("largest_count_difference", apart, replicates=n),
            Observation("cosine_minus_linear", first - third, replicates=n),
        ]
    )


def pooled_score(first: float, second: float, trials: int) -> float:
    r"""Return $(\hat p_1 - \hat p_2)/\sqrt{2\hat p(1 - \hat p)/n}$ of two counts, $\hat p$ the mean of both shares.

    It is 0 where all or none are counted, since the two then agree.
    """
    pooled = 0.5 * (first + second) / trials
    error = math.sqrt(2 * pooled * (1.0 - pooled) / trials)
    return (first - second) / trials / error if error else 0.0


def pearson_root(first: float, second: float, trials: int) -> float:
    r"""Return $\pm\sqrt{\sum(O - E)^2/E}$ of the two-by-two table of counted and not counted, signed as first - second.

    Its square is Pearson's $\chi^2$; it is 0 where all or none are counted.
    """
    observed = np.array([[first, trials - first], [second, trials - second]])
    expected = observed.mean(axis=0)
    if not expected.all():
        return 0.0
    return math.copysign(math.sqrt(np.sum((observed - expected) ** 2 / expected)), first - second)


def _accuracy(roles: Mapping[str, NoisySchedule], parts: Mapping[str, int], exact_steps: int) -> Observations:
    """Report what each exact share that is compared with a count may be off by."""
    within = {part: step for part, step in parts.items() if step <= exact_steps}
    return Observations.of(
        Observation("reference_error", error, at={"part": part, "role": role})
        for role, schedule in roles.items()
        if within and schedule.amplitude > 0
        for part, error in zip(
            within,
            reference_error(
                schedule.loss, schedule.rates[:exact_steps], schedule.amplitude, schedule.start, [*within.values()]
            ),
            strict=True,
        )
    )


def _courses(
    roles: Mapping[str, NoisySchedule], found: Mapping[str, Tally], counted: Array, exact_steps: int
) -> Observations:
    """Draw the rates and the shares in the flat well against the step."""
    curves = []
    for role, schedule in roles.items():
        label, exact = schedule.label, schedule.exact(exact_steps)
        shown = sample_steps(len(schedule.rates) - 1, 101)
        every = sample_steps(len(exact) - 1, 101) if len(exact) else np.empty(0, dtype=int)
        count, n = found[role]["flat"], found[role].replicates
        around = binomial_interval(count, n).where((counted > 0) & (schedule.amplitude > 0))
        curves.append(Curve("rates", label, "predicted", shown, np.array(schedule.rates)[shown]))
        curves.append(Curve("course", label, "measured", counted, count / n).within(around))
        if len(every) > 2:
            curves.append(Curve("course", label, "predicted", every, exact[every]))
    return Observations.of(curves=curves)


def _against_temperature(
    roles: Mapping[str, NoisySchedule],
    found: Mapping[str, Tally],
    temperature: float,
    against: list[float],
    lines: Mapping[str, list[float]],
) -> Observations:
    """Draw the final shares at the temperature of the walkers, on the exact lines over all temperatures."""
    curves = []
    for role, line in lines.items():
        label, count, n = roles[role].label, found[role]["flat"][-1:], found[role].replicates
        around = binomial_interval(count, n).where(roles[role].amplitude > 0)
        curves.append(Curve("temperature", label, "measured", [temperature], count / n).within(around))
        if against:
            curves.append(Curve("temperature", label, "predicted", against, line))
    return Observations.of(curves=curves)
