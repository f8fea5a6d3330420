r"""Whole runs of gradient descent below $2/L$: the loss falls at every step."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.smooth_functions import Loss, SmoothFunction, random_points, smooth_functions
from descent_audit.landscapes.power import Power
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
LEVELS = 4
"""Halvings that one run decides: 15 rates cost little more than one."""
NEGLIGIBLE = 1e-10
r"""A run is watched while $\|\nabla f\|^2/L$ is at least this part of $1 + |f|$; below it rounding would decide."""
CONVERGING, DIVERGED = 0.5, 1e3
"""Distances from the minimum, in units of that of the start, at which a run on a power is decided."""


def strict_decrease_range(
    *,
    functions: list[Literal["quadratic", "log_cosh", "logistic", "huber", "pseudo_huber", "cosine", "cauchy"]],
    dimensions: list[int],
    radii: list[float],
    condition_number: float,
    samples: int,
    starts: int,
    steps: int,
    relative_rates: list[float],
    first_increase_relative_rates: list[float],
    halvings: int,
    quartic_learning_rates: list[float],
    quartic_relative_starts: list[float],
    quartic_steps: int,
    streams: Streams,
) -> Observations:
    r"""Count the steps that do not lower the loss, bisect the least rate with such a step, and drop the global L.

    By the descent lemma there is none for $0 < \eta L < 2$ (Nesterov 2018, section 1.2.3); the least $\eta L$ with one
    is exactly 2 where the curvature L is met along the steps. On $x^4$, which has no global L, the range depends on the
    start: gradient descent converges if and only if $|x_0| < 1/\sqrt{2\eta}$.
    """
    chosen = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    points = [random_points(one, starts, streams.generator(f"starts={one.name}")) for one in chosen]
    report = _increases(chosen, points, relative_rates, steps)
    report += _first_increases(chosen, points, first_increase_relative_rates, steps=steps, halvings=halvings)
    return report + _quartic_starts(
        quartic_learning_rates, quartic_relative_starts, steps=quartic_steps, halvings=halvings
    )


def increases_over_range(
    *,
    functions: list[Literal["quadratic", "log_cosh", "logistic", "huber", "pseudo_huber", "cosine", "cauchy"]],
    dimensions: list[int],
    radii: list[float],
    condition_number: float,
    samples: int,
    starts: int,
    steps: int,
    relative_rates: list[float],
    streams: Streams,
) -> Observations:
    """Count the steps that do not lower the loss at the given rates, and nothing else."""
    chosen = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    points = [random_points(one, starts, streams.generator(f"starts={one.name}")) for one in chosen]
    return _increases(chosen, points, relative_rates, steps)


def loss_increases(loss: Loss, smoothness: float, starts: Array, relative_rates: ArrayLike, steps: int) -> Array:
    r"""Return how many watched steps do not lower the loss, of the shape of ``relative_rates``.

    ``starts`` is of shape ``(starts, d)`` and all of them run at every rate. A run is watched until
    $\|\nabla f(x_k)\|^2/L < 10^{-10}(1 + |f(x_k)|)$, the gradient being the step over the rate. An overflow counts as
    an increase.
    """
    rates = np.asarray(relative_rates, dtype=float)[..., None, None] / smoothness
    x = np.broadcast_to(starts, (*rates.shape[:-2], *starts.shape))
    before = loss.value(x)
    watched, count = np.ones(before.shape, dtype=bool), np.zeros(rates.shape[:-2])
    for after in iterate(loss.gradient, x, rates, steps):
        squared = np.sum((x - after) ** 2, axis=-1) / rates[..., 0] ** 2
        watched &= squared >= smoothness * NEGLIGIBLE * (1.0 + np.abs(before))
        if not watched.any():
            break
        x, reached = after, loss.value(after)
        count += np.count_nonzero(watched & ~(reached < before), axis=-1)
        before = reached
    return count


def stays_away(loss: Loss, starts: Array, learning_rates: Array, steps: int) -> NDArray[np.bool_]:
    """Say which runs do not come to half the distance of their start from the minimum 0 before they are decided.

    Starts and rates are of shape ``(...)``, each a run in one dimension; a run is also decided at a thousand times the
    distance of its start.
    """
    distance = np.ones(starts.shape)
    for x in iterate(loss.gradient, starts[..., None], learning_rates[..., None], steps):
        distance = np.abs(x[..., 0] / starts)
        if not np.any((distance >= CONVERGING) & (distance <= DIVERGED)):
            break
    return ~(distance < CONVERGING)


def _increases(
    functions: list[SmoothFunction], starts: list[Array], relative_rates: list[float], steps: int
) -> Observations:
    observations = []
    for function, points in zip(functions, starts, strict=True):
        counts = loss_increases(function.loss, function.smoothness, points, relative_rates, steps)
        for rate, count in zip(relative_rates, counts.tolist(), strict=True):
            at: dict[str, Scalar] = {"function": function.name, "relative_rate": rate}
            observations.append(Observation("increases_below_two", count, 0.0 if rate < 2 else None, at))
    return Observations.of(observations)


def _first_increases(
    functions: list[SmoothFunction], starts: list[Array], bracket: list[float], *, steps: int, halvings: int
) -> Observations:
    """Bisect the least rate with an increase; it is known in advance where the curvature L is met along the steps."""
    observations, curves = [], []
    for place, (function, points) in enumerate(zip(functions, starts, strict=True)):

        def rises(rates: Array, function: SmoothFunction = function, points: Array = points) -> NDArray[np.bool_]:
            return loss_increases(function.loss, function.smoothness, points, rates, steps) > 0

        rate = float(bisect(rises, *bracket, halvings=halvings, geometric=True, levels=LEVELS)[0])
        predicted = 2.0 if function.locally_quadratic else None
        observations.append(Observation("first_increase_rate", rate, predicted, {"function": function.name}))
        curves.append(Curve("first_increase", "bisected", "measured", [rate], [place]))
    curves.append(Curve("first_increase", r"$\eta L$ = 2", "guide", [2.0, 2.0], [-0.5, len(functions) - 0.5]))
    return Observations.of(observations, curves)


def _quartic_starts(
    learning_rates: list[float], relative_starts: list[float], *, steps: int, halvings: int
) -> Observations:
    r"""Bisect the least start from which a run on $x^4$ does not converge; the bracket is in units of $\eta^{-1/2}$."""
    loss, rates = Power(4.0), np.array(learning_rates)
    low, high = (end / np.sqrt(rates) for end in relative_starts)
    measured = bisect(
        lambda starts: stays_away(loss, starts, np.broadcast_to(rates, starts.shape), steps),
        low,
        high,
        halvings=halvings,
        levels=LEVELS,
    )
    predicted = loss.critical_start(rates)
    line = np.geomspace(rates.min(), rates.max(), 60)
    return Observations.of(
        [
            Observation("quartic_critical_start", value, expected, {"learning_rate": rate})
            for rate, value, expected in zip(learning_rates, measured, predicted, strict=True)
        ],
        [
            Curve("quartic", "largest convergent start", "measured", rates, measured),
            Curve("quartic", "largest convergent start", "predicted", line, loss.critical_start(line)),
        ],
    )
