r"""Iterations to a fixed accuracy grow in proportion to the condition number: the steepest direction caps the rate."""

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.experiments.iteration_counts import first_within
from descent_audit.landscapes.quadratic import (
    DiagonalQuadratic,
    Quadratic,
    geometric_spectrum,
    random_orthogonal,
    rotated_hessian,
)
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.optimizers.heavy_ball import HeavyBall
from descent_audit.optimizers.preconditioned_descent import PreconditionedDescent

Array = NDArray[np.float64]
Count = NDArray[np.int64]
Formula = Callable[[Array], Array]
SMOOTHNESS = 1.0
PANEL = "iterations"


class Rule(NamedTuple):
    r"""A choice of the learning rate: its label, and $\eta(\kappa)$ at $L = 1$, $\mu = 1/\kappa$."""

    label: str
    learning_rate: Formula


RULES = {
    "inverse_smoothness": Rule(r"$\eta = 1/L$", np.ones_like),
    "optimal": Rule(r"$\eta = 2/(L+\mu)$", lambda kappa: 2 / (1 + 1 / kappa)),
}


def descent_rate(
    *,
    condition_numbers: list[float],
    rules: list[Literal["inverse_smoothness", "optimal"]],
    start: list[float],
    accuracy: float,
    fitted_from_condition_number: float,
    dense_condition_numbers: list[float],
    dense_dimension: int,
    dense_steps_per_condition_number: int,
    streams: Streams,
) -> Observations:
    r"""Count the steps until $\|x_k\| \le \varepsilon\|x_0\|$ at $1/L$ and at $2/(L+\mu)$, curvatures $1, 1/\kappa$.

    A component of curvature $\lambda$ is multiplied by $1-\eta\lambda$ per step. At $1/L$ the stiff one is gone
    after the first step and the flat one, $c$ of the start, takes $\ln(c/\varepsilon)/(-\ln(1-1/\kappa))$ steps; at
    $2/(L+\mu)$ both are multiplied by $\pm\rho$, $\rho = (\kappa-1)/(\kappa+1)$: $\ln(1/\varepsilon)/(-\ln\rho)$ steps
    (Nesterov 2018, section 2.1). Rounded up, and at least one.
    """
    kappa, x0 = np.array(condition_numbers), np.array(start)
    loss = DiagonalQuadratic(SMOOTHNESS * np.stack([np.ones_like(kappa), 1 / kappa], axis=-1))
    rates = np.stack([RULES[rule].learning_rate(kappa) for rule in rules])[..., None] / SMOOTHNESS
    starts = np.broadcast_to(x0, (*rates.shape[:2], 2))
    target = accuracy * float(np.linalg.norm(x0))
    counts = first_within(iterate(loss.gradient, starts, rates, _longest(kappa, accuracy)), target, starts.shape[:2])
    predicted = np.stack([predicted_iterations(kappa, rule, start, accuracy) for rule in rules])
    return (
        _counted(kappa, rules, counts, predicted)
        + _exponents(kappa, rules, counts, kappa >= fitted_from_condition_number)
        + _contractions(loss, starts, rates, kappa, rules)
        + _dense_rates(dense_condition_numbers, dense_dimension, dense_steps_per_condition_number, streams)
        + _drawn_counts(loss, kappa, x0, target, rules, counts)
        + _drawn_predictions(kappa, rules, start, accuracy)
    )


def predicted_iterations(kappa: Array, rule: str, start: list[float], accuracy: float) -> Array:
    r"""Return the number of steps in closed form, of the shape of $\kappa$.

    The small amount taken off before rounding up keeps a whole number whole.
    """
    flat_share = abs(start[1]) / math.hypot(*start)
    share, contraction = {
        "inverse_smoothness": (flat_share, 1 - 1 / kappa),
        "optimal": (1.0, (kappa - 1) / (kappa + 1)),
    }[rule]
    with np.errstate(divide="ignore"):
        steps = np.log(max(share / accuracy, 1.0)) / -np.log(contraction)
    return np.maximum(1.0, np.ceil(steps - 1e-9))


def small_loss_in_flat_directions(
    *, condition_numbers: list[float], stiff_directions: int, accuracy: float, steps: int
) -> Observations:
    r"""Count the steps at $1/L$ until the loss falls below a share of its start, one direction in many being flat.

    From $x_0 = (1, \dots, 1)$ the $m$ stiff directions hold $m$ of the $m + 1/\kappa$ parts of the loss, and the
    first step removes them.
    """
    observations = []
    for condition_number in condition_numbers:
        loss = DiagonalQuadratic(np.array([1.0] * stiff_directions + [1 / condition_number]))
        start = np.ones(stiff_directions + 1)
        path = iterate(loss.gradient, start, 1 / SMOOTHNESS, steps)
        size = (np.sqrt(loss.value(x))[None] for x in path)
        count = first_within(size, math.sqrt(accuracy * float(loss.value(start))), ())
        observations.append(Observation("loss_iterations", int(count), 1.0, {"condition_number": condition_number}))
    return Observations.of(observations)


def equal_contraction(*, condition_numbers: list[float], steps: int) -> Observations:
    r"""Measure how much faster than the flat coordinate the stiff one contracts at $2/(L+\mu)$: not at all.

    $|1 - \eta L| = |1 - \eta\mu| = \rho$; reported is the ratio of both mean factors per step.
    """
    observations = []
    for condition_number in condition_numbers:
        loss = DiagonalQuadratic(np.array([1.0, 1 / condition_number]))
        end = np.abs(final(loss.gradient, np.ones(2), 2 / (1 + 1 / condition_number), steps))
        ratio = (end[0] / end[1]) ** (1 / steps)
        observations.append(Observation("stiff_over_flat_factor", ratio, 1.0, {"condition_number": condition_number}))
    return Observations.of(observations)


