r"""Exact null laws: what a sampled number may be if the prediction is true, and with which probability.

Each law needs no more than an observation holds; what ``value`` and ``predicted`` are to it:

========== ============================ ================================ ==================================
law        value                        predicted                        its own
========== ============================ ================================ ==================================
binomial   a count of successes         its expectation $np$             ``replicates`` is n
chi_square a sum of squared deviations  its degrees of freedom
           over their variance
normal     a mean                       its expectation                  ``standard_error`` is known
student    a mean                       its expectation                  ``standard_error`` is estimated from
                                                                         ``replicates``
kolmogorov the largest distance of two  0                                ``replicates`` is the sample's size
           distribution functions
========== ============================ ================================ ==================================
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy import special

from descent_audit.measurement.intervals import binomial_interval, normal_interval, student_interval


class Sample(NamedTuple):
    """A sampled number with its prediction, as an observation holds them."""

    value: float
    predicted: float
    standard_error: float
    replicates: int


class Tails(NamedTuple):
    """Probabilities, if the prediction is true, of a value at most and at least as large as the one found."""

    lower: float
    upper: float


class Law(NamedTuple):
    """``tails(sample)`` are the probabilities of the law, ``interval(sample, level)`` inverts its two-sided test.

    The interval holds every prediction that the test at ``level`` does not reject.
    """

    tails: Callable[[Sample], Tails]
    interval: Callable[[Sample, float], tuple[float, float]]


def _binomial_tails(sample: Sample) -> Tails:
    count, n = sample.value, sample.replicates
    p = min(max(sample.predicted / n, 0.0), 1.0)
    above = 1.0 if count <= 0 else float(special.betainc(count, n - count + 1, p))
    below = 1.0 if count >= n else float(special.betainc(n - count, count + 1, 1.0 - p))
    return Tails(below, above)


def _binomial_interval(sample: Sample, level: float) -> tuple[float, float]:
    """Return n times the interval of Clopper and Pearson (1934)."""
    lower, upper = binomial_interval(sample.value, sample.replicates, level)
    return sample.replicates * float(lower), sample.replicates * float(upper)


def _chi_square_tails(sample: Sample) -> Tails:
    half, x = 0.5 * sample.predicted, 0.5 * sample.value
    return Tails(float(special.gammainc(half, x)), float(special.gammaincc(half, x)))


def _chi_square_interval(sample: Sample, level: float) -> tuple[float, float]:
    """Return the interval of the scale: the degrees of freedom times the value over its quantiles."""
    half = 0.5 * sample.predicted
    low, high = 2.0 * special.gammaincinv(half, 0.5 * level), 2.0 * special.gammainccinv(half, 0.5 * level)
    return sample.predicted * sample.value / float(high), sample.predicted * sample.value / float(low)


def _score(sample: Sample) -> float:
    return (sample.value - sample.predicted) / sample.standard_error


def _normal_tails(sample: Sample) -> Tails:
    return Tails(float(special.ndtr(_score(sample))), float(special.ndtr(-_score(sample))))


def _normal_interval(sample: Sample, level: float) -> tuple[float, float]:
    lower, upper = normal_interval(sample.value, sample.standard_error, level)
    return float(lower), float(upper)


def _student_tails(sample: Sample) -> Tails:
    freedom = sample.replicates - 1
    return Tails(float(special.stdtr(freedom, _score(sample))), float(special.stdtr(freedom, -_score(sample))))


def _student_interval(sample: Sample, level: float) -> tuple[float, float]:
    lower, upper = student_interval(sample.value, sample.standard_error, sample.replicates, level)
    return float(lower), float(upper)


def _kolmogorov_tails(sample: Sample) -> Tails:
    from scipy.stats import kstwo  # half a second that no other law needs

    return Tails(float(kstwo.cdf(sample.value, sample.replicates)), float(kstwo.sf(sample.value, sample.replicates)))


def _kolmogorov_interval(sample: Sample, level: float) -> tuple[float, float]:
    """Return what holds 0 unless the distance is beyond its quantile: twice the one-sided tail, exact far out."""
    quantile = float(special.smirnovi(sample.replicates, 0.5 * level))
    return max(sample.value - quantile, 0.0), sample.value


LAWS: dict[str, Law] = {
    "binomial": Law(_binomial_tails, _binomial_interval),
    "chi_square": Law(_chi_square_tails, _chi_square_interval),
    "normal": Law(_normal_tails, _normal_interval),
    "student": Law(_student_tails, _student_interval),
    "kolmogorov": Law(_kolmogorov_tails, _kolmogorov_interval),
}
"""Sources: Clopper and Pearson (1934) for the binomial law, Student (1908), Kolmogorov (1933)."""


def p_value(law: str, sample: Sample) -> float:
    """Return the p-value: two-sided, twice the smaller tail and at most 1; of ``kolmogorov`` the upper tail."""
    tails = LAWS[law].tails(sample)
    return tails.upper if law == "kolmogorov" else min(1.0, 2.0 * min(tails))


def two_sided_level(score: float) -> float:
    """Return the level of the two-sided normal test that rejects beyond ``score`` standard errors."""
    return math.erfc(score / math.sqrt(2.0))
