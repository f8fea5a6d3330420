"""Turning angles against the arc cosine, a search over vectors, a fine path, and sampling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.theory.turning import (
    angles_between,
    flow_turning,
    largest_turn,
    mean_cosine,
    reversal_probability,
)


@given(st.floats(1e-9, math.pi - 1e-9))
def test_angle_is_that_of_two_directions_in_the_plane(angle):
    first, second = np.array([2.0, 0.0]), 3.0 * np.array([math.cos(angle), math.sin(angle)])
    assert angles_between(first, second) == pytest.approx(angle, rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.9), (0.5, 0.6)])
def test_largest_turn_is_the_maximum_over_all_directions(a, b):
    turn = np.linspace(0, math.pi / 2, 100_001)
    vectors = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    assert largest_turn(a, b) == pytest.approx(angles_between(vectors, vectors * [a, b]).max(), rel=1e-6)


def test_flow_turns_as_far_as_a_fine_path():
    curvatures, start = np.array([1.0, 0.4, 0.1]), np.array([1.0, -1.0, 1.0])
    times = np.expm1(np.linspace(0, math.log1p(2000), 200_001))
    gradient = curvatures * start * np.exp(-(curvatures - 0.1) * times[:, None])
    assert flow_turning(curvatures, start, 2000.0) == pytest.approx(
        angles_between(gradient[:-1], gradient[1:]).sum(), rel=1e-6
    )


@pytest.mark.parametrize("h", [0.05, 1.0, 1.9])
def test_laws_of_the_scalar_model_are_those_of_normal_vectors(h):
    rng, correlation = np.random.default_rng(4), -h / 2
    first = rng.standard_normal((200_000, 4))
    second = correlation * first + math.sqrt(1 - correlation**2) * rng.standard_normal(first.shape)
    share = np.mean(first[:, 0] * second[:, 0] < 0)
    assert reversal_probability(h) == pytest.approx(share, abs=0.006)
    for d in (2, 4):
        u, v = first[:, :d], second[:, :d]
        cosine = np.sum(u * v, axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
        assert mean_cosine(h, d) == pytest.approx(cosine.mean(), abs=0.008)
    assert mean_cosine(h, 1) == pytest.approx(1 - 2 * reversal_probability(h), rel=1e-9)
