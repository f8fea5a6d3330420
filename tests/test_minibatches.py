"""Batches against counts and products against the sums that they stand for."""

import numpy as np
import pytest

from descent_audit.minibatches import CountedArray, Tally, draw_batches


def test_batches_without_replacement_hold_every_sample_once():
    batches = draw_batches(np.random.default_rng(0), 5, 12, 12, replacement=False)
    assert all(sorted(batch) == list(range(12)) for batch in batches)
    assert len({tuple(batch) for batch in batches}) == 5


def test_smaller_batches_have_distinct_samples_and_are_uniform():
    batches = draw_batches(np.random.default_rng(1), 4000, 5, 2, replacement=False)
    assert np.all(batches[:, 0] != batches[:, 1])
    pairs = np.bincount(5 * batches[:, 0] + batches[:, 1], minlength=25).reshape(5, 5)
    assert np.all(np.abs(pairs[~np.eye(5, dtype=bool)] - 200) < 6 * np.sqrt(200))


def test_batches_with_replacement_repeat_samples():
    batches = draw_batches(np.random.default_rng(2), 2000, 4, 4, replacement=True)
    distinct = np.mean([len(set(batch)) for batch in batches])
    assert distinct == pytest.approx(4 * (1 - 0.75**4), abs=0.08)


def test_products_are_counted_on_either_side_and_through_views():
    tally = Tally()
    counted = CountedArray.of(np.ones((6, 4)), tally)
    assert np.all(np.ones((3, 6)) @ counted == 6)
    assert tally.multiply_adds == 3 * 6 * 4
    counted[:2].T @ np.ones(2)
    assert tally.multiply_adds == 3 * 6 * 4 + 8
    counted[np.array([0, 5])] @ np.ones((4, 5))
    assert tally.multiply_adds == 3 * 6 * 4 + 8 + 2 * 4 * 5


def test_other_operations_are_free_and_results_plain():
    tally = Tally()
    counted = CountedArray.of(np.ones((6, 4)), tally)
    result = (counted + 1.0) * 2.0
    assert type(result) is np.ndarray
    assert result @ np.ones(4) == pytest.approx(np.full(6, 16.0))
    assert tally.multiply_adds == 0
