r"""Curvature along gradient descent on $\tfrac12(ab - y)^2$: falling from a large start, rising from a small one."""

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import Schedule, scheduled
from descent_audit.dynamics.schedules import constant, linear_warmup
from descent_audit.dynamics.trajectories import iterate, last
from descent_audit.landscapes.factorization import Factorization
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
CAP = 1e100
"""Largest size that is reported of a run that diverges."""


def large_start(
    *,
    weight: float,
    target: float,
    steps: int,
    lowest_learning_rate: float,
    highest_learning_rate: float,
    halvings: int,
    escape_radius: float,
    learning_rates: list[float],
    longest_warmup_steps: int,
    judged_warmup_steps: int,
    accuracy: float,
    unbalanced_start: list[float],
    unbalanced_learning_rate: float,
    unbalanced_steps: int,
    drawn_steps: int,
) -> Observations:
    r"""Measure the curvature at both ends of runs from $a = b = w_0$, and which rates survive the start.

    On that line $w' = w\,(1 - \eta(w^2 - y))$: curvature falls from $3w_0^2 - y$ to $2y$, and for $w_0^2 > 3y$ a
    constant rate diverges beyond $2/(w_0^2 - y)$, below the limit $1/y$ of the minimum. From a smaller start no rate up
    to ``highest_learning_rate``, which is to be less than $1/y$, diverges, and the search for one ends there.
    """
    loss, start = Factorization(target), np.array([weight, weight])
    threshold = bisect(
        lambda rates: _diverged(loss, start, rates, steps, escape_radius),
        lowest_learning_rate,
        highest_learning_rate,
        halvings=halvings,
    )[0]
    limit = loss.balanced_divergence_rate(weight) if weight**2 > 3.0 * target else highest_learning_rate
    observations = [
        Observation("curvature_start", _top_eigenvalue(loss, start), float(loss.balanced_curvature(weight))),
        Observation("divergence_rate", threshold, limit),
    ]
    return (
        Observations.of(observations)
        + _constant_runs(loss, start, learning_rates, steps)
        + _warmup_runs(
            loss, start, learning_rates, steps, np.arange(1, longest_warmup_steps + 1), judged_warmup_steps, accuracy
        )
        + _imbalance(loss, np.array(unbalanced_start), unbalanced_learning_rate, unbalanced_steps)
        + _drawn_runs(loss, start, learning_rates[-1], judged_warmup_steps, drawn_steps)
    )


def small_start(*, weight: float, target: float, learning_rate: float, steps: int, drawn_steps: int) -> Observations:
    r"""Measure the curvature along a run at a constant rate from small equal weights.

    It begins at $y - w_0^2$, dips to $y/2$ where $w^2 = y/2$ and ends at $2y$, above its start.
    """
    loss, start = Factorization(target), np.array([weight, weight])
    first = end = lowest = _top_eigenvalue(loss, start)
    x = start
    for x in iterate(loss.gradient, start, learning_rate, steps):
        end = _top_eigenvalue(loss, x)
        lowest = min(lowest, end)
    begin = float(loss.balanced_curvature(weight))
    observations = [
        Observation("curvature_start", first, begin),
        Observation("curvature_end", end, 2.0 * target, {"learning_rate": learning_rate}),
        Observation("curvature_ratio", end / first, 2.0 * target / begin, {"learning_rate": learning_rate}),
        Observation("lowest_curvature", lowest, 0.5 * target, {"learning_rate": learning_rate}),
        Observation("final_residual", abs(float(loss.residual(x))), 0.0, {"learning_rate": learning_rate}),
    ]
    path = iterate(loss.gradient, start, learning_rate, drawn_steps)
    return Observations.of(
        observations, _curvature_curves(loss, [start, *path], "small", np.full(drawn_steps, learning_rate))
    )


def _top_eigenvalue(loss: Factorization, x: Array) -> float:
    return float(np.linalg.eigvalsh(loss.hessian(x))[-1])


def _diverged(loss: Factorization, start: Array, rates: Array, steps: int, radius: float) -> NDArray[np.bool_]:
    """Say of each rate whether a weight ever exceeds ``radius``; a run that stands still or has left is over."""
    before = np.broadcast_to(start, (len(rates), 2))
    escaped = np.zeros(len(rates), dtype=bool)
    for x in iterate(loss.gradient, before, rates[:, None], steps):
        escaped |= ~(np.max(np.abs(x), axis=-1) <= radius)
        if np.all(escaped | np.all(x == before, axis=-1)):
            break
        before = x
    return escaped


