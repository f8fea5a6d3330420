"""Closed forms of the heavy ball on a mode against the roots that NumPy finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.momentum.momentum_formulas import (
    complex_range,
    damping_crossover,
    root_modulus,
    safe_limit,
    stability_limit,
)

MOMENTUM = st.floats(0, 0.99)


def modulus(momentum, relative_rate):
    return max(abs(np.roots([1.0, -(1 + momentum - relative_rate), momentum])))


@given(MOMENTUM, st.floats(0.01, 5))
def test_root_modulus_is_that_of_the_polynomial(momentum, relative_rate):
    found = float(root_modulus(momentum, relative_rate))
    assert found == pytest.approx(modulus(momentum, relative_rate), rel=1e-6, abs=1e-6)


@given(MOMENTUM)
def test_stability_limit_separates_shrinking_from_growing(momentum):
    limit = float(stability_limit(momentum))
    assert modulus(momentum, limit * 0.999) < 1 < modulus(momentum, limit * 1.001)


@given(st.floats(0.01, 0.98))
def test_roots_are_complex_just_inside_the_range_and_real_just_outside(momentum):
    low, high = (float(end) for end in complex_range(momentum))
    for inside, outside in ((low + 1e-3 * (high - low), low * 0.99), (high - 1e-3 * (high - low), high * 1.01)):
        assert abs(np.roots([1.0, -(1 + momentum - inside), momentum])[0].imag) > 0
        assert np.all(np.isreal(np.roots([1.0, -(1 + momentum - outside), momentum])))


@given(st.floats(0.01, 0.98))
def test_momentum_damps_beyond_the_crossover_only(momentum):
    at = float(damping_crossover(momentum))
    assert modulus(momentum, at + 0.01) < at + 0.01 - 1
    assert modulus(momentum, at - 0.01) > at - 0.01 - 1


@given(st.floats(0, 0.95), st.floats(0.05, 0.99), st.integers(0, 10_000))
def test_energy_falls_at_every_step_in_the_safe_region(momentum, share, seed):
    rate = share * float(safe_limit(momentum))
    rng = np.random.default_rng(seed)
    x, v = rng.uniform(-9, 9), rng.uniform(-3, 3)

    def energy(x, v):
        return -np.cos(x) + momentum / (2 * rate) * v * v

    for _ in range(20):
        after = momentum * v - rate * np.sin(x)
        assert energy(x + after, after) <= energy(x, v) + 1e-12 * (1 + abs(energy(x, v)))
        x, v = x + after, after
