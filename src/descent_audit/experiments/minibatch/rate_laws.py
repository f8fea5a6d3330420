"""How fast the mean loss of mini-batch descent falls: to a floor, like 1/t, or geometrically."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import batch_gradient
from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.scheduled_runs import scheduled
from descent_audit.dynamics.schedules import constant, inverse_time
from descent_audit.dynamics.trajectories import Optimizer, iterate, snapshots, update_rule
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.statistics import loglog_slope
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally

Array = NDArray[np.float64]
FIT_POINTS = 21
"""Points of a fitted exponent, over the last decade of steps."""
QUIET_STEPS = 2000
"""Steps, at most, of the drawn descent without label noise."""
SMALLEST_DRAWN = 1e-8
"""Losses below are not drawn: geometric falls leave any axis."""


@dataclass(frozen=True, eq=False)
class Descent:
    r"""Mini-batch descent from $\theta = 0$ at rates ``(steps,)``: every mean square begins at $w_k^2 = 1$."""

    design: SignDesign
    rates: Array
    batch_size: int

    @cached_property
    def squares(self) -> Array:
        """Mean squares after 0, 1, ... steps, from the exact recursion, of shape ``(steps + 1, d)``."""
        return self.design.squares_path(self.design.minimizer**2, self.rates, self.batch_size)

    @property
    def excess(self) -> Array:
        """The expected loss above its minimum after 0, 1, ... steps."""
        return self.design.excess(self.squares)

    def draw(self, rule: Optimizer, checkpoints: list[int], rng: Generator, count: int) -> Tally:
        """Draw runs, and sum their excess losses at the checkpoints."""
        loss, samples = self.design.loss, self.design.samples
        start = np.zeros((count, self.design.dimension))

        def gradient(theta: Array, _: int) -> Array:
            return batch_gradient(loss, theta, draw_batches(rng, count, samples, self.batch_size, replacement=False))

        path = scheduled(gradient, start, lambda k: float(self.rates[k - 1]), max(checkpoints), rule)
        displacements = np.stack(snapshots(path, checkpoints), axis=1) - self.design.minimizer
        return tally(count, moments("excess", self.design.excess(displacements**2)))


def noisy_rate_laws(
    *,
    optimizer: str,
    dimension: int,
    smallest_scale: float,
    noise: float,
    batch_size: int,
    learning_rate: float,
    decay_strength: float,
    decay_offset: float,
    decay_steps: int,
    constant_steps: int,
    factor_steps: list[int],
    full_batch_steps: list[int],
    accuracies: list[float],
    checkpoints: list[int],
    runs: int,
    block_size: int,
) -> Sampling:
    r"""Compare the mean loss at a constant rate, at $\eta_t = a/(t_0 + t)$ and of full-batch descent at $1/L$.

    ``decay_strength`` is $a\mu$ and ``decay_offset`` $t_0$. A factor per step is measured between the two steps of
    ``factor_steps`` without label noise, and of ``full_batch_steps``. Accuracies that a run does not reach are left
    out. Raises ``OutOfRange`` for a rate that is not stable in mean square.
    """
    design, rule = SignDesign(dimension, smallest_scale, noise), update_rule(optimizer)
    design.stationary_squares(learning_rate, batch_size)
    if max(checkpoints) > min(decay_steps, constant_steps):
        raise OutOfRange("checkpoints", max(checkpoints), f"at most {min(decay_steps, constant_steps)}, the last step")
    numerator = decay_strength / float(design.curvatures[-1])
    schedules = {
        "constant": constant(np.arange(constant_steps), learning_rate),
        "decaying": inverse_time(np.arange(decay_steps), numerator, decay_offset),
    }
    descents = {name: Descent(design, rates, batch_size) for name, rates in schedules.items()}
    cells = [
        Cell(f"schedule={name}", runs, block_size, partial(one.draw, rule, checkpoints))
        for name, one in descents.items()
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        full = full_batch_excess(design, rule, max(*full_batch_steps, *checkpoints))
        return (
            _mean_excess(descents, checkpoints, tallies)
            + _constant_rate(descents["constant"], learning_rate, factor_steps)
            + _decaying_rate(descents["decaying"], decay_strength, decay_offset)
            + _full_batch(design, full, full_batch_steps)
            + _step_counts(descents, full, learning_rate, accuracies)
            + _drawn(descents, full, accuracies, decay_constant(design, batch_size, decay_strength))
        )

    return Sampling(cells, report)


def decay_constant(design: SignDesign, batch_size: int, decay_strength: float) -> float | None:
    r"""Return the limit of $t\,(E\mathcal L - \mathcal L^*)$ at rates $a/t$, for $a\mu > \frac12$; else there is none.

    $C = \tfrac12\phi\sigma^2\sum_k\frac{(a\lambda_k)^2}{2a\lambda_k - 1}$: with $M_k = c_k/t$ one step of the recursion
    is $c_k(2a\lambda_k - 1) = a^2\phi\sigma^2\lambda_k$ to leading order.
    """
    strengths = decay_strength * design.curvatures / design.curvatures[-1]
    if strengths[-1] <= 0.5:
        return None
    share = design.batch_share(batch_size)
    return 0.5 * share * design.noise**2 * float(np.sum(strengths**2 / (2.0 * strengths - 1.0)))


def noise_free_factor(design: SignDesign, learning_rate: float, batch_size: int) -> float:
    """Return the factor per step at which the mean loss falls without label noise: a spectral radius."""
    return float(np.abs(np.linalg.eigvalsh(design.contraction(learning_rate, batch_size))).max())


def full_batch_excess(design: SignDesign, rule: Optimizer, steps: int) -> Array:
    r"""Return the excess loss of full-batch descent from $\theta = 0$ at $1/L$, after 0, 1, ..., ``steps`` steps.

    The full gradient is $He$ whatever the labels' noise: the run is in $e$, whose digits rounding leaves alone.
    """
    displaced = LeastSquares(design.loss.inputs, np.zeros(design.samples))
    start = -design.minimizer
    path = np.array([start, *iterate(displaced.gradient, start, 1.0 / design.loss.smoothness, steps, rule)])
    return design.excess(path**2)


def steps_to(excess: Array, accuracies: list[float]) -> dict[float, int]:
    """Return the first step at which the excess is at most each accuracy, of those that the run reaches.

    Accuracies that hold at the start, at step 0, are no steps to compare and are left out too.
    """
    first = {accuracy: int(np.argmax(excess <= accuracy)) for accuracy in accuracies}
    return {accuracy: step for accuracy, step in first.items() if step > 0}


def factor_per_step(values: Array, steps: list[int]) -> float:
    """Return the mean factor per step between two steps of a geometric fall."""
    first, last = steps
    return float((values[last] / values[first]) ** (1.0 / (last - first)))


def _mean_excess(
    descents: Mapping[str, Descent], checkpoints: list[int], tallies: Mapping[str, Tally]
) -> Observations:
    """Report mean losses over the runs; where the batch is all samples they are certain."""
    observations, curves = [], []
    for name, one in descents.items():
        found, certain = tallies[f"schedule={name}"], one.batch_size == one.design.samples
        means, errors, expected = found.mean("excess"), found.standard_error("excess"), one.excess[checkpoints]
        for step, mean, error, formula in zip(checkpoints, means, errors, expected, strict=True):
            at, sampled = {"schedule": name, "step": step}, None if certain else float(error)
            observations.append(
                Observation("mean_excess", float(mean), float(formula), at, sampled, replicates=found.replicates)
            )
        around = mean_interval(found, "excess").where(not certain)
        curves.append(Curve("excess", f"{name} rate", "measured", checkpoints, means).within(around))
    return Observations.of(observations, curves)


def _constant_rate(one: Descent, learning_rate: float, factor_steps: list[int]) -> Observations:
    """Report where the mean loss stays, and at which factor it falls where the labels have no noise."""
    design, batch_size = one.design, one.batch_size
    floor = float(design.excess(design.stationary_squares(learning_rate, batch_size)))
    rates = np.full(max(factor_steps), learning_rate)
    factor = factor_per_step(Descent(replace(design, noise=0.0), rates, batch_size).excess, factor_steps)
    return Observations.of(
        [
            Observation("constant_floor", float(one.excess[-1]), floor),
            Observation("interpolating_factor", factor, noise_free_factor(design, learning_rate, batch_size)),
        ]
    )


def _decaying_rate(one: Descent, strength: float, offset: float) -> Observations:
    r"""Report the constant and the exponents of the last decade of steps.

    With noise the loss falls like $t^{-\min(1, 2a\mu)}$, without noise like $t^{-2a\mu}$, and so does $M_d$.
    """
    steps, shift = len(one.rates), offset
    shown = np.unique(np.rint(np.geomspace(steps / 10, steps, FIT_POINTS)).astype(int))
    noisy = one.design.noise > 0.0 and one.batch_size < one.design.samples
    exponent = -min(1.0, 2.0 * strength) if noisy else -2.0 * strength
    slope, flat = (loglog_slope(shown + shift, values[shown]) for values in (one.excess, one.squares[:, -1]))
    limit = decay_constant(one.design, one.batch_size, strength)
    return Observations.of(
        [
            Observation("decay_constant", (steps + shift) * float(one.excess[-1]), limit),
            Observation("decay_exponent", slope, exponent),
            Observation("flat_exponent", flat, exponent),
        ]
    )


def _full_batch(design: SignDesign, full: Array, steps: list[int]) -> Observations:
    factor = (1.0 - float(design.curvatures[-1]) / design.loss.smoothness) ** 2
    return Observations.of([Observation("full_batch_factor", factor_per_step(full, steps), factor)])


def _step_counts(
    descents: Mapping[str, Descent], full: Array, learning_rate: float, accuracies: list[float]
) -> Observations:
    """Report steps to an accuracy over those of full-batch descent, and the work, counted in sample gradients."""
    observations, base = [], steps_to(full, accuracies)
    for name, one in descents.items():
        limit = geometric_step_ratio(one.design, learning_rate, one.batch_size) if name == "constant" else None
        for accuracy, count in steps_to(one.excess, list(base)).items():
            at, ratio = {"schedule": name, "accuracy": accuracy}, count / base[accuracy]
            work = ratio * one.batch_size / one.design.samples
            observations += [Observation("step_ratio", ratio, limit, at), Observation("work_ratio", work, at=at)]
    return Observations.of(observations)


def geometric_step_ratio(design: SignDesign, learning_rate: float, batch_size: int) -> float | None:
    r"""Return $2\ln(1 - \mu/L)/\ln q$, steps over those of full-batch descent where both fall geometrically.

    With noise at the minimum the mean loss does not, and there is no such ratio.
    """
    if design.noise > 0.0 and batch_size < design.samples:
        return None
    factor = noise_free_factor(design, learning_rate, batch_size)
    return 2.0 * math.log(1.0 - float(design.curvatures[-1]) / design.loss.smoothness) / math.log(factor)


def _drawn(descents: Mapping[str, Descent], full: Array, accuracies: list[float], limit: float | None) -> Observations:
    """Draw expected losses against the step, and what they would be without noise of labels or of batches."""
    one, decaying = descents["constant"], descents["decaying"]
    quiet = Descent(replace(one.design, noise=0.0), one.rates[:QUIET_STEPS], one.batch_size).excess
    factors = np.cumprod((1.0 - decaying.rates[:, None] * one.design.curvatures) ** 2, axis=0)
    whole = one.design.excess(np.vstack([np.ones(one.design.dimension), factors]))
    drawn = {
        "constant rate": one.excess,
        "decaying rate": decaying.excess,
        "constant rate, labels without noise": quiet,
        "decaying rate, all samples": whole,
        "full batch at $1/L$": full,
    }
    curves = [_falling(series, excess) for series, excess in drawn.items()]
    counts = {series: steps_to(excess, accuracies) for series, excess in drawn.items()}
    curves += [Curve("steps", series, "measured", list(own), list(own.values())) for series, own in counts.items()]
    if limit:
        late = sample_steps(len(decaying.rates), log=True)
        curves.append(Curve("excess", "$C/t$", "guide", late, limit / late))
    return Observations.of(curves=curves)


def _falling(series: str, excess: Array) -> Curve:
    shown = sample_steps(len(excess) - 1, log=True)
    shown = shown[excess[shown] > SMALLEST_DRAWN]
    return Curve("excess", series, "predicted", shown, excess[shown])
