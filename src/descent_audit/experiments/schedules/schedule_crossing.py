"""Cosine annealing against other decays between the same two rates: where it is higher, and what it sums to."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.schedules import DECAYS, cosine
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
HALVINGS = 60
"""Brings a bracket of width 1 to one rounding unit."""


def cosine_crossing(
    *,
    baseline: Literal["exponential", "linear"],
    ratios: list[float],
    scan_points: int,
    bracket_margin: float,
    steps: int,
    high_ratio: float,
    low_ratio: float,
    drawn_ratios: list[float],
) -> Observations:
    r"""Measure where the cosine falls below ``baseline``, by a scan and by bisection, and the ratio of summed rates.

    With r the last rate over the first, the cosine $c(s)$ and the exponential $e(s) = r^s$ cross once, at $s^* >
    \tfrac12$: $s^* \approx \tfrac12 + \frac{1-r}{4(\pi-2)}$ for $r \to 1$ (``high_ratio``), $1 - s^* \approx
    \frac{4r\ln(1/r)}{\pi^2}$ for $r \to 0$ (``low_ratio``). A straight line is crossed half-way. Over N rates the
    cosine sums to $N(1+r)/2$, exactly as the straight line does.
    """
    roots = crossing(baseline, np.array(ratios), bracket_margin)
    report = Observations()
    for ratio, root in zip(ratios, roots, strict=True):
        report += _scan(baseline, ratio, root, scan_points) + _area_ratios(baseline, ratio, steps)
    high, low = crossing(baseline, np.array([high_ratio, low_ratio]), bracket_margin)
    limits = [
        Observation("limit_near_one", (high - 0.5) / (1 - high_ratio), 1 / (4 * (math.pi - 2)), {"ratio": high_ratio}),
        Observation("limit_near_zero", 1 - low, float(late_crossing(low_ratio)), {"ratio": low_ratio}),
    ]
    return (
        report
        + Observations.of(limits)
        + _drawn(baseline, np.array(ratios), roots, steps=steps, drawn_ratios=drawn_ratios)
    )


def cosine_below(*, ratios: list[float], scan_points: int, late_ratio: float, late_from: float) -> Observations:
    r"""Measure the largest deficit $\min_s(c - e)$ for each ratio, and the largest excess late in the run."""
    s = interior(scan_points)
    deficits = [
        Observation("largest_deficit", np.min(_excess("exponential", s, ratio)), at={"ratio": ratio})
        for ratio in ratios
    ]
    late = s[s >= late_from]
    at: dict[str, Scalar] = {"ratio": late_ratio, "from": late_from}
    excess = Observation("late_excess", np.max(_excess("exponential", late, late_ratio)), at=at)
    drawn = np.linspace(late_from, 1, 7)
    lower = Curve("schedules", rf"lower, $r$ = {late_ratio:g}", "measured", drawn, cosine(drawn, 1.0, late_ratio, 2))
    return Observations.of([*deficits, excess], [lower])


def interior(points: int) -> Array:
    """Return equally spaced positions strictly between 0 and 1."""
    return np.arange(1, points + 1) / (points + 1)


def crossing(baseline: str, ratios: Array, margin: float) -> Array:
    """Return the position where the cosine falls below ``baseline``, bracketed by ``margin`` from both ends."""
    return bisect(lambda s: _excess(baseline, s, ratios) < 0, margin + 0 * ratios, 1 - margin, halvings=HALVINGS)


def late_crossing(ratio: ArrayLike) -> Array:
    r"""Return $4r\ln(1/r)/\pi^2$, how far before the end the curves cross for $r \to 0$.

    There $c - e \approx \tfrac{\pi^2}4(1-s)^2 - r\ln(1/r)\,(1-s)$.
    """
    r = np.asarray(ratio, dtype=float)
    return -4 * r * np.log(r) / math.pi**2


def largest_ratio(ratio: float) -> float:
    r"""Return the largest value of $c(s)/r^s$ on the way, for r < 1.

    With $A, B = \tfrac12(1 \pm r)$, $\ell = \ln(1/r)$ and $\varphi = \pi s$ the logarithm of the quotient is stationary
    where $\pi B\sin\varphi = \ell(A + B\cos\varphi)$, that is $\sin(\varphi - \delta) = \frac{\ell A}{B\sqrt{\pi^2 +
    \ell^2}}$ with $\tan\delta = \ell/\pi$: first at the maximum, then at the minimum.
    """
    fall, mean, half = -math.log(ratio), 0.5 * (1 + ratio), 0.5 * (1 - ratio)
    angle = math.atan2(fall, math.pi) + math.asin(fall * mean / (half * math.hypot(math.pi, fall)))
    return (mean + half * math.cos(angle)) * math.exp(fall * angle / math.pi)


def exponential_sum(ratio: ArrayLike, steps: int) -> Array:
    r"""Return $\sum_t r^{t/(N-1)} = \frac{1 - r^{N/(N-1)}}{1 - r^{1/(N-1)}}$ over N rates."""
    log_factor = np.log(np.asarray(ratio, dtype=float)) / (steps - 1)
    return np.expm1(steps * log_factor) / np.expm1(log_factor)


def _excess(baseline: str, s: Array, ratio: Array | float) -> Array:
    """Return $c(s) - e(s)$; a schedule of two rates has s for its step."""
    return cosine(s, 1.0, ratio, 2) - DECAYS[baseline](s, 1.0, ratio, 2)


def _scan(baseline: str, ratio: float, root: float, points: int) -> Observations:
    s, at = interior(points), {"ratio": ratio}
    lower = DECAYS[baseline](s, 1.0, ratio, 2)
    excess = cosine(s, 1.0, ratio, 2) - lower
    above = excess > 0
    changes = np.flatnonzero(above[1:] != above[:-1])
    highest = largest_ratio(ratio) if baseline == "exponential" else None
    found = 0.5 * (s[changes[0]] + s[changes[0] + 1]) if len(changes) else 0.0
    return Observations.of(
        [
            Observation("crossing_count", len(changes), 1.0, at),
            Observation("crossing_position", root, at=at),
            Observation("scan_position", found, root, at),
            Observation("higher_fraction", float(np.mean(above)), root, at),
            Observation("largest_excess_ratio", 1 + np.max(excess / lower), highest, at),
            Observation("largest_deficit", np.min(excess), at=at),
        ]
    )


def _area_ratios(baseline: str, ratio: float, steps: int) -> Observations:
    t, at = np.arange(steps), {"ratio": ratio}
    sums = {name: np.sum(DECAYS[name](t, 1.0, ratio, steps)) for name in {"cosine", "linear", baseline}}
    straight = 0.5 * steps * (1 + ratio)
    predicted = straight / exponential_sum(ratio, steps) if baseline == "exponential" else 1.0
    return Observations.of(
        [
            Observation("area_ratio", sums["cosine"] / sums[baseline], float(predicted), at),
            Observation("area_ratio_linear", sums["cosine"] / sums["linear"], 1.0, at),
        ]
    )


def _drawn(baseline: str, ratios: Array, roots: Array, *, steps: int, drawn_ratios: list[float]) -> Observations:
    s, curves = np.linspace(0, 1, 31), []
    for ratio in drawn_ratios:
        curves.append(Curve("schedules", rf"$r$ = {ratio:g}", "measured", s, cosine(s, 1.0, ratio, 2)))
        curves.append(Curve("schedules", baseline, "guide", s, DECAYS[baseline](s, 1.0, ratio, 2)))
    t = np.arange(steps)
    upper, lower = (
        np.array([np.sum(DECAYS[name](t, 1.0, ratio, steps)) for ratio in ratios]) for name in ("cosine", baseline)
    )
    curves += [
        Curve("crossing", "crossing", "measured", ratios, roots),
        Curve("area", "ratio of sums", "measured", ratios, upper / lower),
    ]
    if baseline == "exponential":
        curves += _predicted_curves(np.geomspace(ratios.min(), ratios.max(), 121), steps)
    return Observations.of(curves=curves)


def _predicted_curves(ratios: Array, steps: int) -> list[Curve]:
    """Return both limits of the crossing, each on its side of the axis, and the closed form of the summed rates."""
    large, small = ratios[ratios >= 0.3], ratios[ratios <= 0.05]
    ratio_of_sums = 0.5 * steps * (1 + ratios) / exponential_sum(ratios, steps)
    return [
        Curve("crossing", r"$r \to 1$", "predicted", large, 0.5 + (1 - large) / (4 * (math.pi - 2))),
        Curve("crossing", r"$r \to 0$", "predicted", small, 1 - late_crossing(small)),
        Curve("area", "ratio of sums", "predicted", ratios, ratio_of_sums),
    ]
