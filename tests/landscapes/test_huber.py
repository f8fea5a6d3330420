"""The Huber loss against SciPy's and at its seams."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import huber

from descent_audit.landscapes.huber import Huber


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=4))
def test_value_is_scipys(x):
    assert float(Huber().value(np.array(x))) == pytest.approx(float(huber(1.0, np.array(x)).sum()), rel=1e-13)


def test_value_and_gradient_are_continuous_at_the_seam():
    inside, outside = np.array([1.0 - 1e-12]), np.array([1.0 + 1e-12])
    assert float(Huber().value(inside)) == pytest.approx(float(Huber().value(outside)), abs=1e-11)
    assert Huber().gradient(inside) == pytest.approx(Huber().gradient(outside), abs=1e-11)


def test_gradient_keeps_what_is_not_a_number():
    assert np.isnan(Huber().gradient(np.array([np.nan]))).all()
