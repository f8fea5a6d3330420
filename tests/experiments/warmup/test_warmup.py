import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.warmup.warmup import passing_growth, transient_growth

CHEAP = {
    "learning_rate": 0.31,
    "high_curvature": 10.0,
    "low_curvature": 1.0,
    "order": "high_first",
    "high_steps": [60],
    "warmup_steps": [100],
    "steps": 400,
    "product_relative_rates": [3.1],
    "product_warmup_steps": [7],
    "product_high_steps": [40],
    "expansion_relative_rates": [2.05123, 20.00123],
    "expansion_cells": 6,
    "expansion_warmup_steps": [5, 10],
    "expansion_longest_steps": 40,
    "growth_relative_rates": [3.1],
    "growth_warmup_steps": [50],
    "growth_margin": 0.2,
    "dip_ratio": 30.0,
    "drawn_warmup_steps": 100,
    "map_relative_rates": [2.1, 10.0],
    "map_longest_ratio": 3.0,
    "map_cells": 0,
}


def observed(quantity, **changes):
    report = transient_growth(**{**CHEAP, **changes})
    return [one for one in report.measured if one.quantity == quantity]


def sizes(rate, high, low, entry, length, warmup, steps):
    """Return |w_k| by the recursion, one number at a time."""
    w, path = 1.0, [1.0]
    for k in range(1, steps + 1):
        eta = rate * k / warmup if k < warmup else rate
        w *= 1 - eta * (high if entry < k <= entry + length else low)
        path.append(abs(w))
    return path


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.05, 0.6),
    st.integers(1, 30),
    st.integers(1, 40),
    st.sampled_from(["high_first", "low_first"]),
)
def test_peaks_are_those_of_the_scalar_recursion(rate, high_steps, warmup, order):
    cells = {"learning_rate": rate, "high_steps": [high_steps], "warmup_steps": [warmup], "steps": 60, "order": order}
    entry = 0 if order == "high_first" else 60 - high_steps
    report = transient_growth(**{**CHEAP, **cells, "drawn_warmup_steps": 7})
    found = {one.quantity: one for one in report.measured}
    path = sizes(rate, 10.0, 1.0, entry, high_steps, warmup, 60)
    if path[entry] > 1e-250:
        peak = max(path[entry : entry + high_steps + 1]) / path[entry]
        assert found["warmup_peak"].value == pytest.approx(peak, rel=1e-9)
    assert found["constant_peak"].value == pytest.approx(
        max(sizes(rate, 10.0, 1.0, entry, high_steps, 1, 60)), rel=1e-9
    )


@pytest.mark.parametrize(("high_steps", "warmup"), [(60, 100), (200, 100), (30, 7), (5, 1)])
def test_predicted_peak_meets_the_recursion(high_steps, warmup):
    (one,) = observed("warmup_peak", high_steps=[high_steps], warmup_steps=[warmup])
    path = sizes(0.31, 10.0, 1.0, 0, high_steps, warmup, 400)
    assert one.predicted == pytest.approx(max(path[: high_steps + 1]), rel=1e-9)


def test_every_cell_of_lengths_and_warmups_is_reported_once():
    peaks = observed("warmup_peak", high_steps=[10, 20], warmup_steps=[5, 40, 80])
    assert len({tuple(sorted(one.at.items())) for one in peaks}) == len(peaks) == 6


def test_growth_boundary_is_the_last_length_without_growth():
    (one,) = observed("growth_boundary_error", growth_relative_rates=[3.1], growth_warmup_steps=[50])
    c = 50 / 15.8
    last, log = 0, 0.0
    for k in range(1, 400):
        log += math.log(abs(1 - c * min(k / 50, 1)))
        last = k if log <= 0 else last
    limit = 1 / c + 1 / math.log(c - 1)
    assert one.value == pytest.approx(abs(last / 50 / limit - 1), rel=1e-9)
    assert observed("growth_boundary_steps", growth_warmup_steps=[50])[0].value == 0


def test_a_start_of_the_count_at_zero_would_be_seen():
    """Counting from 0 would take the first step at rate 0 and shift every boundary by one step."""
    c, warmup = 3.2, 10
    assert observed("expansion_mismatches", expansion_relative_rates=[c, c], expansion_cells=1)[0].value == 0
    quiet = [abs(1 - c * min((k - 1) / warmup, 1)) <= 1 for k in range(1, 20)]
    assert quiet != [k <= 2 * warmup / c for k in range(1, 20)]


def test_growth_below_the_limit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"growth_relative_rates: found 1\.7, allowed: above 2"):
        observed("dip_log", growth_relative_rates=[1.7])


def test_map_holds_the_peaks_of_the_recursion():
    with np.errstate(divide="ignore"):
        report = transient_growth(**{**CHEAP, "map_cells": 5, "drawn_warmup_steps": 20})
    (cells,) = [one for one in report.curves if one.panel == "phase" and one.series == "peak"]
    for c, ratio, decades in zip(cells.x, cells.y, cells.value, strict=True):
        path = sizes(c / 10, 10.0, 1.0, 0, round(20 * ratio), 20, round(20 * ratio))
        assert decades == pytest.approx(math.log10(max(path)), abs=1e-4)


def test_passing_growth_returns_to_zero():
    found = passing_growth(
        learning_rate=0.31, high_curvature=10.0, low_curvature=1.0, high_steps=6, steps=[3, 6, 40]
    ).measured
    path = sizes(0.31, 10.0, 1.0, 0, 6, 1, 40)
    for one, k in zip(found, (3, 6, 40), strict=True):
        assert one.value == pytest.approx(path[k], rel=1e-12)
        assert one.predicted == pytest.approx(path[k], rel=1e-12)
    assert found[1].value > 50 > 1 > found[2].value
