"""Label noise in a product of two weights: it moves them along the valley of equal loss to the flattest minimum."""

import math
from collections.abc import Mapping
from functools import partial
from itertools import accumulate, repeat

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.trajectories import iterate, update_rule
from descent_audit.landscapes.factorization import Factorization
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.numerics.datasets import kronecker

Array = NDArray[np.float64]
CellPoint = tuple[int, float]
"""Batch size and learning rate."""
DRAWN = 41
"""Sampled steps of a drawn curve."""


def minibatch_noise_flattening(
    *,
    optimizer: str,
    samples: int,
    start: list[float],
    learning_rate: float,
    batch_sizes: list[int],
    scaling_batch_size: int,
    scaling_learning_rates: list[float],
    steps: int,
    late_steps: int,
    runs: int,
    block_size: int,
) -> Sampling:
    r"""Follow $D = w_1^2 - w_2^2$ under mini-batches of the losses $\tfrac12(w_1w_2 - y_i)^2$, i = 1, ..., n.

    A step multiplies D by $1 - \eta^2e_B^2$ with $e_B = w_1w_2 - \bar y_B$, exactly, and the minimum to which the
    valley leads from there has the curvature $\sqrt{D^2 + 4\bar y^2}$. The noise of the labels thus flattens it at the
    rate of ``imbalance_drift``. Runs start on the valley, at the mean label's hyperbola.
    """
    check_batch_sizes("batch_sizes", batch_sizes, samples)
    check_batch_sizes("scaling_batch_size", [scaling_batch_size], samples)
    if late_steps > steps:
        raise OutOfRange("late_steps", late_steps, f"at most {steps}, the number of steps")
    labels = standardised_labels(samples)
    points: list[CellPoint] = list(
        dict.fromkeys(
            [(size, learning_rate) for size in batch_sizes]
            + [(scaling_batch_size, rate) for rate in scaling_learning_rates]
        )
    )
    cells = {
        (size, rate): Cell(
            f"batch_size={size};learning_rate={rate}",
            runs,
            block_size,
            partial(
                _descend,
                optimizer=optimizer,
                labels=labels,
                start=start,
                learning_rate=rate,
                batch_size=size,
                steps=steps,
                late_steps=late_steps,
            ),
        )
        for size, rate in points
    }

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = {point: tallies[cell.name] for point, cell in cells.items()}
        drifts = {point: imbalance_drift(labels, start, point, steps) for point in cells}
        base = [(size, learning_rate) for size in batch_sizes]
        return (
            _labels(labels)
            + _drifts(found, drifts)
            + _curvatures({point: found[point] for point in base}, drifts, labels)
            + _drawn(found, drifts, base, labels, steps)
        )

    return Sampling(list(cells.values()), report)


def standardised_labels(samples: int) -> Array:
    """Return the first Kronecker column, shifted and scaled to mean 1 and variance 1 (divisor n - 1)."""
    column = kronecker(samples, 1)[:, 0]
    return 1.0 + (column - column.mean()) / column.std(ddof=1)


def imbalance(w: Array) -> Array:
    r"""Return $D = w_1^2 - w_2^2$ of points ``(..., 2)``, as a product, which keeps its digits near balance."""
    return (w[..., 0] - w[..., 1]) * (w[..., 0] + w[..., 1])


def imbalance_drift(labels: Array, start: list[float], point: CellPoint, steps: int) -> Array:
    r"""Return the mean drift of D as the recursion $D \leftarrow D\,(1 - \frac{2\eta^2v}{2 - \eta\lambda(D)})$.

    $v = \frac{s^2}m(1 - \frac mn)$ is the variance of the batch's mean label; the residual is that label's deviation
    after being averaged by steps of curvature $\lambda(D) = \sqrt{D^2 + 4\bar y^2}$ across the valley, which raises its
    square by $2/(2 - \eta\lambda)$. The error is of relative order $\eta^2$. Shape ``(steps + 1,)``.
    """
    batch_size, rate = point
    valley = Factorization(float(labels.mean()))
    variance = float(labels.var(ddof=1)) / batch_size * (1.0 - batch_size / len(labels))

    def step(d: float, _: None) -> float:
        damping = 2.0 - rate * math.hypot(d, 2.0 * valley.target)
        return d * (1.0 - 2.0 * rate * rate * variance / damping)

    return np.array(list(accumulate(repeat(None, steps), step, initial=float(imbalance(np.array(start))))))