def _longest(kappa: Array, accuracy: float) -> int:
    return 10 + math.ceil(2 * kappa.max() * math.log(1 / accuracy))


def _counted(kappa: Array, rules: Sequence[str], counts: Count, predicted: Array) -> Observations:
    return Observations.of(
        Observation("iterations", int(count), float(formula), {"condition_number": float(value), "rule": rule})
        for rule, row, formulas in zip(rules, counts, predicted, strict=True)
        for value, count, formula in zip(kappa, row, formulas, strict=True)
    )


def _exponents(kappa: Array, rules: Sequence[str], counts: Count, fitted: NDArray[np.bool_]) -> Observations:
    if fitted.sum() < 2:
        return Observations()
    slopes = {rule: loglog_slope(kappa[fitted], row[fitted]) for rule, row in zip(rules, counts, strict=True)}
    observations = []
    if "inverse_smoothness" in slopes:
        observations.append(Observation("exponent_inverse_L", slopes["inverse_smoothness"], 1.0))
    if "optimal" in slopes:
        observations.append(Observation("exponent_optimal", slopes["optimal"], 1.0))
    return Observations.of(observations)


def _contractions(
    loss: DiagonalQuadratic, starts: Array, rates: Array, kappa: Array, rules: Sequence[str]
) -> Observations:
    r"""Compare $|x_{1,j}/x_{0,j}|$ with $|1-\eta\lambda_j|$ where the start has that component."""
    after = np.abs(final(loss.gradient, starts, rates, 1))
    factors = np.abs(1 - rates * loss.curvatures)
    return Observations.of(
        Observation(
            "stiff_flat_contraction",
            after[i, j, axis] / abs(starts[i, j, axis]),
            factors[i, j, axis],
            {"condition_number": float(value), "coordinate": coordinate, "rule": rule},
        )
        for i, rule in enumerate(rules)
        for j, value in enumerate(kappa)
        for axis, coordinate in enumerate(("stiff", "flat"))
        if starts[i, j, axis] != 0
    )


def _dense_rates(condition_numbers: list[float], dimension: int, length: int, streams: Streams) -> Observations:
    r"""Measure the factor of $\|x\|$ per step over the last quarter of a run in a rotated basis; it tends to $\rho$."""
    observations = []
    for condition_number in condition_numbers:
        rng = streams.generator(f"dense condition_number={condition_number:g}")
        spectrum = geometric_spectrum(1 / condition_number, 1.0, dimension)
        loss = Quadratic(rotated_hessian(spectrum, random_orthogonal(dimension, rng)))
        rate, steps = 2 / (1 + 1 / condition_number), math.ceil(length * condition_number)
        window = steps // 4
        before = final(loss.gradient, rng.standard_normal(dimension), rate, steps - window)
        after = final(loss.gradient, before, rate, window)
        factor = math.exp(math.log(np.linalg.norm(after) / np.linalg.norm(before)) / window)
        limit = (condition_number - 1) / (condition_number + 1)
        observations.append(Observation("asymptotic_rate", factor, limit, {"condition_number": condition_number}))
    return Observations.of(observations)


def _drawn_counts(
    loss: DiagonalQuadratic, kappa: Array, x0: Array, target: float, rules: Sequence[str], counts: Count
) -> Observations:
    """Draw the counted steps, next to those of heavy ball at its best tuning and of the inverse Hessian."""
    starts, root = np.broadcast_to(x0, (len(kappa), 2)), np.sqrt(kappa)
    rate, momentum = (4 / (1 + 1 / root) ** 2)[:, None], (((root - 1) / (root + 1)) ** 2)[:, None]
    longest = 100 + math.ceil(60 * root.max())
    heavy = iterate(loss.gradient, starts, rate / SMOOTHNESS, longest, HeavyBall(momentum))
    inverse = PreconditionedDescent(lambda gradient: gradient / loss.curvatures)
    ideal = iterate(loss.gradient, starts, 1.0, 10, inverse)
    return Observations.of(
        curves=[
            *(Curve(PANEL, RULES[rule].label, "measured", kappa, row) for rule, row in zip(rules, counts, strict=True)),
            Curve(PANEL, "heavy ball", "measured", kappa, first_within(heavy, target, kappa.shape)),
            Curve(PANEL, "preconditioned", "measured", kappa, first_within(ideal, target, kappa.shape)),
        ]
    )


def _drawn_predictions(kappa: Array, rules: Sequence[str], start: list[float], accuracy: float) -> Observations:
    grid = np.geomspace(max(kappa.min(), 1.5), max(kappa.max(), 10.0), 100)
    scale = math.log(1 / accuracy)
    return Observations.of(
        curves=[
            *(
                Curve(PANEL, RULES[rule].label, "predicted", grid, predicted_iterations(grid, rule, start, accuracy))
                for rule in rules
            ),
            *(
                Curve(PANEL, label, "guide", grid[[0, -1]], factor * grid[[0, -1]] ** slope)
                for label, slope, factor in (
                    ("slope 1", 1.0, 2 * scale),
                    ("slope ½", 0.5, scale),
                    ("slope 0", 0.0, 1.5),
                )
            ),
        ]
    )
