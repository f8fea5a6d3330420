"""The descent lemma against scalar arithmetic, exact fractions and points where it must be violated."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from descent_audit.experiments.gradient_descent.descent_lemma import (
    descent_lemma_bound,
    lemma_excess,
    no_global_smoothness,
    random_pairs,
    step_decrease,
)
from descent_audit.experiments.smooth_functions import random_points, smooth_functions
from descent_audit.landscapes.huber import Huber
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.power import Power
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.randomness import Streams

SETTINGS = {
    "functions": ["quadratic", "huber", "logistic", "cauchy"],
    "dimensions": [4, 2, 3, 2],
    "radii": [3.0, 3.0, 4.0, 4.0],
    "condition_number": 100.0,
    "samples": 30,
    "draws": 200,
    "displacement_decades": [-3.0, 0.0],
    "largest_relative_rate": 2.0,
    "smoothness_factor": 1.0,
    "rounding": 1e-13,
    "tightness_distance": 1e-3,
    "equality_smoothness": 3.7,
    "equality_start": 1.3,
    "equality_relative_rates": [0.01, 2.5],
    "equality_points": 20,
    "drawn_points": 10,
}
POINT = st.floats(-5, 5)


def report(**changes):
    return descent_lemma_bound(**{**SETTINGS, **changes}, streams=Streams(3, "claim", "arm"))


def values(observations, quantity):
    return {one.at.get("function"): one.value for one in observations.measured if one.quantity == quantity}


@given(POINT, POINT)
def test_lemma_excess_is_the_scalar_formula(x, y):
    before, after = math.log(math.cosh(x)), math.log(math.cosh(y))
    linear, square = math.tanh(x) * (y - x), (y - x) ** 2
    size = abs(before) + abs(after) + abs(linear) + 1.5 * square
    assume(size > 0)
    rounding = 8 * np.finfo(float).eps / size
    found = float(lemma_excess(LogCosh(), 1.5, np.array([x]), np.array([y])))
    assert found == pytest.approx((after - before - linear - 0.75 * square) / size, abs=1e-14 + rounding)


@given(POINT, st.floats(0.01, 2))
def test_step_decrease_is_the_scalar_formula(x, rate):
    actual, guaranteed, _ = step_decrease(LogCosh(), 1.0, np.array([x]), np.array(rate))
    after = x - rate * math.tanh(x)
    assert float(actual) == pytest.approx(math.log(math.cosh(x)) - math.log(math.cosh(after)), abs=1e-12)
    assert float(guaranteed) == pytest.approx(rate * (1 - rate / 2) * math.tanh(x) ** 2, abs=1e-14)


@given(st.integers(1, 40), st.integers(1, 100), st.integers(1, 50))
def test_both_decreases_are_equal_on_a_quadratic_in_exact_arithmetic(smoothness, rate, start):
    big, eta, x = Fraction(smoothness, 7), Fraction(rate, 20), Fraction(start, 3)
    after = x - eta * big * x
    exact = big * (x**2 - after**2) / 2
    assert exact == eta * (1 - big * eta / 2) * (big * x) ** 2
    loss = DiagonalQuadratic(np.array([float(big)]))
    actual, guaranteed, size = step_decrease(loss, float(big), np.array([float(x)]), np.array(float(eta)))
    assert float(actual - exact) / float(size) == pytest.approx(0.0, abs=1e-14)
    assert float(guaranteed - exact) / float(size) == pytest.approx(0.0, abs=1e-14)


def test_equality_is_met_on_the_quadratic_piece_and_lost_outside_it():
    x = np.array([[0.5], [3.0]])
    actual, guaranteed, _ = step_decrease(Huber(), 1.0, x, np.ones(2))
    assert actual == pytest.approx([0.125, 1.0])
    assert guaranteed == pytest.approx([0.125, 0.5])


def test_true_constant_is_never_violated_and_nothing_rises():
    found = report()
    assert set(values(found, "violations").values()) == {0}
    assert set(values(found, "loss_increases").values()) == {0}
    assert max(values(found, "max_relative_excess_lemma").values()) <= 1e-13


def test_tightness_rejects_a_constant_that_is_too_large():
    assert min(values(report(), "tightness").values()) >= 0.999
    for name, tightness in values(report(smoothness_factor=1.2), "tightness").items():
        assert tightness == pytest.approx(6 / 7, rel=1e-5), name


def test_tightness_is_not_reported_without_a_steepest_point():
    assert "logistic" not in values(report(), "tightness")


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.3])
def test_equality_error_is_as_predicted(factor):
    one = next(one for one in report(smoothness_factor=factor).measured if one.quantity == "quadratic_equality_error")
    smoothness, rate = 3.7, 2.5 / (factor * 3.7)
    by_hand = abs(0.5 * (smoothness - factor * smoothness) * rate)
    assert one.value == pytest.approx(by_hand, abs=1e-12)
    assert one.predicted == pytest.approx(by_hand, abs=1e-12)


def test_understated_constant_is_violated_on_the_quadratic():
    assert values(report(smoothness_factor=0.8), "violations")["quadratic"] > 20


@pytest.mark.parametrize(("exponent", "smoothness", "radius"), [(4.0, 12.0, 4.0), (1.5, 100.0, 1e-3)])
def test_local_constant_is_violated_where_the_curvature_is_larger(exponent, smoothness, radius):
    found = no_global_smoothness(
        exponent=exponent,
        smoothness=smoothness,
        radius=radius,
        draws=300,
        displacement_decades=[-3.0, 0.0],
        largest_relative_rate=2.0,
        rounding=1e-13,
        streams=Streams(1, "claim", "arm"),
    )
    assert sum(values(found, "violations").values()) > 5


def test_local_constant_holds_where_it_was_measured():
    x = np.linspace(-1, 1, 41)[:, None]
    excess = lemma_excess(Power(4.0), 12.0, x[:, None], x[None] + 1e-9)
    assert excess.max() <= 1e-13


@pytest.mark.parametrize("name", ["quadratic", "log_cosh"])
def test_random_points_follow_their_laws(name):
    """In units of the radius, and of radius times scale, coordinates are standard normal; decades are uniform."""
    streams, draws = Streams(1, "claim", "arm"), 4000
    (function,) = smooth_functions([name], [3], [2.5], condition_number=10.0, samples=8, streams=streams)
    rng = np.random.default_rng(7)
    x, y, scale = random_pairs(partial(random_points, function, draws, rng), draws, [-3.0, 0.0], rng)
    for normal in (x / function.radius, (y - x) / (function.radius * scale)):
        total = float(np.sum(normal**2))
        assert min(stats.chi2.cdf(total, normal.size), stats.chi2.sf(total, normal.size)) > 1e-6
        assert stats.kstest(normal.ravel(), "norm").pvalue > 1e-6
    assert stats.kstest(np.log10(scale).ravel(), "uniform", (-3.0, 3.0)).pvalue > 1e-6


def test_an_understated_constant_is_missed_by_an_eighth_at_most():
    """With x = -y beside the minimum of a parabola only the last two terms are left of the size."""
    found = values(report(smoothness_factor=0.8), "max_relative_excess_lemma")
    assert 0.0 < max(found.values()) <= 0.125
    assert lemma_excess(DiagonalQuadratic(np.ones(1)), 0.8, np.zeros(1), np.ones(1)) == pytest.approx(0.1 / 1.3)
