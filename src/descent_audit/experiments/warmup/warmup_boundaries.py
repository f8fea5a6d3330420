"""Where linear warmup lets the iterate grow: the exact product, and the boundaries that follow from it."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import step_factors
from descent_audit.dynamics.schedules import linear_warmup
from descent_audit.experiments.warmup.warmup_formulas import (
    dip_log,
    log_product,
    net_growth_boundary,
    off_resonance,
    single_step_boundary,
)
from descent_audit.measurement.observations import Curve, Observation, Observations

Array = NDArray[np.float64]


def product_error(
    high: float, relative_rates: list[float], warmup_steps: list[int], high_steps: list[int]
) -> Observations:
    r"""Compare $\log|w_K|$ of runs in high curvature with the Gamma formula: the largest relative deviation."""
    counts, worst = np.array(high_steps), 0.0
    for c, warmup in product(relative_rates, warmup_steps):
        measured = _log_growth(high, c, warmup, max(high_steps))[counts - 1]
        predicted = log_product(counts, c, warmup)
        worst = max(worst, np.max(np.abs(measured - predicted) / (1.0 + np.abs(predicted))))
    return Observations.of([Observation("log_product_error", worst, 0.0)])


def expansion_mismatches(high: float, scan: Array, warmup_steps: list[int], longest: int) -> Observations:
    r"""Count the cells where "no step expands" and $K \le 2S/c$ disagree, over $c$, $S$ and $K \le$ ``longest``."""
    k, c, ramp = np.arange(1, longest + 1), scan[:, None, None], np.array(warmup_steps)[:, None]
    factors = step_factors(high, linear_warmup(k, c / high, ramp))
    quiet = np.maximum.accumulate(factors, axis=-1) <= 1.0
    mismatches = int(np.count_nonzero(quiet != (k / ramp <= single_step_boundary(c))))
    return Observations.of([Observation("expansion_mismatches", mismatches, 0.0)])


def growth_boundaries(high: float, cells: list[tuple[float, int]], margin: float, dip_ratio: float) -> Observations:
    """Compare the last length without net growth with the Gamma formula, exactly, and with its limit."""
    observations = []
    distances: dict[int, list[int]] = {}
    errors: dict[int, list[float]] = {}
    for base, warmup in cells:
        c = off_resonance(base, warmup, margin)
        if not c > 2:
            raise ValueError(f"growth_relative_rates: found {base}, allowed: above 2, where a phase can grow")
        limit = float(net_growth_boundary(c))
        counts = np.arange(1, int(1.5 * warmup * limit) + 10)
        logs = _log_growth(high, c, warmup, len(counts))
        last = counts[logs <= 0.0][-1]
        formula = counts[log_product(counts, c, warmup) <= 0.0][-1]
        distances.setdefault(warmup, []).append(abs(last - formula))
        errors.setdefault(warmup, []).append(abs(last / warmup / limit - 1.0))
        at = {"relative_rate": base, "warmup_steps": warmup, "asymptotic": warmup / c > dip_ratio}
        observations.append(Observation("resonance_shift", warmup / base - warmup / c, at=at))
        observations.append(Observation("dip_log", logs.min(), dip_log(c, warmup), at))
    for warmup in distances:
        at = {"warmup_steps": warmup}
        observations.append(Observation("growth_boundary_steps", max(distances[warmup]), 0.0, at))
        observations.append(Observation("growth_boundary_error", max(errors[warmup]), 0.0, at))
    return Observations.of(observations)


def phase_diagram(high: float, relative_rates: list[float], longest: float, cells: int, warmup: int) -> Observations:
    """Draw the decades by which the warmed-up iterate exceeds its start, over c and K/S."""
    if not cells:
        return Observations()
    c = np.linspace(relative_rates[0], relative_rates[-1], cells)
    counts = np.unique(np.rint(np.linspace(1, longest * warmup, cells)).astype(int))
    k = np.arange(1, counts[-1] + 1)
    logs = np.cumsum(np.log(step_factors(high, linear_warmup(k, c[:, None] / high, warmup))), axis=-1)
    peaks = np.maximum.accumulate(np.maximum(logs, 0.0), axis=-1)[:, counts - 1] / np.log(10.0)
    x, y = np.meshgrid(c, counts / warmup, indexing="ij")
    line = np.linspace(c[0], c[-1], 80)
    step, net = single_step_boundary(line), net_growth_boundary(line)
    inside = net <= longest
    return Observations.of(
        curves=[
            Curve("phase", "peak", "measured", x.ravel(), y.ravel(), np.round(peaks, 4).ravel()),
            Curve("phase", "single step", "predicted", line, step),
            Curve("phase", "net", "predicted", line[inside], net[inside]),
        ]
    )


def _log_growth(high: float, c: float, warmup: int, steps: int) -> Array:
    """Return log|w_k| for k = 1, ..., ``steps`` of a run in high curvature alone."""
    rates = linear_warmup(np.arange(1, steps + 1), c / high, warmup)
    return np.cumsum(np.log(step_factors(high, rates)))
