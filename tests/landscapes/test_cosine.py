"""The sum of cosines: its period, its symmetry and its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.landscapes.cosine import CosineSum

POINT = st.lists(st.floats(-10, 10), min_size=3, max_size=3).map(np.array)


@given(POINT, st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_value_and_gradient_repeat_themselves(x, turns):
    shifted = x + 2 * np.pi * np.array(turns)
    assert float(CosineSum().value(shifted)) == pytest.approx(float(CosineSum().value(x)), abs=1e-13)
    assert CosineSum().gradient(shifted) == pytest.approx(CosineSum().gradient(x), abs=1e-13)


@given(POINT)
def test_half_a_turn_changes_the_sign(x):
    assert float(CosineSum().value(x + np.pi)) == pytest.approx(-float(CosineSum().value(x)), abs=1e-13)
    assert abs(float(CosineSum().value(x))) <= 3


def test_it_is_not_convex():
    ends, middle = CosineSum().value(np.array([[-1.0], [1.0]])), CosineSum().value(np.array([0.0]))
    assert middle > ends.mean()
