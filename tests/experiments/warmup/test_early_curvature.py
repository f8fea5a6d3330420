import math

import numpy as np
import pytest

from descent_audit.experiments.warmup.early_curvature import large_start, small_start

SMALL = {
    "weight": 3.0,
    "target": 1.0,
    "steps": 400,
    "lowest_learning_rate": 0.01,
    "highest_learning_rate": 0.99,
    "halvings": 30,
    "escape_radius": 1e6,
    "learning_rates": [0.5, 0.8],
    "longest_warmup_steps": 12,
    "judged_warmup_steps": 10,
    "accuracy": 1e-9,
    "unbalanced_start": [3.0, 2.0],
    "unbalanced_learning_rate": 0.03,
    "unbalanced_steps": 100,
    "drawn_steps": 20,
}


@pytest.fixture(autouse=True)
def _overflow_is_expected():
    with np.errstate(over="ignore", invalid="ignore"):
        yield


def observed(quantity, **changes):
    return [one for one in large_start(**{**SMALL, **changes}).measured if one.quantity == quantity]


def line_end(w, rate, warmup, steps=400, y=1.0):
    """Return w after the scalar recursion on a = b, or infinity once it has left."""
    for k in range(1, steps + 1):
        w *= 1 - rate * min(k / warmup, 1) * (w * w - y)
        if abs(w) > 1e6:
            return math.inf
    return w


@pytest.mark.parametrize(("weight", "target"), [(3.0, 1.0), (2.2, 1.0), (4.0, 0.8)])
def test_divergence_rate_separates_the_scalar_recursion(weight, target):
    (one,) = observed("divergence_rate", weight=weight, target=target)
    assert abs(line_end(weight, one.value * (1 - 1e-6), 1, y=target)) < 1e6
    assert line_end(weight, one.value * (1 + 1e-6), 1, y=target) == math.inf
    assert one.value == pytest.approx(one.predicted, rel=1e-6)


def test_no_rate_diverges_where_the_minimum_decides():
    (one,) = observed("divergence_rate", weight=1.2)
    assert one.predicted == SMALL["highest_learning_rate"]
    assert abs(line_end(1.2, one.predicted, 1)) < 1e6
    assert one.value == pytest.approx(one.predicted, abs=1e-6)


@pytest.mark.parametrize("weight", [3.0, 2.3])
def test_shortest_stable_warmup_is_that_of_the_scalar_recursion(weight):
    for one in observed("shortest_stable_warmup", weight=weight):
        rate = one.at["learning_rate"]
        stable = [s for s in range(1, 13) if abs(abs(line_end(weight, rate, s)) - 1) <= 1e-9]
        assert one.value == stable[0]


def test_shortest_stable_warmup_beyond_the_scan_is_reported_as_one_more():
    found = observed("shortest_stable_warmup", longest_warmup_steps=2, judged_warmup_steps=2)
    assert [one.value for one in found] == [3, 3]


def test_a_run_that_warmup_does_not_save_is_reported_with_finite_numbers():
    report = large_start(**{**SMALL, "judged_warmup_steps": 1})
    assert all(math.isfinite(one.value) for one in report.measured)
    assert max(one.value for one in report.measured if one.quantity == "warmup_distance") > 1e6


def test_constant_log_size_is_that_of_the_scalar_recursion():
    diverged = observed("constant_log_size")
    assert all(one.value >= 6 and line_end(3.0, one.at["learning_rate"], 1) == math.inf for one in diverged)
    kept = observed("constant_log_size", weight=1.2)
    assert [one.value for one in kept] == pytest.approx([math.log10(1.2)] * 2)


def test_imbalance_follows_its_identity_but_not_one_with_a_wrong_sign():
    assert observed("drift_identity_error")[0].value < 1e-12
    a, b, rate = 3.0, 2.0, 0.03
    e = a * b - 1
    after = (a - rate * e * b) ** 2 - (b - rate * e * a) ** 2
    assert after / 5 == pytest.approx(1 - (rate * e) ** 2, rel=1e-12)
    assert after / 5 != pytest.approx(1 + (rate * e) ** 2, rel=1e-3)


def test_small_start_dips_to_half_and_ends_above_its_start():
    report = small_start(weight=0.1, target=1.0, learning_rate=0.01, steps=3000, drawn_steps=50)
    found = {one.quantity: one.value for one in report.measured}
    w, curvatures = 0.1, []
    for _ in range(3000):
        curvatures.append(max(3 * w * w - 1, 1 - w * w))
        w -= 0.01 * (w * w - 1) * w
    assert found["curvature_start"] == pytest.approx(curvatures[0], rel=1e-12)
    assert found["lowest_curvature"] == pytest.approx(min(curvatures), rel=1e-9)
    assert found["lowest_curvature"] == pytest.approx(0.5, abs=0.01)
    assert found["curvature_end"] == pytest.approx(2.0, abs=1e-9)
    assert found["curvature_ratio"] == pytest.approx(2.0 / 0.99)
    assert found["final_residual"] < 1e-12


def test_drawn_curvature_lies_on_its_closed_form():
    curves = [one for one in large_start(**SMALL).curves if one.panel == "curvature"]
    measured, predicted = (next(one for one in curves if one.role == role) for role in ("measured", "predicted"))
    np.testing.assert_allclose(measured.y, predicted.y, rtol=1e-12)
