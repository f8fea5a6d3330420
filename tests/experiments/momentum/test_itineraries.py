"""Certificates of growth from runs whose sides are known in advance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.momentum.itineraries import certificate, smallest_period, visited_sides
from descent_audit.landscapes.asymmetric import AsymmetricQuadratic


def sides_of(loss, rate, momentum, steps, every):
    rule = update_rule("heavy_ball.HeavyBall", momentum=momentum)
    return visited_sides(loss.gradient, np.array(-1.0), rate, rule, steps=steps, every=every)


@pytest.mark.parametrize("every", [1, 10, 500])
def test_sides_are_those_of_a_scalar_run(every):
    found = sides_of(AsymmetricQuadratic(0.1, 1.0), 1.3, 0.8, 200, every)
    x, v, expected = -1.0, 0.0, []
    for _ in range(200):
        v = 0.8 * v - 1.3 * (0.1 if x < 0 else 1.0) * x
        x += v
        expected.append(x >= 0)
    assert found.tolist() == expected


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(3, 6))
def test_period_of_a_repeated_word_divides_its_length(word, times):
    sides = np.array(word * times)
    period = smallest_period(sides, len(word))
    assert period is not None and len(word) % period == 0
    assert all(sides[k] == sides[k % period] for k in range(len(sides)))


def test_aperiodic_sides_have_no_period():
    assert smallest_period(np.array([True, False, True, True, True, False]), 3) is None


def test_gradient_descent_across_both_sides_is_certified_by_the_product_of_its_factors():
    left, right = (np.array([[1.0 - h, 0.0], [-h, 0.0]]) for h in (1.2, 9.0))
    proof = certificate(np.array([True, False]), left, right)
    assert (proof.period, proof.mismatches) == (2, 0)
    assert proof.growth**2 == pytest.approx((9.0 - 1.0) * (1.2 - 1.0))
    assert proof.phase == 0.0


def test_wrong_sides_are_found_out():
    left, right = (np.array([[1.0 - h, 0.0], [-h, 0.0]]) for h in (1.2, 9.0))
    assert certificate(np.array([True, True]), left, right).mismatches == 1


def test_negative_and_complex_eigenvalues_have_a_phase():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert certificate(np.array([True]), turn, turn).phase == pytest.approx(np.pi / 2)
    assert certificate(np.array([True, True]), turn, turn).phase == pytest.approx(np.pi)


def test_run_on_the_eigenvector_grows_by_the_certified_factor():
    loss, rate, momentum = AsymmetricQuadratic(0.1, 1.0), 1.625, 0.99
    sides = sides_of(loss, rate, momentum, 3000, 10)[2000:]
    period = smallest_period(sides, 100)
    left, right = (np.array([[1.0 - h, momentum], [-h, momentum]]) for h in (0.1625, 1.625))
    proof = certificate(sides[:period], left, right)
    product = np.eye(2)
    for side in sides[:period]:
        product = (right if side else left) @ product
    values, vectors = np.linalg.eig(product)
    vector = np.real(vectors[:, np.argmax(abs(values))])
    x, v = vector if (vector[0] >= 0) == bool(sides[0]) else -vector
    before = np.hypot(x, v)
    for _ in range(3 * period):
        v = momentum * v - rate * (0.1 if x < 0 else 1.0) * x
        x += v
    assert np.hypot(x, v) / before == pytest.approx(proof.growth ** (3 * period), rel=1e-9)
    assert (proof.phase, proof.mismatches) == (0.0, 0) and proof.growth > 1.005
