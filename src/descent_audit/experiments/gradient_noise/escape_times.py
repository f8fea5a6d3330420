"""How often noise carries descent from the sharp minimum to the flat one, and which law its mean time follows."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.experiments.noisy_wells import (
    chain,
    check_noisy,
    check_wells,
    line_to_flat,
    passage_operator,
    passages,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import Interval, normal_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.theory.langevin_operators import (
    TransitionOperator,
    passage_moments,
    refinement_change,
    renewal_moments,
)

Array = NDArray[np.float64]


def escape_time_law(
    *,
    sharp_width: float,
    sharp_depth: float,
    flat_width: float,
    flat_depth: float,
    barrier_factor: float,
    learning_rate: float,
    temperatures: list[float],
    steps: int,
    walkers: int,
    block_size: int,
    exact_fits: bool,
    drawn_points: int,
) -> Sampling:
    r"""Count passages from the sharp minimum to the flat one, each followed by a return, and fit laws to the mean time.

    In N steps of n walkers the mean time is estimated by $\hat\tau = nN/\text{count}$. Mean and variance of a walker's
    count are exact (``references.renewal_moments``); they hold the count, the weights of the fits and what the fits
    should find. The walkers see both depths times ``barrier_factor``, which is 1 in the reference. With ``exact_fits``
    the laws are also fitted to the exact mean counts of what the walkers see; ``drawn_points`` of the fits are drawn.
    """
    loss = TwoWells(Well(sharp_width, sharp_depth), Well(flat_width, flat_depth))
    seen = scaled(loss, barrier_factor)
    check_noisy("temperatures", temperatures)
    if len(set(temperatures)) < 2:
        raise OutOfRange("temperatures", temperatures, "at least two different ones")
    for wells in (loss, seen):
        check_wells(wells, learning_rate, max(temperatures))
    cells = [
        Cell(f"temperature={t}", walkers, block_size, partial(_counted, seen, learning_rate, t, steps))
        for t in temperatures
    ]
    setting = Setting(loss, learning_rate, tuple(temperatures), steps, walkers)
    return Sampling(cells, partial(_report, setting, seen if exact_fits else None, drawn_points))


@dataclass(frozen=True)
class Setting:
    """The wells of the reference, at the temperatures and with the numbers of steps and walkers of the simulation."""

    loss: TwoWells
    learning_rate: float
    temperatures: tuple[float, ...]
    steps: int
    walkers: int

    def exact_counts(self, loss: TwoWells) -> tuple[Array, Array]:
        """Return mean and variance of the passages of one walker, each of shape ``(temperatures,)``."""
        found = [passage_counts(loss, self.learning_rate, t, self.steps) for t in self.temperatures]
        mean, variance = np.array(found).T
        return mean, variance

    def times(self, counts: ArrayLike) -> Array:
        """Return the mean time per passage from passages per walker; as if half a one were left where there is none."""
        return self.steps / np.maximum(counts, 0.5 / self.walkers)


@dataclass(frozen=True, eq=False)
class Fit:
    r"""A law $\ln\tau = a + b\,g(T)$ fitted to mean times: $a$, $b$, and AIC = $\chi^2$ + twice the free parameters."""

    intercept: float
    slope: float
    aic: float

    @classmethod
    def of(cls, feature: Array, log_times: Array, errors: Array, slope: float | None = None) -> "Fit":
        r"""Return the weighted least-squares fit; a ``slope`` that is given is not fitted (Akaike 1974)."""
        weights = 1.0 / errors**2
        centre = np.average(feature, weights=weights)
        fitted = np.average((feature - centre) * log_times, weights=weights)
        free = 2 if slope is None else 1
        slope = fitted / np.average((feature - centre) ** 2, weights=weights) if slope is None else slope
        intercept = np.average(log_times - slope * feature, weights=weights)
        chi_square = np.sum(weights * (log_times - intercept - slope * feature) ** 2)
        return cls(float(intercept), float(slope), float(chi_square) + 2 * free)

    def times(self, feature: Array) -> Array:
        """Return the mean times of the law."""
        return np.exp(self.intercept + self.slope * feature)


FEATURES: dict[str, Callable[[Array], Array]] = {
    "inverse": lambda t: -np.log(t),
    "power": lambda t: -np.log(t),
    "Arrhenius": lambda t: 1.0 / t,
}
r"""$\tau = A/T$, $\tau = AT^{-b}$ and $\tau = Ae^{B/T}$ as laws of the logarithm."""


def fitted_laws(temperatures: ArrayLike, times: Array, errors: Array) -> dict[str, Fit]:
    """Return the three laws fitted to mean times; ``errors`` are standard errors of their logarithms."""
    temperature, log_times = np.asarray(temperatures, dtype=float), np.log(times)
    fixed = {"inverse": 1.0}
    return {law: Fit.of(feature(temperature), log_times, errors, fixed.get(law)) for law, feature in FEATURES.items()}


def residual_errors(law: str, temperatures: Array, errors: Array) -> Array:
    r"""Return the standard errors of what a law misses, $\sqrt{\mathrm{diag}(V - X(X^\top V^{-1}X)^{-1}X^\top)}$.

    V is diagonal and holds the squared ``errors`` of the logarithms, X a column for each free parameter: a fit is
    nearer to the points that it was made of than to the truth.
    """
    columns = [np.ones_like(temperatures), FEATURES[law](temperatures)][: 1 if law == "inverse" else 2]
    basis, _ = np.linalg.qr(np.stack(columns, axis=1) / errors[:, None])
    return errors * np.sqrt(np.maximum(1.0 - np.sum(basis**2, axis=1), 0.0))


def polynomial_fits(temperatures: ArrayLike, times: Array, errors: Array) -> dict[str, Fit]:
    """Return the same laws by NumPy's weighted polynomials, of degree 0 for the law whose slope is given."""
    temperature, log_times, found = np.asarray(temperatures, dtype=float), np.log(times), {}
    for law, feature in FEATURES.items():
        x, degree = feature(temperature), 0 if law == "inverse" else 1
        y = log_times if degree else log_times - x
        line = np.polyfit(x, y, degree, w=1.0 / errors)
        chi_square = np.sum(((y - np.polyval(line, x)) / errors) ** 2)
        slope = line[0] if degree else 1.0
        found[law] = Fit(float(line[-1]), float(slope), float(chi_square) + 2 * len(line))
    return found


