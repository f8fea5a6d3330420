"""The Cauchy loss against SciPy's density and the extremes of its curvature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import cauchy

from descent_audit.landscapes.cauchy import CauchyLoss


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=4))
def test_value_is_a_negative_log_likelihood(x):
    expected = -float(np.sum(cauchy.logpdf(x) - cauchy.logpdf(0.0)))
    assert float(CauchyLoss().value(np.array(x))) == pytest.approx(expected, abs=1e-12)


def test_curvature_lies_between_its_stated_extremes():
    x, h = np.linspace(-6, 6, 2401)[:, None], 1e-5
    curvature = ((CauchyLoss().gradient(x + h) - CauchyLoss().gradient(x - h)) / (2 * h))[:, 0]
    assert curvature.max() == pytest.approx(2.0, rel=1e-6)
    assert curvature.min() == pytest.approx(-0.25, rel=1e-4)
    assert abs(x[np.argmin(curvature), 0]) == pytest.approx(np.sqrt(3), abs=0.01)
