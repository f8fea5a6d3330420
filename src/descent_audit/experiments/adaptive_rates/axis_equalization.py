"""Ill-conditioning along the axes, which adaptive rates do not see, and off the axes, where they do."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, iterate, states
from descent_audit.experiments.adaptive_rates.adaptive_methods import LABELS, Implementations
from descent_audit.experiments.iteration_counts import first_within
from descent_audit.landscapes.quadratic import DiagonalQuadratic, Quadratic, plane_rotation, rotated_hessian
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
Count = NDArray[np.int64]
AVERAGES = {"gradient_descent": 0, "rmsprop": 1, "adam": 2}
"""Running averages that a method keeps: the order in which the condition number counts less and less."""


def axis_equalization(
    *,
    methods: list[Literal["adam", "rmsprop", "gradient_descent"]],
    adam_optimizer: str,
    rmsprop_optimizer: str,
    baseline_optimizer: str,
    first_decay: float,
    second_decay: float,
    epsilon: float,
    learning_rate: float,
    baseline_learning_rate: float,
    gap_condition_numbers: list[float],
    gap_steps: int,
    condition_numbers: list[float],
    degrees: list[float],
    accuracy: float,
    longest_steps: int,
    fitted_from_condition_number: float,
) -> Observations:
    r"""Count steps to $\|x\| \le \varepsilon\|x_0\|$ on a plane quadratic of curvatures 1 and $1/\kappa$, turned.

    Along the axes each coordinate runs by itself, and without $\epsilon$ its curvature cancels: all coordinates
    that start equal stay equal, whatever $\kappa$. Off the axes they are coupled. Gradient descent, the baseline, does
    not notice the angle. ``methods`` are those whose counts at angle 0 are compared over condition numbers.
    """
    implementations = Implementations(
        adam=adam_optimizer, rmsprop=rmsprop_optimizer, gradient_descent=baseline_optimizer
    )
    kappa, angles = np.array(condition_numbers), np.array(degrees)
    report = Observations()
    counts: dict[str, Count] = {}
    for method in dict.fromkeys([*methods, "gradient_descent"]):
        rule = implementations.rule(method, first_decay=first_decay, second_decay=second_decay, epsilon=epsilon)
        rate = baseline_learning_rate if method == "gradient_descent" else learning_rate
        if method in methods:
            report += _coordinate_gap(method, rule, rate, np.array(gap_condition_numbers), gap_steps)
        counts[method] = iteration_counts(rule, rate, kappa, angles, accuracy, longest_steps)
    report += _counted(counts, kappa, angles) + _drawn(counts, kappa, angles)
    for method in methods:
        report += _spread(method, counts[method], kappa, angles)
    return (
        report
        + _baseline(
            counts["gradient_descent"],
            kappa,
            baseline_iterations(baseline_learning_rate, kappa, accuracy, longest_steps),
        )
        + _exponents(counts, kappa, angles, kappa >= fitted_from_condition_number)
    )


def rotated_counts(
    *,
    methods: list[Literal["adam", "rmsprop"]],
    adam_optimizer: str,
    rmsprop_optimizer: str,
    first_decay: float,
    second_decay: float,
    epsilon: float,
    learning_rate: float,
    condition_numbers: list[float],
    degrees: float,
    accuracy: float,
    longest_steps: int,
) -> Observations:
    r"""Count the steps of adaptive methods at one angle between eigenvectors and axes.

    ``rate_ratio`` is the smallest ratio along a run of the rate of one parameter to that of the other, $\eta/\sqrt v$.
    """
    implementations = Implementations(adam=adam_optimizer, rmsprop=rmsprop_optimizer)
    kappa, angles = np.array(condition_numbers), np.array([degrees])
    counts: dict[str, Count] = {}
    ratios = Observations()
    for method in methods:
        rule = implementations.rule(method, first_decay=first_decay, second_decay=second_decay, epsilon=epsilon)
        counts[method] = iteration_counts(rule, learning_rate, kappa, angles, accuracy, longest_steps)
        ratios += _rate_ratios(method, rule, learning_rate, kappa, degrees, counts[method][:, 0])
    return _counted(counts, kappa, angles) + ratios


def iteration_counts(
    rule: Optimizer, learning_rate: float, kappa: Array, degrees: Array, accuracy: float, longest: int
) -> Count:
    """Return the steps to the accuracy, of shape ``(condition numbers, angles)``; all cells are one run.

    The start is the sum of both eigenvectors. A cell that does not get there counts ``longest + 1``.
    """
    turns = [plane_rotation(math.radians(angle)) for angle in degrees]
    hessians = np.stack([[rotated_hessian(np.array([1.0, 1 / value]), turn) for turn in turns] for value in kappa])
    start = np.broadcast_to(np.stack([turn @ np.ones(2) for turn in turns]), (len(kappa), len(degrees), 2))
    loss = Quadratic(hessians)
    path = iterate(loss.gradient, start[..., None, :], learning_rate, longest, rule)
    return first_within((x[..., 0, :] for x in path), accuracy * math.sqrt(2), (len(kappa), len(degrees)))


def _rate_ratios(
    method: str, rule: Optimizer, learning_rate: float, kappa: Array, degrees: float, counts: Count
) -> Observations:
    """Report how far the rates of both parameters are apart at most, until each run has come near enough."""
    turn = plane_rotation(math.radians(degrees))
    loss = Quadratic(np.stack([rotated_hessian(np.array([1.0, 1 / value]), turn) for value in kappa]))
    start = np.broadcast_to(turn @ np.ones(2), (len(kappa), 1, 2))
    smallest = np.ones(len(kappa))
    for step, (_, state) in enumerate(states(loss.gradient, start, learning_rate, int(counts.max()), rule), 1):
        roots = np.sqrt(getattr(state, "square", state)[:, 0])
        ratio = roots.min(axis=-1) / roots.max(axis=-1)
        smallest = np.where(step <= counts, np.minimum(smallest, ratio), smallest)
    return Observations.of(
        Observation("rate_ratio", float(ratio), at={"method": method, "condition_number": float(value)})
        for value, ratio in zip(kappa, smallest, strict=True)
    )


def baseline_iterations(learning_rate: float, kappa: Array, accuracy: float, longest: int) -> Count:
    r"""Return the steps of gradient descent to the accuracy in closed form, of shape ``(condition numbers,)``.

    The first t with $(1-\eta)^{2t} + (1-\eta/\kappa)^{2t} \le 2\varepsilon^2$, at any angle.
    """
    t = np.arange(longest + 1.0)[:, None]
    within = np.hypot((1 - learning_rate) ** t, (1 - learning_rate / kappa) ** t) <= accuracy * math.sqrt(2)
    return np.where(within.any(axis=0), within.argmax(axis=0), longest + 1)


def _coordinate_gap(method: str, rule: Optimizer, rate: float, kappa: Array, steps: int) -> Observations:
    loss = DiagonalQuadratic(np.stack([np.ones_like(kappa), 1 / kappa], axis=-1))
    gap = np.zeros(len(kappa))
    for x in iterate(loss.gradient, np.ones((len(kappa), 2)), rate, steps, rule):
        gap = np.maximum(gap, np.abs(x[:, 0] - x[:, 1]))
    return Observations.of(
        Observation("coordinate_gap", float(value), 0.0, {"method": method, "condition_number": float(at)})
        for at, value in zip(kappa, gap, strict=True)
    )


def _counted(counts: dict[str, Count], kappa: Array, degrees: Array) -> Observations:
    return Observations.of(
        Observation(
            "iterations",
            int(count),
            at={"method": method, "condition_number": float(value), "degrees": float(angle)},
        )
        for method, cells in counts.items()
        for value, row in zip(kappa, cells, strict=True)
        for angle, count in zip(degrees, row, strict=True)
    )


def _spread(method: str, counts: Count, kappa: Array, degrees: Array) -> Observations:
    """Report how far counts along the axes differ, and how the largest angle slows the worst-conditioned problem."""
    along, off, worst = int(degrees.argmin()), int(degrees.argmax()), int(kappa.argmax())
    slowdown = counts[worst, off] / counts[worst, along]
    at: dict[str, Scalar] = {"method": method, "condition_number": float(kappa[worst]), "degrees": float(degrees[off])}
    return Observations.of(
        [
            Observation("iteration_spread", int(np.ptp(counts[:, along])), 0.0, {"method": method}),
            Observation("rotation_slowdown", float(slowdown), at=at),
        ]
    )


def _baseline(counts: Count, kappa: Array, expected: Count) -> Observations:
    """Report how far the counts of gradient descent differ over angles, and the largest of them."""
    cells = [
        ({"condition_number": float(value)}, row, int(exact))
        for value, row, exact in zip(kappa, counts, expected, strict=True)
    ]
    return Observations.of(
        [
            *(Observation("baseline_angle_spread", int(np.ptp(row)), 0.0, at) for at, row, _ in cells),
            *(Observation("baseline_iterations", int(row.max()), exact, at) for at, row, exact in cells),
        ]
    )


def _exponents(counts: dict[str, Count], kappa: Array, degrees: Array, fitted: NDArray[np.bool_]) -> Observations:
    off = int(degrees.argmax())
    return Observations.of(
        Observation(
            "exponent_at_45",
            loglog_slope(kappa[fitted], cells[fitted, off]),
            at={"method": method, "averages": AVERAGES[method], "degrees": float(degrees[off])},
        )
        for method, cells in counts.items()
    )


def _drawn(counts: dict[str, Count], kappa: Array, degrees: Array) -> Observations:
    """Draw a panel per adaptive method, a curve per angle, and the baseline with a guide of slope 1 in each."""
    baseline, curves = counts["gradient_descent"][:, int(degrees.argmin())], []
    ends = np.array([kappa.min(), kappa.max()])
    for method in (name for name in counts if name != "gradient_descent"):
        curves += [
            Curve(method, f"{angle:g}°", "measured", kappa, row)
            for angle, row in zip(degrees, counts[method].T, strict=True)
        ]
        curves += [
            Curve(method, LABELS["gradient_descent"], "measured", kappa, baseline),
            Curve(method, "slope 1", "guide", ends, baseline.max() * ends / ends[-1]),
        ]
    return Observations.of(curves=curves)
