"""Enumerations against nested loops and counts, across the borders of pieces."""

import math
from itertools import product

import numpy as np
import pytest

from descent_audit.numerics import enumeration
from descent_audit.numerics.enumeration import subsets, tuples


@pytest.mark.parametrize("piece", [1, 7, 2048])
def test_subsets_are_all_and_distinct(monkeypatch, piece):
    monkeypatch.setattr(enumeration, "PIECE", piece)
    pieces = list(subsets(7, 3))
    assert max(len(one) for one in pieces) <= piece
    found = [tuple(batch) for one in pieces for batch in one.tolist()]
    masks = [bits for bits in range(2**7) if bits.bit_count() == 3]
    assert sorted(found) == sorted(tuple(i for i in range(7) if bits >> i & 1) for bits in masks)


@pytest.mark.parametrize("piece", [1, 7, 2048])
def test_tuples_are_all_in_order(monkeypatch, piece):
    monkeypatch.setattr(enumeration, "PIECE", piece)
    found = [tuple(batch) for one in tuples(4, 3) for batch in one.tolist()]
    assert found == list(product(range(4), repeat=3))


@pytest.mark.parametrize("batch_size", [1, 5, 14])
def test_every_sample_is_in_the_same_number_of_subsets(batch_size):
    counts = np.bincount(np.concatenate([piece.ravel() for piece in subsets(14, batch_size)]), minlength=14)
    assert np.all(counts == math.comb(13, batch_size - 1))
