"""Which constant of smoothness the range of stable rates is about: the smallest one, on what the iterates visit."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.quadratic import Quadratic, geometric_spectrum, random_orthogonal, rotated_hessian
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.landscapes.stiff_tails import StiffTails
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
ROUNDING = 1.0e-12


def smoothness_constants(
    *,
    dimension: int,
    smallest_curvature: float,
    constants: list[float],
    pairs: int,
    multiplications: list[int],
    threshold_steps: int,
    threshold_learning_rates: list[float],
    threshold_halvings: int,
    bound_times: float,
    outer_curvatures: list[float],
    inside_start: float,
    inside_steps: int,
    inside_learning_rates: list[float],
    outside_start: float,
    return_learning_rates: list[float],
    return_halvings: int,
    trace_dimension: int,
    trace_scales: list[float],
    streams: Streams,
) -> Observations:
    r"""Compare admissible constants $\hat L = cL$ of a quadratic with its threshold, and local with global curvature.

    The quadratic has curvatures from 1 to ``smallest_curvature`` in a random basis. The definition
    $\|\nabla f(x) - \nabla f(y)\| \le \hat L\|x - y\|$ is tried on random pairs, their differences multiplied by the
    Hessian so many times. From a unit start with the top component $q$ descent of N steps ends below its start up to
    $\eta^* = (1 + |q|^{-1/N})/L$, so that $\eta^*\hat L = c\,(1 + |q|^{-1/N}) \approx 2c$.
    """
    loss, basis = _quadratic(dimension, smallest_curvature, streams)
    start = streams.generator("start").standard_normal(dimension)
    start /= np.linalg.norm(start)
    ratios = _difference_ratios(loss, streams.generator("pairs").standard_normal((pairs, dimension)), multiplications)
    return (
        _definition(ratios, constants)
        + _thresholds(
            loss,
            start,
            float(start @ basis[:, -1]),
            constants,
            threshold_steps,
            threshold_learning_rates,
            threshold_halvings,
        )
        + _stable_at_bound(loss, start, constants, bound_times, threshold_steps)
        + _local_curvature(outer_curvatures, inside_start, inside_steps, inside_learning_rates, threshold_halvings)
        + _first_return(outer_curvatures, outside_start, return_learning_rates, return_halvings)
        + _traces(trace_dimension, trace_scales)
    )


def overstated_constant(
    *, dimension: int, smallest_curvature: float, constant: float, times: float, steps: int, streams: Streams
) -> Observations:
    r"""Descend at ``times`` $/\hat L$ where $\hat L$ is ``constant`` times L, and count increases of the loss."""
    loss, _ = _quadratic(dimension, smallest_curvature, streams)
    start = streams.generator("start").standard_normal(dimension)
    return _descent(loss, start, times / constant, steps, {"constant": constant}, times)


def unvisited_curvature(
    *, outer_curvatures: list[float], start: float, learning_rate: float, steps: int
) -> Observations:
    """Descend inside the flat part of losses whose smallest constant of smoothness is met outside of it alone."""
    report = Observations()
    for outer in outer_curvatures:
        loss = StiffTails(1.0, outer)
        report += _descent(loss, np.array([start]), learning_rate, steps, {"outer": outer}, learning_rate * outer)
    return report


def _quadratic(dimension: int, smallest_curvature: float, streams: Streams) -> tuple[Quadratic, Array]:
    """Return a quadratic of curvatures up to 1 in a random basis, and that basis, one direction to a column."""
    basis = random_orthogonal(dimension, streams.generator("basis"))
    return Quadratic(rotated_hessian(geometric_spectrum(smallest_curvature, 1.0, dimension), basis)), basis


def _descent(
    loss: Quadratic | StiffTails,
    start: Array,
    rate: float,
    steps: int,
    at: dict[str, float],
    product: float,
) -> Observations:
    path = iterate(loss.gradient, start, rate, steps)
    losses = np.array([float(loss.value(x)) for x in (start, *path)])
    increases = np.count_nonzero(np.diff(losses) > 0.0)
    shown = np.arange(min(steps, 60) + 1)
    visible = losses[shown] > 0.0
    return Observations.of(
        [
            Observation("rate_times_constant", product, at=at),
            Observation("loss_increases", int(increases), 0.0, at),
            Observation("final_loss_ratio", float(losses[-1] / losses[0]), at=at),
        ],
        [Curve("descent", _label(at), "measured", shown[visible], losses[shown][visible] / losses[0])],
    )


def _label(at: dict[str, float]) -> str:
    ((name, value),) = at.items()
    return f"$\\hat L = {value:g}\\,L$" if name == "constant" else f"$b = {value:g}$"


def _difference_ratios(loss: Quadratic, differences: Array, multiplications: list[int]) -> Array:
    r"""Return $\|Hd\|/\|d\|$ for differences ``(pairs, d)`` after so many multiplications by H, one row for each."""
    found, done = [], 0
    for wanted in sorted(multiplications):
        for _ in range(wanted - done):
            differences = loss.gradient(differences)
            differences = differences / np.linalg.norm(differences, axis=-1, keepdims=True)
        done = wanted
        found.append(np.linalg.norm(loss.gradient(differences), axis=-1) / np.linalg.norm(differences, axis=-1))
    return np.stack(found)


def _definition(ratios: Array, constants: list[float]) -> Observations:
    """Report the largest ratio, and how many pairs violate the definition with each constant."""
    return Observations.of(
        [
            Observation("smallest_constant", float(ratios.max()), 1.0),
            *(
                Observation(
                    "definition_violations", int(np.count_nonzero(ratios > constant * (1.0 + ROUNDING))), 0.0,
                    {"constant": constant},
                )
                for constant in constants
            ),
        ]
    )  # fmt: skip


def _thresholds(
    loss: Quadratic, start: Array, top: float, constants: list[float], steps: int, rates: list[float], halvings: int
) -> Observations:
    def beyond(learning_rate: Array) -> NDArray[np.bool_]:
        starts = np.broadcast_to(start, (len(learning_rate), len(start)))
        ends = final(loss.gradient, starts, learning_rate[:, None], steps)
        return ~(np.linalg.norm(ends, axis=-1) <= 1.0)

    (threshold,) = bisect(beyond, *rates, halvings=halvings)
    predicted = 1.0 + abs(top) ** (-1.0 / steps)
    measured = [constant * float(threshold) for constant in constants]
    line = np.geomspace(min(constants), max(constants), 2)
    return Observations.of(
        [
            Observation("threshold_times_constant", value, constant * predicted, {"constant": constant})
            for constant, value in zip(constants, measured, strict=True)
        ],
        [
            Curve("constants", "threshold", "measured", constants, measured),
            Curve("constants", "threshold", "predicted", line, line * predicted),
            Curve("constants", "$2$", "guide", line, np.full(2, 2.0)),
        ],
    )


def _stable_at_bound(loss: Quadratic, start: Array, constants: list[float], times: float, steps: int) -> Observations:
    r"""Report whether runs at $\eta = $ ``times`` $/\hat L$ end below their start, 1 or 0 for each constant."""
    rates = times / np.array(constants)
    ends = final(loss.gradient, np.broadcast_to(start, (len(rates), len(start))), rates[:, None], steps)
    stable = np.linalg.norm(ends, axis=-1) < 1.0
    return Observations.of(
        Observation("stable_at_bound", float(one), 1.0, {"constant": constant})
        for constant, one in zip(constants, stable, strict=True)
    )


def _local_curvature(outer: list[float], start: float, steps: int, rates: list[float], halvings: int) -> Observations:
    """Report up to which rate a run inside the flat part ends no further out than it started."""
    found = _largest_rates(outer, start, steps, rates, halvings)
    return Observations.of(
        [
            one
            for b, value in zip(outer, found, strict=True)
            for one in (
                Observation("inside_threshold", float(value), 2.0, {"outer": b}),
                Observation("inside_threshold_times_L", float(value) * b, 2.0 * b, {"outer": b}),
            )
        ],
        [
            Curve("local", "start inside", "measured", outer, found),
            Curve("local", "start inside", "predicted", outer, np.full(len(outer), 2.0)),
            Curve("local", "$2/L$", "guide", outer, 2.0 / np.array(outer)),
        ],
    )


def _first_return(outer: list[float], start: float, rates: list[float], halvings: int) -> Observations:
    r"""Report up to which rate the first step from outside does not pass the mirrored start, $2x_0/f'(x_0)$."""
    found = _largest_rates(outer, start, 1, rates, halvings)
    predicted = 2.0 * start / (1.0 + np.array(outer) * (start - 1.0))
    return Observations.of(
        [
            Observation("return_threshold", float(value), float(exact), {"outer": b})
            for b, value, exact in zip(outer, found, predicted, strict=True)
        ],
        [
            Curve("local", "start outside", "measured", outer, found),
            Curve("local", "start outside", "predicted", outer, predicted),
        ],
    )


def _largest_rates(outer: list[float], start: float, steps: int, rates: list[float], halvings: int) -> Array:
    """Return, for each curvature beyond 1, up to which rate a run ends no further out than it started."""
    loss, starts = StiffTails(1.0, np.array(outer)[:, None]), np.full((len(outer), 1), start)

    def beyond(learning_rate: Array) -> NDArray[np.bool_]:
        ends = final(loss.gradient, starts, learning_rate[:, None], steps)
        return ~(np.abs(ends[:, 0]) <= start)

    return bisect(beyond, np.full(len(outer), rates[0]), rates[1], halvings=halvings)


def _traces(dimension: int, scales: list[float]) -> Observations:
    r"""Report by how much $\mathrm{tr}\,H$, an admissible constant too, overstates the largest curvature."""
    found = []
    for scale in scales:
        design = SignDesign(dimension, scale, 0.0)
        inputs = design.loss.inputs
        spectrum = np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
        exact = float(np.sum(design.curvatures))
        found.append(Observation("trace_ratio", float(spectrum.sum() / spectrum[-1]), exact, {"scale": scale}))
    return Observations.of(found)
