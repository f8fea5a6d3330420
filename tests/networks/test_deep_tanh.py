"""The network against loops over units, its derivatives against differences, its symmetries against the function."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.networks.deep_tanh import DeepTanhNetwork, exchange, sign_change, signed_permutations

INPUTS = np.linspace(-2.0, 2.0, 7)
WIDTHS = [(1, 1), (2, 2), (3, 2), (2, 4)]


def drawn(network, seed=0, replicas=()):
    return np.random.default_rng(seed).standard_normal((*replicas, network.parameters))


def unit_by_unit(first, second, p, x):
    """Return f(x) from the parameters in their order, one number after the other."""
    numbers = iter(p.tolist())
    slopes, biases = ([next(numbers) for _ in range(first)] for _ in range(2))
    hidden = [math.tanh(w * x + b) for w, b in zip(slopes, biases, strict=True)]
    sums = [sum(next(numbers) * h for h in hidden) for _ in range(second)]
    inner = [math.tanh(s + next(numbers)) for s in sums]
    return sum(next(numbers) * k for k in inner) + next(numbers)


@pytest.mark.parametrize("widths", WIDTHS)
def test_outputs_are_those_of_a_loop_over_the_units(widths):
    network = DeepTanhNetwork(*widths)
    p = drawn(network, replicas=(3,))
    expected = [[unit_by_unit(*widths, one, x) for x in INPUTS] for one in p]
    assert np.allclose(network.outputs(p, INPUTS), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("widths", WIDTHS)
def test_jacobian_is_that_of_differences(widths):
    network = DeepTanhNetwork(*widths)
    p, width = drawn(network), 1e-6
    outputs, jacobian = network.outputs_and_jacobian(p, INPUTS)
    shifts = width * np.eye(network.parameters)
    differences = (network.outputs(p + shifts, INPUTS) - network.outputs(p - shifts, INPUTS)) / (2 * width)
    assert np.allclose(jacobian, differences, atol=1e-9)
    assert np.array_equal(outputs, network.outputs(p, INPUTS))
    assert network.outputs_and_jacobian(p[None][:0], INPUTS)[1].shape == (0, network.parameters, len(INPUTS))


@given(st.integers(0, 10**6), st.sampled_from(WIDTHS))
def test_symmetries_leave_the_function_as_it_is(seed, widths):
    network = DeepTanhNetwork(*widths)
    p = drawn(network, seed)
    images = np.array([symmetry @ p for symmetry in network.symmetries()])
    assert np.allclose(network.outputs(images, INPUTS), network.outputs(p, INPUTS), atol=1e-12)
    assert len(images) == math.prod(math.factorial(width) * 2**width for width in widths)
    assert len({tuple(image) for image in images}) == len(images)
    assert np.array_equal(images[0], p)


def test_an_exchange_of_half_a_unit_is_no_symmetry():
    network = DeepTanhNetwork(2, 2)
    p, halved = drawn(network), drawn(network)
    halved[:2] = halved[1::-1]
    assert np.abs(network.outputs(p, INPUTS) - network.outputs(halved, INPUTS)).max() > 0.01


def test_involutions_are_eight_and_undo_themselves():
    involutions = DeepTanhNetwork(3, 2).involutions()
    assert len(involutions) == 8
    for matrix in involutions:
        assert np.array_equal(matrix @ matrix, np.eye(len(matrix)))
        assert np.array_equal(matrix, matrix.T)
        assert not np.array_equal(matrix, np.eye(len(matrix)))


def test_exchange_and_sign_are_signed_permutations():
    all_of_them = [matrix.tolist() for matrix in signed_permutations(3)]
    assert len(all_of_them) == 48
    assert exchange(3).tolist() in all_of_them
    assert sign_change(3).tolist() in all_of_them
    assert (exchange(3) @ [1, 2, 3]).tolist() == [2, 1, 3]
    assert (sign_change(3) @ [1, 2, 3]).tolist() == [-1, 2, 3]
