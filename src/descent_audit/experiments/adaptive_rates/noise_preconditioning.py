r"""What RMSProp and Adam precondition by: the root of the second moment of the gradient, not the curvature."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import batch_gradient
from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.trajectories import Optimizer, states, update_rule
from descent_audit.experiments.adaptive_rates.rule_responses import RULES, hyperparameters, rule_name
from descent_audit.landscapes.quadratic import (
    DiagonalQuadratic,
    geometric_spectrum,
)
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.theory.adaptive_stationarity import effective_condition, stationary_root
from descent_audit.theory.sign_design_moments import variance_factor

Array = NDArray[np.float64]
NoisyGradient = Callable[[Generator, Array], Array]
"""The gradient ``(runs, d)`` at points ``(runs, d)``, with noise that is drawn anew."""


def batch_noise(
    *,
    optimizers: list[str],
    dimension: int,
    smallest_scale: float,
    noise: float,
    batch_size: int,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    steps: int,
    runs: int,
    block_size: int,
) -> Sampling:
    r"""Average the mean square v of each rule over the second half of runs on batches of a regression.

    The samples are those of ``SignDesign``. At its minimum the gradient of a batch has variances
    $\phi\sigma^2\lambda_j$, so that $\sqrt v$ grows like the root of the curvature. Runs start at the minimum, with v
    at these variances and no $\epsilon$.
    """
    design = SignDesign(dimension, smallest_scale, noise)
    check_batch_sizes("batch_size", [batch_size], design.samples)
    if not (noise > 0.0 and batch_size < design.samples):
        raise OutOfRange("batch_size", batch_size, f"below {design.samples}, and noise above 0: v would vanish")

    def gradient(rng: Generator, theta: Array) -> Array:
        batches = draw_batches(rng, len(theta), design.samples, batch_size, replacement=False)
        return batch_gradient(design.loss, theta, batches)

    deviations = np.sqrt(variance_factor(design.samples, batch_size) * noise**2 * design.curvatures)
    return _sampling(
        [_settled(name, first_decay, second_decay) for name in optimizers],
        gradient,
        design.minimizer,
        design.curvatures,
        deviations,
        0.5,
        "batches of a regression",
        learning_rate,
        steps,
        (runs, block_size),
    )


def power_noise(
    *,
    optimizers: list[str],
    dimension: int,
    condition_number: float,
    noise: float,
    power: float,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    steps: int,
    runs: int,
    block_size: int,
) -> Sampling:
    r"""The same on a diagonal quadratic whose gradient has Gaussian noise of deviation $\sigma\lambda_j^{p/2}$."""
    curvatures = geometric_spectrum(1.0, 1.0 / condition_number, dimension)
    deviations = noise * curvatures ** (0.5 * power)
    loss = DiagonalQuadratic(curvatures)

    def gradient(rng: Generator, x: Array) -> Array:
        return loss.gradient(x) + deviations * rng.standard_normal(x.shape)

    return _sampling(
        [_settled(name, first_decay, second_decay) for name in optimizers],
        gradient,
        np.zeros(dimension),
        curvatures,
        deviations,
        0.5 * power,
        f"noise variance $\\lambda^{power:g}$",
        learning_rate,
        steps,
        (runs, block_size),
    )


def _settled(name: str, first_decay: float, second_decay: float) -> tuple[str, Optimizer]:
    """Return the label of a rule and the rule as it is after many steps: there is nothing left to correct."""
    if name not in RULES:
        raise OutOfRange("optimizers", name, ", ".join(RULES))
    constants = hyperparameters(name, first_decay, second_decay)
    return rule_name(name), update_rule(name, **{**constants, **({"bias_correction": False} if "Adam" in name else {})})


def _sampling(
    rules: list[tuple[str, Optimizer]],
    gradient: NoisyGradient,
    minimum: Array,
    curvatures: Array,
    deviations: Array,
    slope: float,
    label: str,
    learning_rate: float,
    steps: int,
    sizes: tuple[int, int],
) -> Sampling:
    """Return the runs of every rule from the minimum, and the report of what its mean square says of the curvature."""
    cells = [
        Cell(
            name,
            *sizes,
            partial(_mean_square, rule, gradient, minimum, curvatures, deviations**2, learning_rate, steps),
        )
        for name, rule in rules
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        closed, found = stationary_root(curvatures, deviations, learning_rate), Observations()
        for name, _ in rules:
            one = tallies[name]
            found += _compared(name, np.sqrt(one.mean("square")), closed, curvatures, slope, one.replicates)
            found += _drawn(f"{name}, {label}", one, curvatures, closed, slope)
        return found

    return Sampling(cells, report)


def _mean_square(
    rule: Optimizer,
    gradient: NoisyGradient,
    minimum: Array,
    curvatures: Array,
    square: Array,
    learning_rate: float,
    steps: int,
    rng: Generator,
    count: int,
) -> Tally:
    """Run a rule from the minimum and sum the mean of its mean square over the second half of each run.

    Beside it the logarithm of the condition number that each run leaves.
    """
    start, half = np.tile(minimum, (count, 1)), steps // 2
    state = rule.init(start)
    settled = np.tile(square, (count, 1))
    state = state._replace(square=settled) if hasattr(state, "square") else settled
    path = states(partial(gradient, rng), start, learning_rate, steps, rule, state)
    total = np.zeros_like(start)
    for step, (_, after) in enumerate(path, 1):
        if step > half:
            total += getattr(after, "square", after)
    mean = total / (steps - half)
    scaled = np.log(curvatures / np.sqrt(mean))
    return tally(count, moments("square", mean) | moments("left", scaled.max(axis=-1) - scaled.min(axis=-1)))


def _compared(name: str, roots: Array, closed: Array, curvatures: Array, slope: float, runs: int) -> Observations:
    condition = float(curvatures.max() / curvatures.min())
    left, expected = effective_condition(curvatures, roots), effective_condition(curvatures, closed)
    at: dict[str, Scalar] = {"rule": name}
    error, gain = float(np.max(np.abs(roots / closed - 1.0))), condition / left
    return Observations.of(
        [
            Observation("moment_exponent", loglog_slope(curvatures, roots), slope, at, replicates=runs),
            Observation("root_error", error, 0.0, at, replicates=runs),
            Observation("effective_condition", left, expected, at, replicates=runs),
            Observation("condition_gain", gain, condition / expected, at, replicates=runs),
        ]
    )


def _drawn(label: str, found: Tally, curvatures: Array, closed: Array, slope: float) -> Observations:
    mean = found.mean("square")
    within = mean_interval(found, "square").through(np.sqrt)
    powers = np.linspace(0.0, 2.0, 41)
    condition = float(curvatures.max() / curvatures.min())
    left = mean_interval(found, "left").through(np.exp)
    return Observations.of(
        curves=[
            Curve("roots", label, "measured", curvatures, np.sqrt(mean)).within(within),
            Curve("roots", label, "predicted", curvatures, closed),
            Curve("left", label, "measured", [2.0 * slope], [np.exp(found.mean("left"))]).within(left),
            Curve("left", r"$\kappa^{1 - p/2}$", "guide", powers, condition ** (1.0 - 0.5 * powers)),
        ]
    )
