"""The asymmetric minimum, against exact rational arithmetic and scalar loops."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.gradient_descent.asymmetric_curvature import (
    asymmetric_threshold,
    decrease_beyond_bound,
    log_growth,
)
from descent_audit.landscapes.asymmetric import AsymmetricQuadratic


def walk(left, right, rate, steps, x=Fraction(1)):
    """Return all points of a run in exact arithmetic."""
    path = [x]
    for _ in range(steps):
        path.append(path[-1] - rate * (left if path[-1] < 0 else right) * path[-1])
    return path


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 60), st.integers(1, 60))
def test_log_growth_matches_exact_arithmetic(left, right, tenths, steps):
    rate = Fraction(tenths, 10)
    end = walk(Fraction(left), Fraction(right), rate, steps)[-1]
    with np.errstate(all="ignore"):
        found = log_growth(AsymmetricQuadratic(float(left), float(right)), 1.0, np.array([tenths / 10]), steps)[0]
    if end == 0:
        assert found < -30
    else:
        assert found == pytest.approx(math.log(abs(end)), rel=1e-7, abs=1e-7)


def test_log_growth_neither_overflows_nor_underflows():
    rates = np.array([0.5, 3.0])
    found = log_growth(AsymmetricQuadratic(1.0, 1.0), 1.0, rates, 50_000)
    assert found == pytest.approx(50_000 * np.log(np.abs(1 - rates)), rel=1e-9)


def test_log_growth_counts_zero_as_converged():
    with np.errstate(divide="ignore"):
        assert log_growth(AsymmetricQuadratic(1.0, 1.0), 1.0, np.array([1.0]), 100)[0] == -math.inf


def test_log_growth_does_not_depend_on_the_size_of_the_start():
    loss, rates = AsymmetricQuadratic(0.1, 1.0), np.array([3.0, 10.9, 11.1])
    assert log_growth(loss, 7.0, rates, 100) == pytest.approx(log_growth(loss, 1.0, rates, 100))
    assert log_growth(loss, -1.0, rates, 7)[0] != log_growth(loss, 1.0, rates, 7)[0]


@settings(deadline=None, max_examples=15)
@given(st.floats(0.2, 5.0), st.floats(1.05, 50.0))
def test_critical_rate_solves_the_condition_of_the_two_factors(steep, ratio):
    with np.errstate(all="ignore"):
        report = asymmetric_threshold(
            steep_curvature=steep, curvature_ratios=[ratio], start=1.0, steps=600, halvings=25
        )
    rate, excess = (one.value for one in report.measured)
    assert (rate * steep / ratio - 1) * (rate * steep - 1) == pytest.approx(1.0, abs=1e-3)
    assert excess == pytest.approx(rate * steep / 2)


def test_critical_rate_separates_decay_from_growth_in_exact_arithmetic():
    left, right = Fraction(1, 3), Fraction(1)
    for rate, grows in ((Fraction(399, 100), False), (Fraction(401, 100), True)):
        assert (abs(walk(left, right, rate, 400)[-1]) > 1) == grows


def decreases(**changes):
    set_up = {"steep_curvature": 1.0, "curvature_ratio": 100.0, "relative_rate": 3.0, "start": 1.0, "steps": 60}
    return {one.quantity: one for one in decrease_beyond_bound(**{**set_up, **changes}).measured}


def test_decrease_beyond_the_bound_matches_exact_arithmetic():
    path = walk(Fraction(1, 100), Fraction(1), Fraction(3), 60)
    losses = [(x * x * (Fraction(1, 100) if x < 0 else 1)) for x in path]
    found = decreases()
    assert found["final_loss_ratio"].value == pytest.approx(float(losses[-1] / losses[0]), rel=1e-12)
    assert found["final_loss_ratio"].predicted == pytest.approx(found["final_loss_ratio"].value, rel=1e-12)
    assert found["loss_increases"].value == sum(after > before for before, after in pairwise(losses))


def test_equal_sides_raise_the_loss_beyond_the_bound():
    assert decreases(curvature_ratio=1.0)["loss_increases"].value == 60
