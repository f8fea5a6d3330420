"""Counting steps in blocks against counting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.experiments.iteration_counts import BLOCK, blocks, first_within


@given(st.lists(st.lists(st.floats(0, 2), min_size=3, max_size=3), min_size=1, max_size=20))
def test_first_within_agrees_with_a_loop(rows):
    path = [np.array(row)[:, None] for row in rows]
    expected = [next((k for k, row in enumerate(rows, 1) if row[cell] <= 1), len(rows) + 1) for cell in range(3)]
    assert first_within(iter(path), 1.0, (3,)).tolist() == expected


@pytest.mark.parametrize("step", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_first_within_counts_across_blocks(step):
    path = (np.array([2.0 if k < step else 0.5]) for k in range(1, 10 * BLOCK))
    assert int(first_within(path, 1.0, ())) == step


def test_first_within_keeps_the_first_of_several_visits():
    path = [np.array([[size]]) for size in (2.0, 0.5, 2.0, *[3.0] * BLOCK, 0.5)]
    assert first_within(iter(path), 1.0, (1,)).tolist() == [2]


def test_first_within_never_counts_what_is_not_a_number():
    assert int(first_within(iter([np.array([np.nan])] * 5), 1.0, ())) == 6


def test_blocks_lose_no_step():
    joined = np.concatenate(list(blocks(iter([np.array([float(k)]) for k in range(25)]), size=10)))
    assert joined[:, 0].tolist() == list(range(25))
