"""The references of mini-batch descent against short runs enumerated in full, simulation and the bounds of all runs."""

import math
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import binomtest

from descent_audit.claims.catalogue import load_claims
from descent_audit.landscapes.sine_regression import SineRegression
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.theory.batch_transfer import (
    LARGEST_ENUMERATION,
    BatchDescent,
    Hull,
    all_batches,
    check_enumeration,
    hit_probability,
    reachable_hull,
    refinement_change,
    trapped_from,
)

PARAMETERS = load_claims(["minibatch_barrier_crossing"])["minibatch_barrier_crossing"].experiment
LOSS = SineRegression(tuple(PARAMETERS["inputs"]), tuple(PARAMETERS["labels"]))
TARGET = (2.5, 3.5)
LEFT, START, RIGHT = LOSS.basin(1.01, (-4.0, 9.0), 1e-3)
SMALL = SineRegression((1.5, -0.7, 2.0, 1.1), (0.9, 0.3, -1.2, 0.4))


def scalar_step(loss, theta, batch, rate):
    slopes = [
        (math.sin(theta * loss.inputs[i]) - loss.labels[i]) * loss.inputs[i] * math.cos(theta * loss.inputs[i])
        for i in batch
    ]
    return theta - rate * sum(slopes) / len(slopes)


def enumerated_hits(loss, size, rate, target, start, steps):
    """Return the share of all sequences of batches that pass through the target, one by one."""
    batches, hits = list(combinations(range(len(loss.inputs)), size)), 0
    for sequence in product(batches, repeat=steps):
        theta = start
        for batch in sequence:
            theta = scalar_step(loss, theta, batch, rate)
            if target[0] <= theta <= target[1]:
                hits += 1
                break
    return hits / len(batches) ** steps


def naive_hits(size, runs, steps, seed):
    """Return how many runs pass the target, drawing batches as the head of a random order."""
    rng, hit, theta = np.random.default_rng(seed), np.zeros(runs, dtype=bool), np.full(runs, START)
    x, y = np.array(LOSS.inputs), np.array(LOSS.labels)
    for _ in range(steps):
        batch = rng.random((runs, len(x))).argsort(axis=1)[:, :size]
        angle = theta[:, None] * x[batch]
        theta = theta - 0.2 * ((np.sin(angle) - y[batch]) * x[batch] * np.cos(angle)).mean(axis=1)
        hit |= (theta >= TARGET[0]) & (theta <= TARGET[1])
    return int(hit.sum())


def test_all_batches_are_the_subsets_of_their_size():
    found = all_batches(6, 3)
    assert found.shape == (math.comb(6, 3), 3)
    assert len({frozenset(batch) for batch in found.tolist()}) == math.comb(6, 3)


def test_images_are_those_of_scalar_steps():
    descent = BatchDescent(SMALL, 0.3, 2, TARGET)
    theta = np.array([-0.4, 1.3])
    expected = [[scalar_step(SMALL, point, batch, 0.3) for batch in combinations(range(4), 2)] for point in theta]
    assert descent.images(theta) == pytest.approx(np.array(expected), abs=1e-14)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_gradient_spread_is_that_of_the_enumerated_batches(size):
    gradients = SMALL.sample_gradients(0.7)
    means = [gradients[list(batch)].mean() for batch in combinations(range(4), size)]
    assert BatchDescent(SMALL, 0.3, size, TARGET).gradient_spread(0.7) == pytest.approx(np.std(means), abs=1e-9)


@pytest.mark.parametrize(("size", "steps"), [(1, 1), (1, 4), (2, 3), (3, 4), (4, 2)])
def test_hit_probability_is_the_share_of_all_sequences(size, steps):
    target = (0.35, 0.8)
    expected = enumerated_hits(SMALL, size, 0.4, target, 1.0, steps)
    descent = BatchDescent(SMALL, 0.4, size, target)
    found = hit_probability(descent, 1.0, steps, (-4.0, 5.0), 0.0025)
    assert found == pytest.approx(expected, abs=4e-3)
    assert expected > 0 or size == 4