def scaled(loss: TwoWells, factor: float) -> TwoWells:
    """Return the wells with both depths times a factor."""
    sharp, flat = loss.sharp, loss.flat
    return TwoWells(Well(sharp.width, factor * sharp.depth), Well(flat.width, factor * flat.depth))


@lru_cache(maxsize=256)
def passage_counts(loss: TwoWells, learning_rate: float, temperature: float, steps: int) -> tuple[float, float]:
    """Return the exact mean and variance of the number of passages of one walker."""
    return renewal_moments(passage_operator(loss, learning_rate, temperature), loss.minima[0], steps)


@lru_cache(maxsize=256)
def mean_time_change(loss: TwoWells, learning_rate: float, temperature: float) -> float:
    """Return the relative change of the mean passage time from the operator to a finer one."""

    def mean_time(operator: TransitionOperator) -> Array:
        return passage_moments(operator, loss.minima[0])[0]

    return refinement_change(mean_time, chain(loss, learning_rate, temperature), line_to_flat(loss, temperature))


def _counted(loss: TwoWells, learning_rate: float, temperature: float, steps: int, rng: Generator, count: int) -> Tally:
    """Count the passages of each walker of one block."""
    x, counts = np.full(count, loss.minima[0]), np.zeros(count)
    noise = math.sqrt(2 * learning_rate * temperature)
    for hit in passages(loss, rng, x, np.full(steps, learning_rate), noise):
        counts[hit] += 1.0
    return tally(count, moments("passages", counts))


