"""AMSGrad against a scalar loop and against Adam where both must agree."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.amsgrad import AMSGrad

GRADIENTS = st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=15)


def run(rule, gradients):
    x, state, steps = np.zeros(1), rule.init(np.zeros(1)), []
    for gradient in gradients:
        moved, state = rule.update(x, np.array([gradient]), state, 0.5)
        steps.append(float(moved[0]))
    return steps, state


@given(GRADIENTS, st.floats(0.0, 0.99), st.floats(0.0, 0.99))
def test_update_follows_a_scalar_loop(gradients, first, second):
    m, squares, expected = 0.0, [0.0], []
    for g in gradients:
        m = first * m + (1 - first) * g
        squares.append(second * squares[-1] + (1 - second) * g * g)
        expected.append(-0.5 * m / (math.sqrt(max(squares)) + 0.1))
    assert run(AMSGrad(first, second, 0.1), gradients)[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(GRADIENTS)
def test_denominator_never_decreases(gradients):
    largest = 0.0
    for length in range(1, len(gradients) + 1):
        after = float(run(AMSGrad(0.9, 0.7, 0.1), gradients[:length])[1].largest[0])
        assert after >= largest
        largest = after


def test_growing_gradients_make_it_uncorrected_adam():
    gradients = [1.0, 1.5, 2.0, 4.0, 9.0]
    assert run(AMSGrad(0.9, 0.8, 0.0), gradients)[0] == run(Adam(0.9, 0.8, 0.0, False), gradients)[0]


def test_falling_gradients_make_it_slower_than_adam():
    gradients = [1.0] + [0.01] * 20
    amsgrad, adam = run(AMSGrad(0.0, 0.5, 0.0), gradients)[0], run(Adam(0.0, 0.5, 0.0, False), gradients)[0]
    assert abs(amsgrad[-1]) < 0.02 < abs(adam[-1])


def test_power_of_two_in_front_of_the_loss_changes_no_bit():
    rule = AMSGrad(0.9, 0.99, 0.0)
    plain = list(iterate(lambda x: x, np.ones(2), 0.02, 20, rule))
    np.testing.assert_array_equal(plain, list(iterate(lambda x: 2.0**-20 * x, np.ones(2), 0.02, 20, rule)))
