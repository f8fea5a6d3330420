"""Adam on gradients that repeat: where it ends on an interval, and the averaging constant at which that changes."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer
from descent_audit.experiments.adaptive_rates.adaptive_methods import LABELS, Implementations
from descent_audit.experiments.adaptive_rates.cyclic_gradients import (
    clipped_run,
    critical_second_decay,
    measured_drift,
    period_drift,
    periodic_square,
    smallest_failing_period,
)
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
CELLS = 500
"""Cells a side of the grid on which the share of the knife edge is counted, to better than 1e-4."""
HALVINGS_TOGETHER = 4
"""Halvings that one run decides: fifteen constants per gradient cost little more than one."""


class Cycle(NamedTuple):
    """The sequence of gradients and the methods that follow it over the interval."""

    implementations: Implementations
    first_decay: float
    period: int
    learning_rate: float

    def rule(self, second_decay: Array | float, method: str = "adam") -> Optimizer:
        """Return the update rule of a method; no gradient is zero, and no constant is needed in the denominator."""
        return self.implementations.rule(method, first_decay=self.first_decay, second_decay=second_decay, epsilon=0.0)

    def final_points(self, large: Array, second_decay: Array, steps: int) -> Array:
        """Return where Adam ends for pairs of gradient and constant, of their shape."""
        *_, end = clipped_run(self.rule(second_decay), large, self.period, self.learning_rate, steps, large.shape)
        return end


def cyclic_nonconvergence(
    *,
    methods: list[Literal["adam", "adam_uncorrected", "amsgrad", "gradient_descent"]],
    adam_optimizer: str,
    amsgrad_optimizer: str,
    baseline_optimizer: str,
    first_decay: float,
    learning_rate: float,
    period: int,
    showcase_gradient: float,
    showcase_second_decay: float,
    showcase_steps: int,
    critical_gradients: list[float],
    critical_second_decays: list[float],
    halvings: int,
    burn_in: float,
    trials: int,
    trial_gradients: list[float],
    trial_second_decays: list[float],
    knife_edge: float,
    trial_steps: int,
    drawn_cells: int,
    streams: Streams,
) -> Observations:
    r"""Measure where a run over [-1, 1] from 0 ends on the gradients C, -1, -1, C, ..., whose optimum is -1.

    The rate is $\eta/\sqrt t$. Where v is periodic a period at a constant rate moves Adam with $\beta_1 = 0$ by
    $\eta D$ (``period_drift``): to the wrong end if and only if $D > 0$. The critical $\beta_2$ is bisected on that
    movement of the method itself, between the two ``critical_second_decays``, after ``burn_in``$/(1-\beta_2)$ steps.
    Trials are random pairs of gradient and constant between the ends given; those with $|D|$ below ``knife_edge`` are
    left out and counted. ``methods`` run the showcase alone. Source: Reddi, Kale and Kumar 2018, section 3.
    """
    implementations = Implementations(
        adam=adam_optimizer, amsgrad=amsgrad_optimizer, gradient_descent=baseline_optimizer
    )
    cycle = Cycle(implementations, first_decay, period, learning_rate)
    report = _critical(cycle, np.array(critical_gradients), critical_second_decays, halvings, burn_in)
    for method in methods:
        report += _showcase(cycle, method, showcase_gradient, showcase_second_decay, showcase_steps)
    if "amsgrad" in methods:
        report += _constant_denominators(cycle, showcase_gradient, showcase_second_decay, burn_in)
    report += _trials(cycle, trial_gradients, trial_second_decays, trials, knife_edge, trial_steps, streams)
    if drawn_cells > 1:
        report += _map(cycle, trial_gradients, trial_second_decays, critical_second_decays, drawn_cells, trial_steps)
    return report


def long_periods(
    *,
    adam_optimizer: str,
    first_decay: float,
    second_decays: list[float],
    excess: float,
    longest_period: int,
    burn_in: float,
    learning_rate: float,
    period: int,
    showcase_gradient: float,
    showcase_second_decay: float,
    showcase_steps: int,
) -> Observations:
    r"""Measure the drift of corrected Adam at the smallest period that fails, and one below, for large $\beta_2$.

    C is ``excess`` times $P - 1$, so that the optimum is -1 throughout; the smallest period is that of the formula. The
    run of the showcase, at a small $\beta_2$, ends at the wrong end with the correction at work.
    """
    cycle = Cycle(Implementations(adam=adam_optimizer), first_decay, period, learning_rate)
    observations = []
    for second_decay in second_decays:
        failing = smallest_failing_period(second_decay, excess, longest_period)
        for length, outcome in ((failing - 1, "converges"), (failing, "fails")):
            large = excess * (length - 1)
            drift = measured_drift(cycle.rule(second_decay), large, length, burn_in / (1 - second_decay), (1,))
            predicted = float(period_drift(large, second_decay, length))
            at: dict[str, Scalar] = {"second_decay": second_decay, "period": length, "outcome": outcome}
            observations.append(Observation("period_drift", float(drift[0]), predicted, at))
    showcase = _showcase(cycle, "adam", showcase_gradient, showcase_second_decay, showcase_steps)
    return Observations.of(observations) + showcase


def _showcase(cycle: Cycle, method: str, large: float, second_decay: float, steps: int) -> Observations:
    r"""Report the last point and the average regret $\frac1N\sum_t g_t(x_{t-1} + 1)$, the point taken before its step.

    At the wrong end the regret tends to $2(C - P + 1)/P$. What is drawn are points at the end of a period.
    """
    period, rule = cycle.period, cycle.rule(second_decay, method)
    path = np.concatenate([[0.0], *clipped_run(rule, large, period, cycle.learning_rate, steps, (1,))])
    gradients = np.where(np.arange(1, steps + 1) % period == 1, large, -1.0)
    regret = float(np.mean(gradients * (path[:-1] + 1)))
    shown = period * sample_steps(steps // period, 40, log=True)
    label = LABELS[method] + (rf", $\beta_2$ = {second_decay:g}" if method.startswith("adam") else "")
    return Observations.of(
        [
            Observation("final_point", float(path[-1]), 1.0, {"method": method}),
            Observation("average_regret", regret, 2 * (large - period + 1) / period, {"method": method}),
        ],
        [Curve("path", label, "measured", shown, path[shown])],
    )


def _constant_denominators(cycle: Cycle, large: float, second_decay: float, burn_in: float) -> Observations:
    r"""Report the movement of AMSGrad over a period at the rate 1: $(P - 1 - C)/\sqrt{v_1}$.

    Its denominators rise to the largest of the periodic ones, at the large gradient, and stay there.
    """
    rule = cycle.rule(second_decay, "amsgrad")
    drift = measured_drift(rule, large, cycle.period, burn_in / (1 - second_decay), (1,))
    predicted = (cycle.period - 1 - large) / np.sqrt(periodic_square(large, second_decay, cycle.period))
    return Observations.of([Observation("constant_denominator_drift", float(drift[0]), float(predicted))])


def _critical(cycle: Cycle, large: Array, bracket: list[float], halvings: int, burn_in: float) -> Observations:
    """Bisect the constant for all gradients at once; each waits as long as the slowest of them needs."""

    def drifts_left(second_decay: Array) -> NDArray[np.bool_]:
        waiting, rule = burn_in / (1 - second_decay.max()), cycle.rule(second_decay)
        return ~(measured_drift(rule, large, cycle.period, waiting, second_decay.shape) > 0)

    low, high = np.full_like(large, min(bracket)), np.full_like(large, max(bracket))
    measured = bisect(drifts_left, low, high, halvings=halvings, levels=HALVINGS_TOGETHER)
    predicted = critical_second_decay(large, min(bracket), max(bracket), cycle.period)
    return Observations.of(
        Observation("critical_beta2", float(value), float(root), {"gradient": float(gradient)})
        for gradient, value, root in zip(large, measured, predicted, strict=True)
    )


def _trials(
    cycle: Cycle,
    gradients: list[float],
    second_decays: list[float],
    trials: int,
    knife_edge: float,
    steps: int,
    streams: Streams,
) -> Observations:
    """Report in how many cells the last point has not the sign of the drift, and how many were left out."""
    rng = streams.generator("trials")
    large = rng.uniform(min(gradients), max(gradients), trials)
    second_decay = rng.uniform(min(second_decays), max(second_decays), trials)
    drift = period_drift(large, second_decay, cycle.period)
    kept = np.abs(drift) >= knife_edge
    mismatch = ~(cycle.final_points(large, second_decay, steps) * drift > 0) & kept
    excluded = knife_edge_share(gradients, second_decays, knife_edge, cycle.period)
    return Observations.of(
        [
            Observation("cell_mismatches", int(mismatch.sum()), 0.0, replicates=int(kept.sum())),
            Observation("excluded_cells", int(np.sum(~kept)), trials * excluded, replicates=trials),
        ]
    )


def knife_edge_share(gradients: list[float], second_decays: list[float], knife_edge: float, period: int) -> float:
    r"""Return the probability of $|D|$ below the knife edge for a uniform pair of gradient and constant, on a grid."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    large = min(gradients) + (max(gradients) - min(gradients)) * middles
    second_decay = min(second_decays) + (max(second_decays) - min(second_decays)) * middles
    return float(np.mean(np.abs(period_drift(large[:, None], second_decay, period)) < knife_edge))


def _map(
    cycle: Cycle, gradients: list[float], second_decays: list[float], bracket: list[float], cells: int, steps: int
) -> Observations:
    columns, rows = (np.linspace(min(ends), max(ends), cells) for ends in (gradients, second_decays))
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    every = np.linspace(min(gradients), max(gradients), 100)
    critical = critical_second_decay(every, min(bracket), max(bracket), cycle.period)
    return Observations.of(
        curves=[
            Curve("map", "final point", "measured", x, y, cycle.final_points(x, y, steps)),
            Curve("map", r"critical $\beta_2$", "predicted", every, critical),
        ]
    )