def _constant_runs(loss: Factorization, start: Array, rates: list[float], steps: int) -> Observations:
    size = np.full(len(rates), np.max(np.abs(start)))
    begin = np.broadcast_to(start, (len(rates), 2))
    for x in iterate(loss.gradient, begin, np.array(rates)[:, None], steps):
        size = np.fmax(size, np.fmin(np.max(np.abs(x), axis=-1), CAP))
        if np.all(size >= CAP):
            break
    return Observations.of(
        Observation("constant_log_size", np.log10(found), at={"learning_rate": rate})
        for rate, found in zip(rates, size, strict=True)
    )


def _warmup_runs(
    loss: Factorization,
    start: Array,
    rates: list[float],
    steps: int,
    lengths: NDArray[np.int_],
    judged: int,
    accuracy: float,
) -> Observations:
    """Run all rates with all warmups at once, points of shape ``(rates, lengths, 2)``."""
    schedule = partial(linear_warmup, learning_rate=np.array(rates)[:, None, None], warmup_steps=lengths[None, :, None])
    begin = np.broadcast_to(start, (len(rates), len(lengths), 2))
    end = last(scheduled(lambda x, k: loss.gradient(x), begin, schedule, steps), begin)
    distances = np.fmin(np.max(np.abs(np.abs(end) - np.sqrt(loss.target)), axis=-1), CAP)
    observations = []
    for rate, distance, points in zip(rates, distances, end, strict=True):
        at, stable = {"learning_rate": rate}, lengths[distance <= accuracy]
        point = points[lengths == judged][0]
        curvature = _top_eigenvalue(loss, point) if np.all(np.isfinite(point)) else CAP
        observations += [
            Observation("warmup_distance", distance[lengths == judged][0], 0.0, at),
            Observation("curvature_end", curvature, 2.0 * loss.target, at),
            Observation("shortest_stable_warmup", stable[0] if len(stable) else lengths[-1] + 1, at=at),
        ]
    return Observations.of(observations)


def _imbalance(loss: Factorization, start: Array, rate: float, steps: int) -> Observations:
    r"""Compare $D_{k+1}/D_k$, $D = a^2 - b^2$, with $1 - \eta^2 e_k^2$ at every step of a run off the line."""
    path = np.array([start, *iterate(loss.gradient, start, rate, steps)])
    imbalance = path[:, 0] ** 2 - path[:, 1] ** 2
    predicted = 1.0 - (rate * loss.residual(path[:-1])) ** 2
    errors = np.abs(imbalance[1:] / imbalance[:-1] / predicted - 1.0)
    end = _top_eigenvalue(loss, path[-1])
    return Observations.of(
        [
            Observation("drift_identity_error", errors.max(), 0.0),
            Observation("unbalanced_curvature_end", end, float(loss.minimum_curvature(imbalance[-1]))),
        ]
    )


def _drawn_runs(loss: Factorization, start: Array, rate: float, warmup: int, steps: int) -> Observations:
    schedules: dict[str, Schedule] = {
        "constant rate": partial(constant, learning_rate=rate),
        "warmup": partial(linear_warmup, learning_rate=rate, warmup_steps=warmup),
    }
    curves = []
    for series, schedule in schedules.items():
        path = [start, *scheduled(lambda x, k: loss.gradient(x), start, schedule, steps)]
        losses = loss.value(np.array(path))
        shown = np.array([k for k in sample_steps(steps, 61) if 0.0 < losses[k] < CAP])
        curves.append(Curve("loss", series, "measured", shown, losses[shown]))
    rates = linear_warmup(np.arange(1, steps + 1), rate, warmup)
    return Observations.of(curves=[*curves, *_curvature_curves(loss, path, "large", rates)])


def _curvature_curves(loss: Factorization, path: Iterable[Array], series: str, rates: Array) -> list[Curve]:
    """Return the top eigenvalue along a run on the line, its closed form, and the limit $2/\\eta_k$ of every step."""
    points = np.array(list(path))
    shown = sample_steps(len(rates), 31)
    values = [_top_eigenvalue(loss, points[k]) for k in shown]
    steps = np.arange(1, len(rates) + 1)
    return [
        Curve("curvature", series, "measured", shown, values),
        Curve("curvature", series, "predicted", shown, loss.balanced_curvature(points[shown, 0])),
        Curve("curvature", r"$2/\eta_k$", "guide", steps, 2.0 / rates),
    ]