def test_one_step_is_counted_exactly_at_a_point_of_the_grid():
    for start in (0.5, 1.0, 1.75):
        descent = BatchDescent(SMALL, 0.4, 1, (-0.3, 0.2))
        expected = enumerated_hits(SMALL, 1, 0.4, (-0.3, 0.2), start, 1)
        assert hit_probability(descent, start, 1, (-4.0, 4.0), 0.25) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("size", "ends"), [(1, (-12.0, 9.0)), (3, (-4.0, 9.0))])
def test_hit_probability_agrees_with_simulation_and_rejects_larger_batches(size, ends):
    descent = BatchDescent(LOSS, 0.2, size, TARGET)
    expected = hit_probability(descent, START, 300, ends, 0.01)
    assert binomtest(naive_hits(size, 2000, 300, seed=5), 2000, expected).pvalue > 1e-4
    assert binomtest(naive_hits(size + 2, 2000, 300, seed=5), 2000, expected).pvalue < 1e-6


@pytest.mark.parametrize("size", [1, 2, 3])
def test_finer_grids_converge(size):
    descent = BatchDescent(LOSS, 0.2, size, TARGET)
    ends = (-12.0, 9.0) if size == 1 else (-4.0, 9.0)
    coarse, fine = (refinement_change(descent, START, 1000, ends, spacing) for spacing in (0.02, 0.01))
    assert fine < 0.6 * coarse
    assert fine < 2.5e-3


def test_single_samples_need_the_wider_grid():
    descent = BatchDescent(LOSS, 0.2, 1, TARGET)
    narrow, wide = (hit_probability(descent, START, 1000, (left, 9.0), 0.01) for left in (-4.0, -12.0))
    assert abs(narrow - wide) > 1e-3
    wider = hit_probability(descent, START, 1000, (-16.0, 13.0), 0.01)
    assert wider == pytest.approx(wide, abs=5e-4)


def hulls():
    descent = BatchDescent(LOSS, 0.2, 1, TARGET)
    return [
        reachable_hull(replace(descent, batch_size=size), START, (LEFT, RIGHT), 4001, 2000, 1e-13)
        for size in range(1, 17)
    ]


def test_closed_hull_maps_into_itself_under_every_batch():
    for size in (14, 15):
        hull = hulls()[size - 1]
        assert hull.closed and LEFT < hull.left < START < hull.right < RIGHT
        images = BatchDescent(LOSS, 0.2, size, TARGET).images(np.linspace(hull.left, hull.right, 20_011))
        assert hull.left - 1e-12 <= images.min() and images.max() <= hull.right + 1e-12
        assert images.min() - hull.left < 5e-3 and hull.right - images.max() < 5e-3


def test_hull_is_open_where_greedy_batches_lead_over_the_barrier():
    """The batch with the largest or the smallest gradient, chosen at every step, is a run of its own."""
    for size, hull in enumerate(hulls(), 1):
        escaped = False
        for downhill in (True, False):
            theta = START
            for step in range(200):
                slopes = np.sort(LOSS.sample_gradients(theta))
                lowest = (step % 2 == 0) == downhill
                theta = theta - 0.2 * float((slopes[:size] if lowest else slopes[-size:]).mean())
                escaped |= not LEFT < theta < RIGHT
        if escaped:
            assert not hull.closed, size
    assert [hull.closed for hull in hulls()] == [False] * 13 + [True] * 3


def test_trapped_from_is_the_size_beyond_the_last_open_hull():
    closed, open_hull = Hull(0.0, 1.0, True), Hull(0.0, 1.0, False)
    assert trapped_from([open_hull, closed, open_hull, closed]) == 4
    assert trapped_from([closed, closed]) == 1
    assert trapped_from([closed, open_hull]) == 3


def test_too_many_batches_are_refused():
    assert math.comb(16, 8) > LARGEST_ENUMERATION
    with pytest.raises(OutOfRange, match="batch_sizes: found 8, allowed: sizes with at most"):
        check_enumeration("batch_sizes", [1, 8], 16)
