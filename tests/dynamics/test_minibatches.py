"""Batches against counts and products against the sums that they stand for."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chi2

from descent_audit.dynamics.minibatches import CountedArray, Tally, draw_batches


def test_batches_without_replacement_hold_every_sample_once():
    batches = draw_batches(np.random.default_rng(0), 5, 12, 12, replacement=False)
    assert all(sorted(batch) == list(range(12)) for batch in batches)
    assert len({tuple(batch) for batch in batches}) == 5


def test_smaller_batches_have_distinct_samples_and_are_uniform():
    batches = draw_batches(np.random.default_rng(1), 4000, 5, 2, replacement=False)
    assert np.all(batches[:, 0] != batches[:, 1])
    pairs = np.bincount(5 * batches.min(axis=1) + batches.max(axis=1), minlength=25).reshape(5, 5)
    assert np.all(np.abs(pairs[np.triu_indices(5, 1)] - 400) < 6 * np.sqrt(400))


@pytest.mark.parametrize("samples, batch_size", [(6, 1), (6, 2), (6, 3), (6, 4), (7, 3), (9, 4)])
def test_all_subsets_are_equally_likely(samples, batch_size):
    batches = draw_batches(np.random.default_rng(3), 200_000, samples, batch_size, replacement=False)
    masks = np.bincount(np.sum(1 << batches, axis=1), minlength=1 << samples)
    subsets = [sum(1 << i for i in one) for one in combinations(range(samples), batch_size)]
    counts = masks[subsets]
    assert counts.sum() == 200_000
    expected = 200_000 / len(subsets)
    statistic = np.sum((counts - expected) ** 2) / expected
    assert 1e-6 < chi2.sf(statistic, len(subsets) - 1) < 1 - 1e-6


def test_chi_square_over_subsets_rejects_duplicates_replaced_by_their_neighbour():
    rng = np.random.default_rng(4)
    first, second = rng.integers(0, 4, (2, 200_000))
    second = np.where(first == second, (second + 1) % 4, second)
    counts = np.bincount((1 << first) + (1 << second), minlength=16)[[3, 5, 6, 9, 10, 12]]
    statistic = np.sum((counts - 200_000 / 6) ** 2) / (200_000 / 6)
    assert chi2.sf(statistic, 5) < 1e-6


@pytest.mark.parametrize("samples, batch_size", [(64, 16), (16, 8), (128, 4), (5, 1)])
def test_small_batches_hold_distinct_samples_of_the_data(samples, batch_size):
    batches = draw_batches(np.random.default_rng(5), 500, samples, batch_size, replacement=False)
    assert batches.shape == (500, batch_size)
    assert batches.min() >= 0
    assert batches.max() < samples
    assert all(len(set(batch)) == batch_size for batch in batches.tolist())


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