def _report(setting: Setting, seen: TwoWells | None, drawn_points: int, tallies: Mapping[str, Tally]) -> Observations:
    temperatures, n = setting.temperatures, setting.walkers
    mean, variance = setting.exact_counts(setting.loss)
    counts = np.array([tallies[f"temperature={t}"].mean("passages") for t in temperatures])
    scores = (counts - mean) / np.sqrt(variance / n)
    times, exact = setting.times(counts), setting.times(mean)
    observations = []
    for t, score, time, expected in zip(temperatures, scores, times, exact, strict=True):
        at = {"temperature": t}
        observations += [
            Observation("count_z", score, 0.0, at, standard_error=1.0, replicates=n),
            Observation("escape_time", time, expected, at, replicates=n),
            Observation("time_temperature_product", time * t, expected * t, at, replicates=n),
        ]
    cold, hot = int(np.argmin(temperatures)), int(np.argmax(temperatures))
    ratio, expected = (tau[cold] * temperatures[cold] / (tau[hot] * temperatures[hot]) for tau in (times, exact))
    observations.append(Observation("product_ratio", ratio, expected, replicates=n))
    change = mean_time_change(setting.loss, setting.learning_rate, temperatures[cold])
    observations.append(Observation("reference_change", change, at={"temperature": temperatures[cold]}))
    errors = np.sqrt(variance / n) / mean
    laws, expected_laws = (fitted_laws(temperatures, tau, errors) for tau in (times, exact))
    found = [mean_interval(tallies[f"temperature={t}"], "passages") for t in temperatures]
    around = Interval(*(np.array(ends) for ends in zip(*found, strict=True))).through(setting.times)
    report = Observations.of(observations, _drawn(setting, times, around, exact, laws, errors, drawn_points))
    report += _compared(setting, "measured", laws, expected_laws)
    if seen is not None:
        reference = polynomial_fits(temperatures, exact, np.sqrt(variance / n) / mean)
        mean, variance = setting.exact_counts(seen)
        own = fitted_laws(temperatures, setting.times(mean), np.sqrt(variance / n) / mean)
        report += _compared(setting, "exact", own, reference)
    return report


def _compared(setting: Setting, source: str, laws: Mapping[str, Fit], expected: Mapping[str, Fit]) -> Observations:
    r"""Report by how much the Arrhenius law is the better one, and its slope over the depth of the sharp well.

    The expected value of an AIC difference is that of the exact means, whose difference of free parameters counts once:
    $E\chi^2$ is the exact one plus the number of points less that of the free parameters.
    """
    at, n = {"fit": source}, setting.walkers
    barrier = setting.loss.sharp.depth
    power, inverse = (laws[law].aic - laws["Arrhenius"].aic for law in ("power", "inverse"))
    power_expected, inverse_expected = (expected[law].aic - expected["Arrhenius"].aic for law in ("power", "inverse"))
    fewer = 1.0 if source == "measured" else 0.0
    slope, slope_expected = laws["Arrhenius"].slope / barrier, expected["Arrhenius"].slope / barrier
    return Observations.of(
        [
            Observation("aic_power_minus_arrhenius", power, power_expected, at, replicates=n),
            Observation("aic_inverse_minus_arrhenius", inverse, inverse_expected + fewer, at, replicates=n),
            Observation("arrhenius_slope", slope, slope_expected, at, replicates=n),
        ]
    )


def _drawn(
    setting: Setting,
    times: Array,
    around: Interval,
    exact: Array,
    laws: Mapping[str, Fit],
    errors: Array,
    points: int,
) -> list[Curve]:
    """Return the mean times with their exact values and the fitted laws, against 1/T, and below what the laws miss."""
    temperatures = np.array(setting.temperatures)
    curves, grid = [], np.linspace(temperatures.min(), temperatures.max(), points)
    for law, fit in laws.items() if points else ():
        curves.append(Curve("times", law, "predicted", 1.0 / grid, fit.times(FEATURES[law](grid))))
        missed = np.log(times / fit.times(FEATURES[law](temperatures)))
        left = normal_interval(missed, residual_errors(law, temperatures, errors))
        curves.append(Curve("residuals", law, "measured", 1.0 / temperatures, missed).within(left))
    curves.append(Curve("times", r"$\hat\tau$", "measured", 1.0 / temperatures, times).within(around))
    if points:
        curves.append(Curve("times", r"$\hat\tau$", "predicted", 1.0 / temperatures, exact))
    return curves
