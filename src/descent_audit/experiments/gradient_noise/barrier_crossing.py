"""Mini-batch descent on a sine regression: over a barrier to the better minimum, or held in its basin for ever."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, iterate, last, update_rule
from descent_audit.landscapes.sine_regression import SineRegression, sine_gradients
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.theory.batch_transfer import (
    BatchDescent,
    Hull,
    all_batches,
    check_enumeration,
    hit_probability,
    reachable_hull,
    refinement_change,
    trapped_from,
)

Array = NDArray[np.float64]


def minibatch_barrier_crossing(
    *,
    optimizer: str,
    inputs: list[float],
    labels: list[float],
    learning_rate: float,
    batch_sizes: list[int],
    near: float,
    target: list[float],
    steps: int,
    runs: int,
    block_size: int,
    ends: list[float],
    single_sample_ends: list[float],
    spacing: float,
    stationary_spacing: float,
    hull_points: int,
    hull_iterations: int,
    hull_accuracy: float,
    drawn_ends: list[float],
    drawn_points: int,
) -> Sampling:
    r"""Count the runs from a local minimum that are in the target after any step, per batch size.

    The expected count is that of the transfer operator between ``ends``; steps on single samples reach farther, and
    so does the grid, to ``single_sample_ends``. From a batch size on the hull of all runs stays in the basin.
    """
    if len(inputs) != len(labels):
        raise OutOfRange("labels", f"{len(labels)} values", f"{len(inputs)}, one for each input")
    check_batch_sizes("batch_sizes", batch_sizes, len(inputs))
    check_enumeration("batch_sizes", batch_sizes, len(inputs))
    loss = SineRegression(tuple(inputs), tuple(labels))
    left, start, right = loss.basin(near, (ends[0], ends[-1]), stationary_spacing)
    if target[0] <= start <= target[-1]:
        raise OutOfRange("target", target, f"an interval that does not hold the start, {start:g}")
    descents = [BatchDescent(loss, learning_rate, size, (target[0], target[-1])) for size in batch_sizes]
    cells = [
        Cell(
            f"batch_size={descent.batch_size}",
            runs,
            block_size,
            partial(_hits, optimizer=optimizer, descent=descent, start=start, steps=steps),
        )
        for descent in descents
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        hits = [float(tallies[cell.name]["hits"]) for cell in cells]
        domains = {1: (single_sample_ends[0], single_sample_ends[-1])}
        reach = [domains.get(size, (ends[0], ends[-1])) for size in batch_sizes]
        hulls = [
            reachable_hull(
                replace(descents[0], batch_size=size), start, (left, right), hull_points, hull_iterations, hull_accuracy
            )
            for size in range(1, len(inputs) + 1)
        ]
        return (
            _counts(descents, start, steps, reach, spacing, runs, hits)
            + _certified(hulls, batch_sizes, hits)
            + _full_batch(descents[0], optimizer, start, steps)
            + _drawn_loss(
                descents[0], start, hulls, (left, right), np.linspace(drawn_ends[0], drawn_ends[-1], drawn_points)
            )
        )

    return Sampling(cells, report)


def vanishing_noise(
    *,
    optimizer: str,
    inputs: list[float],
    frequency: float,
    learning_rate: float,
    batch_size: int,
    start: float,
    steps: int,
    runs: int,
    block_size: int,
) -> Sampling:
    r"""Follow mini-batch runs whose labels $y_i = \sin\omega x_i$ all samples fit at $\theta = \omega$.

    There the gradient of every sample is 0, and so is the noise: runs that come near freeze.
    """
    check_batch_sizes("batch_size", [batch_size], len(inputs))
    check_enumeration("batch_size", [batch_size], len(inputs))
    loss = SineRegression(tuple(inputs), tuple(float(label) for label in np.sin(frequency * np.array(inputs))))
    descent = BatchDescent(loss, learning_rate, batch_size, (frequency, frequency))
    draw = partial(_distances, optimizer=optimizer, descent=descent, start=start, steps=steps)
    cell = Cell(f"batch_size={batch_size}", runs, block_size, draw)

    def report(tallies: Mapping[str, Tally]) -> Observations:
        farthest = float(tallies[cell.name].largest["distance"])
        return Observations.of(
            [
                Observation("farthest_from_solution", farthest, 0.0, replicates=runs),
                Observation("spread_at_start", descent.gradient_spread(start)),
                Observation("spread_at_solution", descent.gradient_spread(frequency), 0.0),
            ]
        )

    return Sampling([cell], report)


def batch_gradient(descent: BatchDescent, rng: Generator) -> Gradient:
    """Return a gradient that draws a fresh batch for every run, at every call; runs are of shape ``(runs,)``."""
    members = all_batches(len(descent.loss.inputs), descent.batch_size)
    inputs, labels = np.array(descent.loss.inputs)[members], np.array(descent.loss.labels)[members]

    def gradient(theta: Array) -> Array:
        chosen = rng.integers(0, len(members), len(theta))
        return sine_gradients(theta[:, None], inputs[chosen], labels[chosen]).mean(axis=1)

    return gradient


def _hits(rng: Generator, count: int, *, optimizer: str, descent: BatchDescent, start: float, steps: int) -> Tally:
    """Return how many of ``count`` runs are in the target after any of their steps."""
    hit = np.zeros(count, dtype=bool)
    path = iterate(
        batch_gradient(descent, rng), np.full(count, start), descent.learning_rate, steps, update_rule(optimizer)
    )
    for theta in path:
        hit |= descent.hits(theta)
    return tally(count, {"hits": np.count_nonzero(hit)})


def _distances(rng: Generator, count: int, *, optimizer: str, descent: BatchDescent, start: float, steps: int) -> Tally:
    """Return how far the last point of any run is from the solution, which is the target."""
    x0 = np.full(count, start)
    path = iterate(batch_gradient(descent, rng), x0, descent.learning_rate, steps, update_rule(optimizer))
    return tally(count, largest={"distance": np.abs(last(path, x0) - descent.target[0]).max()})


def _counts(
    descents: list[BatchDescent],
    start: float,
    steps: int,
    reach: list[tuple[float, float]],
    spacing: float,
    runs: int,
    hits: list[float],
) -> Observations:
    """Report counts with their expectations, the error of these and the noise at the start, per batch size."""
    observations, expected = [], []
    for descent, ends, found in zip(descents, reach, hits, strict=True):
        at = {"batch_size": descent.batch_size}
        expected.append(hit_probability(descent, start, steps, ends, spacing))
        change = refinement_change(descent, start, steps, ends, spacing)
        observations += [
            Observation("hit_count", found, runs * expected[-1], at, replicates=runs),
            Observation("reference_change", change, 0.0, at),
            Observation("spread_at_start", descent.gradient_spread(start), at=at),
        ]
    sizes = [descent.batch_size for descent in descents]
    around = binomial_interval(hits, runs).where(np.array(sizes) < len(descents[0].loss.inputs))
    curves = [
        Curve("hits", "runs that cross", "measured", sizes, np.array(hits) / runs).within(around),
        Curve("hits", "runs that cross", "predicted", sizes, expected),
    ]
    return Observations.of(observations, curves)


def _certified(hulls: list[Hull], batch_sizes: list[int], hits: list[float]) -> Observations:
    """Report the batch size from which on runs are held, and the hits at such sizes, of which there can be none."""
    first = trapped_from(hulls)
    held = sum(found for size, found in zip(batch_sizes, hits, strict=True) if size >= first)
    return Observations.of(
        [Observation("certified_trapped_from", first), Observation("hits_at_certified_sizes", held, 0.0)]
    )


def _full_batch(descent: BatchDescent, optimizer: str, start: float, steps: int) -> Observations:
    """Report whether full-batch descent from the minimum hits the target, and how far it ever moves."""
    x0 = np.array([start])
    hit, shift = 0, 0.0
    for theta in iterate(descent.loss.gradient, x0, descent.learning_rate, steps, update_rule(optimizer)):
        hit |= int(descent.hits(theta)[0])
        shift = max(shift, abs(float(theta[0]) - start))
    return Observations.of(
        [Observation("hits_full_batch", hit, 0.0), Observation("full_batch_shift", shift, 0.0, {"steps": steps})]
    )


def _drawn_loss(
    descent: BatchDescent, start: float, hulls: list[Hull], basin: tuple[float, float], theta: Array
) -> Observations:
    """Draw the loss with start and target, and within the basin the hulls that are closed.

    A hull is drawn at the highest loss that it reaches.
    """
    loss, near = descent.loss, np.linspace(*basin, len(theta))
    floor = np.full(2, float(loss.value(np.linspace(*descent.target, 101)).min()))
    curves = [
        Curve("loss", "loss", "predicted", theta, loss.value(theta)),
        Curve("loss", "start", "measured", [start], loss.value([start])),
        Curve("loss", "target", "guide", descent.target, floor),
        Curve("hull", "loss", "predicted", near, loss.value(near)),
    ]
    for size, hull in enumerate(hulls, 1):
        if hull.closed and hull.right > hull.left:
            ends = np.array([hull.left, hull.right])
            curves.append(Curve("hull", f"$m$ = {size}", "predicted", ends, np.full(2, loss.value(ends).max())))
    return Observations.of(curves=curves)
