import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from descent_audit.theory.adaptive_stationarity import effective_condition, stationary_root

POSITIVE = st.floats(1e-3, 10.0)


@given(POSITIVE, POSITIVE, st.floats(1e-4, 1.0))
def test_root_is_where_the_mean_square_is_that_of_the_autoregression(curvature, noise, rate):
    def excess(root):
        contraction = 1.0 - rate * curvature / root
        variance_of_x = (rate * noise / root) ** 2 / (1.0 - contraction**2)
        return curvature**2 * variance_of_x + noise**2 - root**2

    # Stable only where the root is above half of the drift, below which the autoregression has no stationary law.
    found = brentq(excess, 0.5 * rate * curvature * (1 + 1e-9), 10.0 * (noise + rate * curvature), xtol=1e-14)
    assert stationary_root(np.array([curvature]), np.array([noise]), rate)[0] == pytest.approx(found, rel=1e-7)


def test_small_rate_leaves_the_noise_alone_and_its_power_the_condition_number():
    curvatures = np.array([1.0, 0.3, 0.01])
    for power in (0.0, 1.0, 2.0):
        noise = 0.7 * curvatures ** (power / 2)
        roots = stationary_root(curvatures, noise, 1e-12)
        assert roots == pytest.approx(noise, rel=1e-9)
        assert effective_condition(curvatures, roots) == pytest.approx(100.0 ** (1 - power / 2), rel=1e-9)
