r"""The descent lemma: an L-smooth loss stays within $\tfrac L2\|y-x\|^2$ of its tangent plane."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final
from descent_audit.experiments.smooth_functions import Loss, SmoothFunction, random_points, smooth_functions
from descent_audit.landscapes.power import Power
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]


def descent_lemma_bound(
    *,
    functions: list[Literal["quadratic", "log_cosh", "logistic", "huber", "pseudo_huber", "cosine", "cauchy"]],
    dimensions: list[int],
    radii: list[float],
    condition_number: float,
    samples: int,
    draws: int,
    displacement_decades: list[float],
    largest_relative_rate: float,
    smoothness_factor: float,
    rounding: float,
    tightness_distance: float,
    equality_smoothness: float,
    equality_start: float,
    equality_relative_rates: list[float],
    equality_points: int,
    drawn_points: int,
    streams: Streams,
) -> Observations:
    r"""Try both inequalities at random points, and whether the constant in them could be smaller.

    $f(y) - f(x) - \nabla f(x)^\top(y - x) \le \tfrac L2\|y - x\|^2$ and, with $y = x - \eta\nabla f(x)$,
    $f(y) - f(x) \le -\eta(1 - \tfrac{L\eta}2)\|\nabla f(x)\|^2$ (Nesterov 2018, section 1.2.2). The audited constant is
    ``smoothness_factor`` times the analytic one; the learning rate is uniform up to ``largest_relative_rate`` over it.
    """
    chosen = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    report = _quadratic_equality(
        equality_smoothness, smoothness_factor, equality_start, equality_relative_rates, equality_points
    )
    for function in chosen:
        audited = smoothness_factor * function.smoothness
        rng = streams.generator(f"draws={function.name}")
        x, y, _ = random_pairs(partial(random_points, function, draws, rng), draws, displacement_decades, rng)
        rates = rng.uniform(0.0, largest_relative_rate, draws) / audited
        report += _excesses(function.loss, audited, x, y, rates, name=function.name, rounding=rounding)
        report += _tightness(function, audited, tightness_distance)
        report += _drawn_decreases(function.loss, audited, x[:drawn_points], rates[:drawn_points], name=function.name)
    return report + _drawn_bounds(report.curves, largest_relative_rate)


def no_global_smoothness(
    *,
    exponent: float,
    smoothness: float,
    radius: float,
    draws: int,
    displacement_decades: list[float],
    largest_relative_rate: float,
    rounding: float,
    streams: Streams,
) -> Observations:
    r"""Try both inequalities on $|x|^p$, $p \ne 2$, whose curvature has no bound, with a constant that holds somewhere.

    The constant is the curvature at the distance $(L/(p(p-1)))^{1/(p-2)}$ from the minimum; beyond it for $p > 2$, and
    nearer than it for $p < 2$, the curvature is larger.
    """
    rng = streams.generator("draws")
    x, y, _ = random_pairs(lambda: radius * rng.standard_normal((draws, 1)), draws, displacement_decades, rng)
    rates = rng.uniform(0.0, largest_relative_rate, draws) / smoothness
    name = f"power_{exponent:g}"
    return _excesses(Power(exponent), smoothness, x, y, rates, name=name, rounding=rounding)


def random_pairs(
    points: Callable[[], Array], draws: int, decades: Sequence[float], rng: Generator
) -> tuple[Array, Array, Array]:
    r"""Return points x, $y = x + 10^u x'$ and the scales $10^u$: x and x' drawn alike, u uniform on ``decades``.

    Points are of shape ``(draws, d)``, scales of ``(draws, 1)``.
    """
    x = points()
    nearest, furthest = decades
    scale = 10.0 ** rng.uniform(nearest, furthest, (draws, 1))
    return x, x + scale * points(), scale


def lemma_excess(loss: Loss, smoothness: float, x: Array, y: Array) -> Array:
    r"""Return $f(y) - f(x) - \nabla f(x)^\top(y - x) - \tfrac L2\|y - x\|^2$ over the size of its terms.

    Points are of shape ``(..., d)``, the result of shape ``(...)``. The size is
    $|f(x)| + |f(y)| + |\nabla f(x)^\top(y - x)| + L\|y - x\|^2$.
    """
    before, after, move = loss.value(x), loss.value(y), y - x
    linear, square = np.sum(loss.gradient(x) * move, axis=-1), np.sum(move * move, axis=-1)
    excess = after - before - linear - 0.5 * smoothness * square
    return excess / (np.abs(before) + np.abs(after) + np.abs(linear) + smoothness * square)


def step_decrease(loss: Loss, smoothness: float, x: Array, rates: Array) -> tuple[Array, Array, Array]:
    r"""Return $f(x) - f(x^+)$, the guaranteed $\eta(1 - \tfrac{L\eta}2)\|\nabla f(x)\|^2$, and the size of both.

    Points are of shape ``(..., d)``, learning rates and results of shape ``(...)``; $x^+$ is one step of gradient
    descent. The size is $|f(x)| + |f(x^+)| + \eta\|\nabla f(x)\|^2$.
    """
    before, after = loss.value(x), loss.value(final(loss.gradient, x, rates[..., None], 1))
    slope = rates * np.sum(loss.gradient(x) ** 2, axis=-1)
    return before - after, (1.0 - 0.5 * smoothness * rates) * slope, np.abs(before) + np.abs(after) + slope


def _excesses(
    loss: Loss, smoothness: float, x: Array, y: Array, rates: Array, *, name: str, rounding: float
) -> Observations:
    actual, guaranteed, size = step_decrease(loss, smoothness, x, rates)
    lemma, step = lemma_excess(loss, smoothness, x, y), (guaranteed - actual) / size
    violations = int(np.count_nonzero(~(lemma <= rounding)) + np.count_nonzero(~(step <= rounding)))
    at = {"function": name}
    return Observations.of(
        [
            Observation("max_relative_excess_lemma", np.max(lemma), 0.0, at),
            Observation("max_relative_excess_step", np.max(step), 0.0, at),
            Observation("violations", violations, 0.0, at),
            Observation("loss_increases", int(np.count_nonzero(~(actual > 0.0))), 0.0, at),
        ]
    )


def _tightness(function: SmoothFunction, smoothness: float, distance: float) -> Observations:
    r"""Return guaranteed over actual decrease of a step $1/L$ where the curvature is largest.

    It is 1 for the least $L$, and $c/(2c - 1)$ for $c$ times that.
    """
    if function.steepest is None:
        return Observations()
    point, direction = function.steepest
    x = point + distance * direction
    actual, guaranteed, _ = step_decrease(function.loss, smoothness, x, np.array(1.0 / smoothness))
    factor = smoothness / function.smoothness
    predicted = float(np.divide(factor, 2.0 * factor - 1.0))
    return Observations.of(
        [Observation("tightness", float(guaranteed / actual), predicted, {"function": function.name})]
    )


def _quadratic_equality(
    smoothness: float, factor: float, start: float, relative_rates: list[float], points: int
) -> Observations:
    r"""Compare both decreases on $\tfrac L2x^2$, where they are equal at every rate, also beyond $2/L$.

    With $cL$ in place of $L$ they differ by $\tfrac12|1 - c|\eta L$ in units of $\eta\|\nabla f\|^2$.
    """
    loss, audited = DiagonalQuadratic(np.array([smoothness])), factor * smoothness
    rates = np.linspace(min(relative_rates), max(relative_rates), points) / audited
    x = np.full((points, 1), start)
    actual, guaranteed, _ = step_decrease(loss, audited, x, rates)
    error = np.max(np.abs(guaranteed - actual) / (rates * np.sum(loss.gradient(x) ** 2, axis=-1)))
    predicted = 0.5 * abs(1.0 / factor - 1.0) * max(relative_rates)
    return Observations.of([Observation("quadratic_equality_error", error, predicted)])


def _drawn_decreases(loss: Loss, smoothness: float, x: Array, rates: Array, *, name: str) -> Observations:
    """Draw both decreases against each other where the loss falls, and their difference everywhere."""
    actual, guaranteed, size = step_decrease(loss, smoothness, x, rates)
    falls, series = actual > 0.0, name.replace("_", " ")
    return Observations.of(
        curves=[
            Curve("decrease", series, "measured", guaranteed[falls], actual[falls]),
            Curve("excess", "all functions", "measured", rates * smoothness, (guaranteed - actual) / size),
        ]
    )


def _drawn_bounds(curves: Sequence[Curve], largest_relative_rate: float) -> Observations:
    """Draw the diagonal on which the guarantee is met exactly, and the excess of zero."""
    decreases = np.concatenate([np.asarray(curve.x) for curve in curves if curve.panel == "decrease"])
    ends = [decreases.min(), decreases.max()]
    return Observations.of(
        curves=[
            Curve("decrease", "guarantee", "guide", ends, ends),
            Curve("excess", "guarantee", "guide", [0.0, largest_relative_rate], [0.0, 0.0]),
        ]
    )
