r"""Linear warmup through an early phase of high curvature: transient growth, and the product that replaces it."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import Schedule, scheduled
from descent_audit.dynamics.schedules import constant, linear_warmup
from descent_audit.experiments.warmup.warmup_boundaries import (
    expansion_mismatches,
    growth_boundaries,
    phase_diagram,
    product_error,
)
from descent_audit.experiments.warmup.warmup_formulas import log_product
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]


def transient_growth(
    *,
    learning_rate: float,
    high_curvature: float,
    low_curvature: float,
    order: Literal["high_first", "low_first"],
    high_steps: list[int],
    warmup_steps: list[int],
    steps: int,
    product_relative_rates: list[float],
    product_warmup_steps: list[int],
    product_high_steps: list[int],
    expansion_relative_rates: list[float],
    expansion_cells: int,
    expansion_warmup_steps: list[int],
    expansion_longest_steps: int,
    growth_relative_rates: list[float],
    growth_warmup_steps: list[int],
    growth_margin: float,
    dip_ratio: float,
    drawn_warmup_steps: int,
    map_relative_rates: list[float],
    map_longest_ratio: float,
    map_cells: int,
) -> Observations:
    r"""Measure how far the iterate grows in the phase of high curvature, and where growth begins.

    The toy is $w_k = (1 - \eta_k a_k)\,w_{k-1}$ with $k = 1, 2, \dots$; with $c = \eta_{\max} a_{\rm high}$ a constant
    rate multiplies it by $|c-1|$ per step, warmup by $|1 - c\min(k/S, 1)|$. ``expansion_relative_rates`` and
    ``map_relative_rates`` hold the first and the last $c$ of a scan; no map is drawn where ``map_cells`` is 0.
    """
    toy = Toy(learning_rate, high_curvature, low_curvature)
    scan = np.linspace(expansion_relative_rates[0], expansion_relative_rates[-1], expansion_cells)
    cells = [(c, length) for length in growth_warmup_steps for c in growth_relative_rates]
    return (
        _peaks(toy, order, list(product(high_steps, warmup_steps)), steps)
        + _rate_sums(learning_rate, warmup_steps)
        + product_error(high_curvature, product_relative_rates, product_warmup_steps, product_high_steps)
        + expansion_mismatches(high_curvature, scan, expansion_warmup_steps, expansion_longest_steps)
        + growth_boundaries(high_curvature, cells, growth_margin, dip_ratio)
        + _drawn_sizes(toy, order, high_steps[0], drawn_warmup_steps, steps)
        + phase_diagram(high_curvature, map_relative_rates, map_longest_ratio, map_cells, drawn_warmup_steps)
    )


def passing_growth(
    *, learning_rate: float, high_curvature: float, low_curvature: float, high_steps: int, steps: list[int]
) -> Observations:
    r"""Measure $|w_N|$ at a constant rate long after the phase of high curvature.

    It is $|c-1|^K\,|1 - \eta_{\max} a_{\rm low}|^{N-K}$ with $K$ = ``high_steps``, which vanishes in the end.
    """
    toy = Toy(learning_rate, high_curvature, low_curvature)
    sizes = toy.sizes(partial(constant, learning_rate=learning_rate), (0, high_steps), max(steps))
    early, late = abs(1 - learning_rate * high_curvature), abs(1 - learning_rate * low_curvature)
    return Observations.of(
        Observation(
            "constant_final",
            sizes[count],
            early ** min(count, high_steps) * late ** max(count - high_steps, 0),
            {"steps": count},
        )
        for count in steps
    )


@dataclass(frozen=True)
class Toy:
    """A loss $a_k w^2/2$ whose curvature is high in one phase and low outside, with the maximal rate of its runs."""

    learning_rate: float
    high_curvature: float
    low_curvature: float

    def sizes(self, schedule: Schedule, phase: tuple[int, int], steps: int) -> Array:
        """Return |w_k| for k = 0, ..., ``steps`` from 1; curvature is high for phase[0] < k <= phase[1]."""

        def gradient(w: Array, k: int) -> Array:
            return (self.high_curvature if phase[0] < k <= phase[1] else self.low_curvature) * w

        start = np.ones(1)
        return np.abs([start, *scheduled(gradient, start, schedule, steps)])[:, 0]

    def warmup_sizes(self, phase: tuple[int, int], warmup: int, steps: int) -> Array:
        """Return |w_k| of a run with linear warmup."""
        return self.sizes(partial(linear_warmup, learning_rate=self.learning_rate, warmup_steps=warmup), phase, steps)

    def log_sizes(self, phase: tuple[int, int], warmup: int, at: NDArray[np.int_]) -> Array:
        """Return log|w_k| at some steps in closed form: the products of the spans before, in and after the phase."""
        high, low = (self.learning_rate * curvature for curvature in (self.high_curvature, self.low_curvature))
        inside, after = np.clip(at, *phase), np.maximum(at, phase[1])
        return (
            log_product(np.minimum(at, phase[0]), low, warmup)
            + (log_product(inside, high, warmup) - log_product(phase[0], high, warmup))
            + (log_product(after, low, warmup) - log_product(phase[1], low, warmup))
        )


def _phase(order: str, high_steps: int, steps: int) -> tuple[int, int]:
    """Return the steps after which curvature becomes and ceases to be high."""
    entry = 0 if order == "high_first" else max(steps - high_steps, 0)
    return entry, min(entry + high_steps, steps)


def _peaks(toy: Toy, order: str, cells: list[tuple[int, int]], steps: int) -> Observations:
    c = toy.learning_rate * toy.high_curvature
    observations = []
    for count, warmup in cells:
        first, last = _phase(order, count, steps)
        sizes = toy.warmup_sizes((first, last), warmup, steps)[first : last + 1]
        growth = log_product(np.arange(first, last + 1), c, warmup)
        at = {"high_steps": count, "warmup_steps": warmup}
        predicted = float(np.exp(np.max(growth - growth[0])))
        observations.append(Observation("warmup_peak", sizes.max() / sizes[0], predicted, at))
    for count in dict.fromkeys(count for count, _ in cells):
        flat = toy.sizes(partial(constant, learning_rate=toy.learning_rate), _phase(order, count, steps), steps)
        predicted = abs(c - 1) ** count
        observations.append(Observation("constant_peak", flat.max(), predicted, {"high_steps": count}))
    return Observations.of(observations)


def _rate_sums(learning_rate: float, warmup_steps: list[int]) -> Observations:
    observations = []
    for warmup in warmup_steps:
        k = np.arange(1, warmup + 1)
        lost = np.sum(constant(k, learning_rate) - linear_warmup(k, learning_rate, warmup))
        at = {"warmup_steps": warmup}
        observations.append(Observation("rate_sum_lost", lost, learning_rate * (warmup - 1) / 2, at))
    return Observations.of(observations)


def _drawn_sizes(toy: Toy, order: str, high_steps: int, warmup: int, steps: int) -> Observations:
    """Draw the sizes of the iterate, marks on the lines of the closed form; in reversed order with warmup alone."""
    phase, shown, every = _phase(order, high_steps, steps), sample_steps(steps, 41), sample_steps(steps, 81)
    runs = {"constant": 1, "warmup": warmup} if order == "high_first" else {"reversed": warmup}
    curves = []
    for series, length in runs.items():
        curves.append(Curve("size", series, "measured", shown, toy.warmup_sizes(phase, length, steps)[shown]))
        if order == "high_first":
            curves.append(Curve("size", series, "predicted", every, np.exp(toy.log_sizes(phase, length, every))))
    return Observations.of(curves=curves)
