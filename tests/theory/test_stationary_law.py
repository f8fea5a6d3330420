"""Long-run shares against adaptive quadrature, powers of the operator and long runs of walkers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.theory.langevin_operators import CUT, LangevinChain, final_law, transition_operator
from descent_audit.theory.stationary_law import (
    closed_log_mass,
    depth_reversal,
    discrete_mass_ratio,
    first_order_excess,
    flat_share,
    laplace_reversal,
    log_mass,
    mass_ratio,
    mean_curvature,
    perron_masses,
)

DEEP = TwoWells(Well(0.5, 1.3), Well(1.5, 1.0))
EVEN = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))


def mass(well, temperature):
    """Return the integral of exp(-U/T) over one well by adaptive quadrature, without the library's classes."""

    def boltzmann(x):
        square = (x / well.width) ** 2
        return math.exp(-well.depth * square * (square - 2.0) / temperature)

    return quad(boltzmann, 0.0, 12 * well.width, points=[well.width], epsabs=0, epsrel=1e-12, limit=400)[0]


@pytest.mark.parametrize("temperature", [0.08, 0.22, 0.5, 1.2])
def test_masses_equal_adaptive_quadrature(temperature):
    for well in (DEEP.sharp, DEEP.flat):
        assert math.exp(log_mass(well, temperature)) == pytest.approx(mass(well, temperature), rel=1e-10)
        assert math.exp(closed_log_mass(well, temperature)) == pytest.approx(mass(well, temperature), rel=1e-10)


@given(st.floats(0.05, 3.0), st.floats(0.2, 3.0), st.floats(0.2, 3.0))
def test_share_at_equal_depth_is_that_of_the_widths(temperature, sharp, flat):
    share = flat_share(TwoWells(Well(sharp, 1.0), Well(flat, 1.0)), temperature)
    assert share == pytest.approx(flat / (sharp + flat), rel=1e-12)


@given(st.floats(0.05, 2.0), st.floats(0.5, 2.0))
def test_shares_of_mirrored_wells_add_up_to_one(temperature, depth):
    loss = TwoWells(Well(0.5, depth), Well(1.5, 1.0))
    both = flat_share(loss, temperature) + flat_share(TwoWells(loss.flat, loss.sharp), temperature)
    assert both == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("temperature", [0.15, 0.8])
def test_mean_curvature_is_that_of_the_second_derivative(temperature):
    well = DEEP.sharp

    def weight(x, curvature):
        square = (x / well.width) ** 2
        second = 4 * well.depth / well.width**2 * (3 * square - 1) if curvature else 1.0
        return second * math.exp(-well.depth * (square - 1) ** 2 / temperature)

    above, below = (quad(weight, 0, 4.0, args=(curvature,), points=[0.5], limit=200)[0] for curvature in (True, False))
    assert mean_curvature(well, temperature) == pytest.approx(above / below, rel=1e-8)


@pytest.mark.parametrize("temperature", [0.1, 0.33, 0.5])
def test_depth_at_which_the_wells_draw_level(temperature):
    level = brentq(lambda d: mass(Well(0.5, 1 + d), temperature) - mass(EVEN.flat, temperature), 0.0, 3.0, rtol=1e-12)
    assert depth_reversal(0.5, EVEN.flat, temperature, (0.0, 3.0), 40) == pytest.approx(level, rel=1e-8)
    root = brentq(lambda d: d - temperature * math.log(3 * math.sqrt(1 + d)), 0.0, 3.0, rtol=1e-12)
    assert laplace_reversal(0.5, EVEN.flat, temperature, (0.0, 3.0), 40) == pytest.approx(root, rel=1e-8)


def test_perron_vector_is_what_the_chain_forgets_its_start_to():
    left, right = DEEP.ends(CUT * 0.8)
    operator = transition_operator(LangevinChain(DEEP.gradient, 0.005, 0.8), [left, 0.0, right])
    late = final_law(operator, -0.5, 20_000)
    assert np.allclose(perron_masses(operator), late / late.sum(), rtol=0, atol=1e-9)


def test_discrete_ratio_tends_to_the_limit_at_the_first_order():
    def excess(rate):
        return discrete_mass_ratio(DEEP, rate, 0.33) / mass_ratio(DEEP, 0.33) - 1.0

    for rate in (0.001, 0.0005):
        assert excess(rate) == pytest.approx(first_order_excess(DEEP, rate, 0.33), rel=0.1)
    assert excess(0.001) / excess(0.0005) == pytest.approx(2.0, rel=0.05)


def test_discrete_ratio_is_that_of_walkers():
    rng, x = np.random.default_rng(4), np.repeat([-0.5, 1.5], 2000)
    rate, temperature = 0.01, 0.8
    flat, steps = 0, 0
    for step in range(3000):
        x = x - rate * DEEP.gradient(x) + math.sqrt(2 * rate * temperature) * rng.standard_normal(x.shape)
        if step >= 1000:
            flat, steps = flat + np.count_nonzero(x > 0), steps + len(x)
    ratio = discrete_mass_ratio(DEEP, rate, temperature)
    assert flat / steps == pytest.approx(ratio / (1 + ratio), abs=0.02)
