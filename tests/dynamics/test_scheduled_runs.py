import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.dynamics.scheduled_runs import SingleSteps, scheduled, step_factors
from descent_audit.dynamics.trajectories import iterate
from descent_audit.optimizers.heavy_ball import HeavyBall


def test_scheduled_counts_steps_from_one():
    seen = []

    def gradient(x, k):
        seen.append(("gradient", k))
        return x

    def schedule(k):
        seen.append(("rate", k))
        return 0.5

    assert len(list(scheduled(gradient, np.ones(1), schedule, 3))) == 3
    assert sorted(seen) == sorted((kind, k) for kind in ("gradient", "rate") for k in (1, 2, 3))


def test_scheduled_follows_rate_and_curvature_of_each_step():
    curvature, rate = [2.0, 3.0, 5.0, 7.0], [0.1, 0.2, 0.3, 0.4]
    path = scheduled(lambda x, k: curvature[k - 1] * x, np.array([1.0]), lambda k: rate[k - 1], 4)
    expected, w = [], 1.0
    for a, eta in zip(curvature, rate, strict=True):
        w -= eta * a * w
        expected.append(w)
    np.testing.assert_allclose(np.ravel(list(path)), expected, rtol=1e-15)


def test_scheduled_at_a_constant_rate_is_iterate():
    start = np.array([[1.0, -2.0], [0.5, 3.0]])
    changing = list(scheduled(lambda x, k: np.sin(x), start, lambda k: 0.7, 9))
    np.testing.assert_array_equal(changing, list(iterate(np.sin, start, 0.7, 9)))


def test_scheduled_hands_state_on_to_the_optimizer():
    class Sum:
        def init(self, x):
            return np.zeros_like(x)

        def update(self, x, gradient, state, learning_rate):
            return x - learning_rate * (state + gradient), state + gradient

    ends = list(scheduled(lambda x, k: np.ones_like(x), np.zeros(1), lambda k: 1.0, 4, Sum()))
    assert np.ravel(ends).tolist() == [-1.0, -3.0, -6.0, -10.0]


@given(st.lists(st.tuples(st.floats(0.1, 20.0), st.floats(1e-3, 1.0)), min_size=1, max_size=20))
def test_step_factors_multiply_to_the_size_of_a_run(steps):
    curvatures, rates = map(np.array, zip(*steps, strict=True))
    *_, end = scheduled(lambda x, k: curvatures[k - 1] * x, np.array([-1.7]), lambda k: rates[k - 1], len(steps))
    factors = step_factors(curvatures, rates)
    assert abs(end[0]) == pytest.approx(1.7 * np.prod(factors), rel=1e-9, abs=1e-12)


def test_projection_is_applied_after_every_step():
    path = scheduled(
        lambda x, k: np.full_like(x, -1.0), np.zeros(1), lambda k: 0.4, 4, projection=lambda x: np.minimum(x, 1)
    )
    assert np.ravel(list(path)) == pytest.approx([0.4, 0.8, 1.0, 1.0])


@given(st.floats(0.0, 0.99), st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=20))
def test_single_steps_add_up_to_the_run(momentum, gradients):
    def gradient(x, k):
        return np.full_like(x, gradients[k - 1])

    rule, start, count = HeavyBall(momentum), np.zeros(1), len(gradients)
    *_, end = scheduled(gradient, start, lambda k: 0.3, count, rule)
    steps = list(scheduled(gradient, start, lambda k: 0.3, count, SingleSteps(rule)))
    assert float(np.sum(steps)) == pytest.approx(float(end[0]), rel=1e-9, abs=1e-9)
