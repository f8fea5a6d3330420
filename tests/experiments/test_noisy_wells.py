"""The domains of noisy wells, the largest rate that they hold, and passages by a loop over single walkers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent_audit.experiments.noisy_wells import (
    chain,
    check_noisy,
    check_wells,
    largest_learning_rate,
    line_to_flat,
    mirrored,
    passage_operator,
    passages,
    whole_line,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.theory.langevin_operators import CUT, passage_moments, survival, transition_operator

LOSS = TwoWells(Well(0.5, 1.3), Well(1.5, 0.8))


@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_domains_end_at_the_walls_or_at_the_flat_minimum(temperature):
    left, middle, right = whole_line(LOSS, temperature)
    assert middle == 0.0
    assert LOSS.value(np.array([left, right])) == pytest.approx([CUT * temperature] * 2, rel=1e-12)
    assert line_to_flat(LOSS, temperature) == [left, 0.0, 1.5]


def test_mirrored_loss_is_the_loss_from_the_other_side():
    x = np.linspace(-2.0, 2.0, 41)
    assert mirrored(LOSS).value(x) == pytest.approx(LOSS.value(-x), rel=1e-13)
    assert mirrored(LOSS).minima == (-1.5, 0.5)


def test_chain_has_the_noise_of_the_temperature():
    assert chain(LOSS, 0.01, 0.5).noise == pytest.approx(0.1)
    assert chain(LOSS, 0.01, 0.5).gradient(np.array([-0.5, 1.5])) == pytest.approx([0.0, 0.0])


@settings(max_examples=100, deadline=None)
@given(st.floats(0.2, 3.0), st.floats(0.05, 5.0), st.floats(0.0, 3.0))
def test_up_to_the_largest_rate_a_well_maps_into_itself_and_no_farther(width, depth, temperature):
    well = Well(width, depth)
    wall, largest = well.radius(CUT * temperature), largest_learning_rate(well, temperature)
    x = np.linspace(0.0, wall, 2001)
    for factor in (0.2, 0.7, 0.999):
        image = x - factor * largest * well.gradient(x)
        assert image.min() >= -1e-12 * width and image.max() <= wall * (1 + 1e-12)
    assert np.min(x - 1.01 * largest * well.gradient(x)) < 0


def test_far_beyond_the_largest_rate_the_wall_is_thrown_to_infinity():
    well = Well(0.5, 1.0)
    loss, x = TwoWells(well, well), well.radius(CUT * 0.8)
    rate = 3 * largest_learning_rate(well, 0.8)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(60):
            x = x - rate * float(loss.gradient(np.array(x)))
    assert not abs(x) < 1e100


@pytest.mark.parametrize(("factor", "lost"), [(1.0, 1e-5), (0.5, 1e-9)])
def test_hardly_anything_is_lost_up_to_the_largest_rate(factor, lost):
    """Large steps widen the law beyond that of the continuous time, for which the cut is made."""
    loss, temperature = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0)), 0.8
    rate = factor * largest_learning_rate(loss.sharp, temperature)
    operator = transition_operator(chain(loss, rate, temperature), whole_line(loss, temperature))
    assert float(survival(operator, -0.5, 4000)) == pytest.approx(1.0, abs=lost)


@pytest.mark.parametrize(
    ("loss", "rate", "key"),
    [
        (TwoWells(Well(0.5, 1.0), Well(1.5, 1.0)), 0.02, "learning_rate"),
        (TwoWells(Well(0.0, 1.0), Well(1.5, 1.0)), 0.005, "sharp_width"),
        (TwoWells(Well(0.5, 1.0), Well(1.5, -1.0)), 0.005, "flat_depth"),
    ],
)
def test_wells_that_do_not_hold_are_refused(loss, rate, key):
    with pytest.raises(OutOfRange) as refused:
        check_wells(loss, rate, 0.8)
    assert refused.value.key == key
    check_wells(TwoWells(Well(0.5, 1.0), Well(1.5, 1.0)), 0.01, 0.8)


def test_rate_is_named_as_the_caller_names_it():
    with pytest.raises(OutOfRange) as refused:
        check_wells(TwoWells(Well(0.5, 1.0), Well(1.5, 1.0)), 0.02, 0.8, "first_learning_rate")
    assert refused.value.key == "first_learning_rate"


def test_passages_need_noise():
    with pytest.raises(OutOfRange) as refused:
        check_noisy("temperatures", [0.3, 0.0])
    assert refused.value.key == "temperatures"


def test_passages_are_those_of_single_walkers():
    loss, rate, noise, walkers, steps = TwoWells(Well(0.5, 0.2), Well(0.8, 0.2)), 0.005, 0.08, 6, 400
    x = np.full(walkers, -0.5)
    found = [hit.tolist() for hit in passages(loss, np.random.default_rng(4), x, np.full(steps, rate), noise)]
    draws = np.random.default_rng(4).standard_normal((steps, walkers))
    expected: list[list[int]] = [[] for _ in range(steps)]
    for walker in range(walkers):
        y = -0.5
        for step in range(steps):
            well = loss.sharp if y < 0 else loss.flat
            slope = 4 * well.depth / well.width**2 * y * ((y / well.width) ** 2 - 1)
            y = y - rate * slope + noise * draws[step, walker]
            if y >= 0.8:
                expected[step].append(walker)
                y = -0.5
    assert sum(map(len, expected)) > 5
    assert found == expected


def test_way_back_on_the_mirrored_loss_is_the_operator_right_of_the_sharp_minimum():
    right = LOSS.ends(CUT * 0.5)[1]
    back = transition_operator(chain(LOSS, 0.005, 0.5), [-0.5, 0.0, right])
    found = passage_moments(passage_operator(mirrored(LOSS), 0.005, 0.5), -1.5)
    assert [float(one) for one in found] == pytest.approx([float(one) for one in passage_moments(back, 1.5)], rel=1e-9)
    assert math.isfinite(float(found[0]))
