"""Named streams: the same name, the same numbers, whatever the order; another name, other numbers."""

import hashlib
import os
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from descent_audit.measurement.randomness import Streams, name_digest

STREAMS = Streams(seed=5, claim="claim", arm="arm")


def test_name_digest_is_the_head_of_sha256():
    assert f"{name_digest('start'):016x}" == hashlib.sha256(b"start").hexdigest()[:16]


def test_the_same_names_give_the_same_stream():
    first = STREAMS.generator("start", 2).standard_normal(8)
    assert np.array_equal(first, Streams(5, "claim", "arm").generator("start", 2).standard_normal(8))


def test_the_order_of_use_changes_nothing():
    forward = {cell: STREAMS.generator(cell).random(4).tolist() for cell in ("a", "b", "c")}
    backward = {cell: STREAMS.generator(cell).random(4).tolist() for cell in ("c", "b", "a")}
    assert forward == backward


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_streams_do_not_depend_on_the_process(hash_seed):
    code = (
        "from descent_audit.measurement.randomness import Streams; "
        "print(Streams(5, 'claim', 'arm').generator('x').random())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) == STREAMS.generator("x").random()


def test_every_part_of_the_name_counts():
    generators = [
        STREAMS.generator("cell"),
        Streams(6, "claim", "arm").generator("cell"),
        Streams(5, "other", "arm").generator("cell"),
        Streams(5, "claim", "other").generator("cell"),
        Streams(5, "arm", "claim").generator("cell"),
        STREAMS.generator("other"),
        STREAMS.generator("cell", 1),
    ]
    draws = [generator.standard_normal(500) for generator in generators]
    for one, other in combinations(draws, 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.25


def test_streams_of_many_cells_look_like_one_sample():
    draws = np.concatenate([STREAMS.generator(f"cell={cell}").random(3) for cell in range(500)])
    assert stats.kstest(draws, "uniform").pvalue > 1e-6