def _descend(
    rng: Generator,
    count: int,
    *,
    optimizer: str,
    labels: Array,
    start: list[float],
    learning_rate: float,
    batch_size: int,
    steps: int,
    late_steps: int,
) -> Tally:
    """Return sums over ``count`` runs of their drift, curvature, late product and drawn points."""
    full, logs = Factorization(float(labels.mean())), np.zeros(count)

    def gradient(w: Array) -> Array:
        batches = draw_batches(rng, count, len(labels), batch_size, replacement=False)
        residual = full.residual(w) - (labels[batches].mean(axis=1) - full.target)
        step = learning_rate * residual
        np.add(logs, np.log(np.abs((1.0 - step) * (1.0 + step))), out=logs)
        return residual[:, None] * w[:, ::-1]

    w0 = w = np.tile(np.array(start, dtype=float), (count, 1))
    first, shown, late = imbalance(w), {int(step) for step in sample_steps(steps, DRAWN)}, np.zeros(count)
    curvatures, weights = [full.minimum_curvature(first)], [w]
    for step, w in enumerate(iterate(gradient, w0, learning_rate, steps, update_rule(optimizer)), 1):
        if step > steps - late_steps:
            late += full.residual(w)
        if step in shown:
            curvatures.append(full.minimum_curvature(imbalance(w)))
            weights.append(w)
    drift = np.log(np.abs(imbalance(w) / first))
    sums = {
        "log_drift": drift.sum(),
        "shift": late.sum() / (late_steps * full.target),
        **moments("curvature", np.array(curvatures).T),
        "accumulated_curvature": full.minimum_curvature(first * np.exp(logs)).sum(),
        **moments("weights", np.stack(weights, axis=1)),
    }
    return tally(count, sums, {"identity_error": np.abs(drift - logs).max()})


def _labels(labels: Array) -> Observations:
    """Report mean and variance (divisor n - 1) of the labels, both of which are 1."""
    return Observations.of(
        [
            Observation("label_mean", float(labels.mean()), 1.0),
            Observation("label_variance", float(labels.var(ddof=1)), 1.0),
        ]
    )


def _drifts(found: Mapping[CellPoint, Tally], drifts: Mapping[CellPoint, Array]) -> Observations:
    """Report the identity and the mean drift per batch size and rate, relative to theory where there is any drift."""
    observations = []
    for (size, rate), one in found.items():
        at = {"batch_size": size, "learning_rate": rate}
        drift = drifts[size, rate]
        mean, expected = float(one.mean("log_drift")), math.log(drift[-1] / drift[0])
        error = float(one.largest["identity_error"])
        observations.append(Observation("identity_error", error, 0.0, at, replicates=one.replicates))
        observations.append(Observation("log_drift", mean, expected, at, replicates=one.replicates))
        if expected != 0.0:
            ratio = mean / expected - 1.0
            observations.append(Observation("drift_relative_error", ratio, 0.0, at, replicates=one.replicates))
    return Observations.of(observations)


def _curvatures(found: Mapping[CellPoint, Tally], drifts: Mapping[CellPoint, Array], labels: Array) -> Observations:
    """Report by how much the curvature falls and the predictor moves, per batch size; the smallest has most noise."""
    valley, observations, falls = Factorization(float(labels.mean())), [], {}
    for (size, rate), one in found.items():
        at = {"batch_size": size}
        drawn, expected = one.mean("curvature"), valley.minimum_curvature(drifts[size, rate])
        final = float(drawn[-1])
        error = final - float(one.mean("accumulated_curvature"))
        falls[size] = float(1.0 - final / drawn[0]), float(1.0 - expected[-1] / expected[0])
        observations += [
            Observation("final_curvature", final, expected[-1], at, replicates=one.replicates),
            Observation("curvature_identity_error", error, 0.0, at, replicates=one.replicates),
            Observation("curvature_fall", *falls[size], at, replicates=one.replicates),
            Observation("predictor_shift", float(one.mean("shift")), 0.0, at, replicates=one.replicates),
        ]
    observations.append(Observation("noisiest_curvature_fall", *falls[min(falls)]))
    return Observations.of(observations)


def _drawn(
    found: Mapping[CellPoint, Tally],
    drifts: Mapping[CellPoint, Array],
    base: list[CellPoint],
    labels: Array,
    steps: int,
) -> Observations:
    """Draw the curvature against the step, and the mean weights of the noisiest runs along the hyperbola."""
    valley, shown, every = Factorization(float(labels.mean())), sample_steps(steps, DRAWN), sample_steps(steps, 101)
    curves = []
    for point in base:
        series = f"$m$ = {point[0]}"
        sampled = (shown > 0) & (point[0] < len(labels))
        measured = Curve("curvature", series, "measured", shown, found[point].mean("curvature"))
        curves.append(measured.within(mean_interval(found[point], "curvature").where(sampled)))
        expected = valley.minimum_curvature(drifts[point][every])
        curves.append(Curve("curvature", series, "predicted", every, expected))
    noisiest = min(base)
    weights = found[noisiest].mean("weights")
    first = np.linspace(weights[:, 0].min() / 1.2, weights[:, 0].max() * 1.1, 101)
    sampled = (shown > 0) & (noisiest[0] < len(labels))
    around = mean_interval(found[noisiest], "weights").at(np.s_[:, 1]).where(sampled)
    series = f"mean, $m$ = {noisiest[0]}"
    curves.append(Curve("weights", series, "measured", weights[:, 0], weights[:, 1]).within(around))
    curves.append(Curve("weights", "minima", "predicted", first, valley.target / first))
    return Observations.of(curves=curves)
