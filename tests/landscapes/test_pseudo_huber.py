"""The pseudo-Huber loss against SciPy's, and its digits near the minimum and far away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import pseudo_huber

from descent_audit.landscapes.pseudo_huber import PseudoHuber


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=4))
def test_value_is_scipys(x):
    assert float(PseudoHuber().value(np.array(x))) == pytest.approx(float(pseudo_huber(1.0, np.array(x)).sum()))


def test_value_keeps_its_digits_near_the_minimum():
    assert float(PseudoHuber().value(np.array([1e-9]))) == pytest.approx(0.5e-18, rel=1e-14)


@given(st.floats(-50, 50))
def test_curvature_falls_away_from_the_minimum(x):
    slopes = PseudoHuber().gradient(np.array([[x - 1e-4], [x + 1e-4]]))[:, 0]
    assert (slopes[1] - slopes[0]) / 2e-4 == pytest.approx((1 + x * x) ** -1.5, abs=1e-6)
