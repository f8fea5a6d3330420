"""Blocks: their sizes, their streams, and that who draws them makes no difference."""

import numpy as np
import pytest

from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.tallies import merged, moments, tally

STREAMS = Streams(5, "a_claim", "claim")


def draw(rng, count):
    return tally(count, moments("x", rng.standard_normal(count)), {"top": rng.random(count).max(initial=0.0)})


@pytest.mark.parametrize(
    ("replicates", "size", "counts"), [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 4, [3]), (1, 1, [1]), (0, 4, [0])]
)
def test_blocks_are_whole_but_for_the_last(replicates, size, counts):
    cell = Cell("x", replicates, size, lambda rng, count: tally(count))
    assert [cell.block(STREAMS, index).replicates for index in range(cell.blocks)] == counts


def test_blocks_of_a_short_run_are_the_first_of_a_long_one():
    short, long = Cell("x", 200, 50, draw), Cell("x", 1000, 50, draw)
    for index in range(short.blocks):
        assert short.block(STREAMS, index)["x"] == long.block(STREAMS, index)["x"]


def test_blocks_and_cells_and_arms_draw_other_numbers():
    found = {
        float(Cell(cell, 100, 10, draw).block(Streams(seed, claim, arm), index)["x"])
        for cell in ("x", "y")
        for seed in (1, 2)
        for claim in ("a", "b")
        for arm in ("claim", "control")
        for index in range(3)
    }
    assert len(found) == 48


def test_order_of_the_blocks_makes_no_difference():
    cell = Cell("x", 1000, 10, draw)
    forward, backward = (merged(cell.block(STREAMS, i) for i in order) for order in (range(100), range(99, -1, -1)))
    assert forward["x"] == backward["x"]
    assert forward.largest["top"] == backward.largest["top"]


def test_report_sees_every_replicate_of_every_cell():
    def report(tallies):
        return Observations.of(
            Observation("mean", one.mean("x"), at={"cell": name}, replicates=one.replicates)
            for name, one in tallies.items()
        )

    found = Sampling([Cell("a", 100, 30, draw), Cell("b", 10, 30, draw)], report).whole(STREAMS)
    assert [one.replicates for one in found.measured] == [100, 10]


def test_shared_stream_is_the_same_for_all_arms_and_for_no_other_claim():
    first, second, other = (Streams(1, claim, arm) for claim, arm in (("a", "claim"), ("a", "control"), ("b", "claim")))
    assert np.array_equal(first.shared("data").random(5), second.shared("data").random(5))
    assert not np.array_equal(first.shared("data").random(5), other.shared("data").random(5))
    assert not np.array_equal(first.shared("data").random(5), first.generator("data").random(5))


def test_replicates_that_are_lost_are_noticed():
    lossy = Cell("a", 100, 30, lambda rng, count: draw(rng, min(count, 20)))
    with pytest.raises(ValueError, match="a: found 70 of 100 replicates"):
        Sampling([lossy], lambda tallies: Observations.of([])).whole(STREAMS)
