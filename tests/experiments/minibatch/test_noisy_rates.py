"""Rates of mini-batch descent against all batches, products of gammas and a fixed multiple; controls break them."""

import math

import numpy as np
import pytest

from descent_audit.experiments.minibatch.noisy_rates import (
    decaying,
    first_below,
    interpolating_steps,
    last_decade_slope,
    noisy_rates,
    short_rate,
)
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.enumeration import subsets
from descent_audit.theory.sign_design_moments import excess_path, variance_factor

DESIGN = SignDesign(2, 0.4, 0.5)
SETTINGS = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimension": 2,
    "smallest_scale": 0.4,
    "noise": 0.5,
    "batch_size": 2,
    "learning_rate": 0.2,
    "constant_steps": 2000,
    "decay_product": 1.0,
    "decay_offset": 25,
    "decay_steps": 20000,
    "accuracies": [1e-2, 1e-3],
    "quiet_window": [200, 400],
    "full_batch_window": [40, 80],
    "checkpoint_steps": [2, 20],
    "runs": 400,
    "block_size": 200,
    "drawn_points": 20,
}


def found(observations, quantity):
    return [one for one in observations.measured if one.quantity == quantity]


def test_mean_excess_is_that_of_all_sequences_of_batches():
    rate, size, steps = 0.3, 2, 2
    (batches,) = [np.concatenate(list(subsets(DESIGN.samples, size)))]
    iterates = np.zeros((1, 2))
    for _ in range(steps):
        residual = np.einsum("bmd,rd->rbm", DESIGN.loss.inputs[batches], iterates) - DESIGN.loss.targets[batches]
        gradients = np.einsum("rbm,bmd->rbd", residual, DESIGN.loss.inputs[batches]) / size
        iterates = (iterates[:, None, :] - rate * gradients).reshape(-1, 2)
    expected = DESIGN.loss.value(iterates).mean() - DESIGN.lowest
    path = excess_path(DESIGN, -DESIGN.minimizer, lambda _: rate, variance_factor(DESIGN.samples, size), steps)
    assert path[-1] == pytest.approx(expected, rel=1e-12)


def test_laws_hold():
    report = noisy_rates(**SETTINGS).whole(Streams(1, "noisy", "claim"))
    for quantity, tolerance in [("constant_floor", 1e-9), ("decay_constant", 0.02), ("interpolating_factor", 1e-9)]:
        (one,) = found(report, quantity)
        assert one.value == pytest.approx(one.predicted, rel=tolerance), quantity
    assert found(report, "decay_exponent")[0].value == pytest.approx(-1.0, abs=0.05)
    for one in found(report, "mean_excess"):
        assert abs(one.value - one.predicted) < 5 * one.standard_error
    ratios = [one.value for one in found(report, "step_ratio")]
    assert ratios == sorted(ratios), "the smaller the accuracy, the larger the ratio"
    works = [one.value for one in found(report, "work_ratio")]
    np.testing.assert_allclose(works, np.array(ratios) * 2 / DESIGN.samples)


def test_whole_batches_have_no_floor_and_fall_faster():
    report = noisy_rates(**SETTINGS | {"batch_size": DESIGN.samples}).whole(Streams(1, "noisy", "whole_batches"))
    assert found(report, "constant_floor")[0].value < 1e-20
    assert found(report, "decay_exponent")[0].value < -1.8
    assert not found(report, "mean_excess")


def test_decay_of_the_flattest_coordinate_alone_is_a_product_of_gammas():
    product, offset, steps = 0.25, 25, 4000
    quiet = SignDesign(2, 0.4, 0.0)
    flat = quiet.curvatures.min()
    rate = decaying(quiet, product, offset)
    factors = [1.0 - flat * rate(step) for step in range(steps)]
    gammas = (
        math.lgamma(offset + steps - product)
        + math.lgamma(offset)
        - math.lgamma(offset - product)
        - math.lgamma(offset + steps)
    )
    assert math.log(np.prod(factors)) == pytest.approx(gammas, rel=1e-9)
    assert gammas == pytest.approx(-product * math.log((offset + steps) / offset), rel=0.02)


def test_short_rate_has_its_own_exponent_with_and_without_noise():
    report = short_rate(
        dimension=2,
        smallest_scale=0.4,
        noise=[0.0, 0.5],
        batch_size=2,
        decay_product=0.25,
        decay_offset=25,
        decay_steps=20000,
    )
    assert [one.value for one in report.measured] == pytest.approx([-0.5, -0.5], abs=0.02)


def test_interpolating_ratio_is_a_fixed_multiple():
    report = interpolating_steps(
        dimension=2, smallest_scale=0.4, batch_size=2, learning_rate=0.2, accuracies=[1e-3, 1e-9], steps=800
    )
    early, late = [one.value / one.predicted for one in report.measured]
    assert abs(late - 1) < 0.05
    assert abs(early - 1) < 0.4


def test_slope_of_a_power_is_its_exponent():
    assert last_decade_slope((np.arange(1001.0) + 3.0) ** -0.7, 3) == pytest.approx(-0.7, rel=1e-9)


def test_an_accuracy_that_is_not_reached_is_an_error():
    with pytest.raises(OutOfRange, match="accuracies"):
        first_below(np.array([1.0, 0.5]), 0.1)


def test_checkpoints_after_the_end_are_an_error():
    with pytest.raises(OutOfRange, match="checkpoint_steps"):
        noisy_rates(**SETTINGS | {"checkpoint_steps": [30000]})


@pytest.mark.parametrize("product", [0.5, 0.3, math.nan])
def test_decaying_rate_without_that_law_is_an_error(product):
    with pytest.raises(OutOfRange, match="decay_product"):
        noisy_rates(**SETTINGS | {"decay_product": product})


@pytest.mark.parametrize("product", [0.0, 0.5, math.nan])
def test_short_rate_that_is_not_short_is_an_error(product):
    settings = {"dimension": 2, "smallest_scale": 0.4, "noise": [0.5], "batch_size": 2, "decay_steps": 10}
    with pytest.raises(OutOfRange, match="decay_product"):
        short_rate(**settings, decay_product=product, decay_offset=25)
