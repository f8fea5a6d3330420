"""Backtracking on the losses of samples: where one line fits them all, and on noisy labels, beside a schedule."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.backtracking import Armijo
from descent_audit.dynamics.minibatch_descent import batch_gradient
from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.schedules.scale_search import full_loss_search
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, moments, positive_mean_interval, tally
from descent_audit.theory.least_squares_moments import (
    iterated_losses,
    sample_step_map,
    scaled_regression,
    scheduled_losses,
    second_moment_map,
    stationary_loss,
)
from descent_audit.theory.mean_square_stability import sample_contraction

Array = NDArray[np.float64]


DRAWN = 1e-9
"""Mean losses below this are not drawn."""


def search_and_samples(
    *,
    optimizer: str,
    curvatures: list[float],
    stiffness: float,
    scales: list[float],
    start: list[float],
    accuracy: float,
    decrease: float,
    shrink: float,
    first_step: float,
    longest_search: int,
    longest_run: int,
    fixed_rate: float,
    fixed_scales: list[float],
    samples: int,
    dimension: int,
    smallest_scale: float,
    sample_decrease: float,
    sample_first_step: float,
    sample_search: int,
    early_step: int,
    runs: int,
    late_step: int,
    late_runs: int,
    window: list[int],
    block_size: int,
) -> Sampling:
    """Run both parts of the claim: backtracking on the full loss, and on single samples that one line fits.

    The parameters of the first are those of ``full_loss_search``; those of the second are named for samples.
    """
    full = partial(
        full_loss_search,
        optimizer=optimizer,
        curvatures=curvatures,
        stiffness=stiffness,
        scales=scales,
        start=start,
        accuracy=accuracy,
        decrease=decrease,
        shrink=shrink,
        first_step=first_step,
        longest_search=longest_search,
        longest_run=longest_run,
        fixed_rate=fixed_rate,
        fixed_scales=fixed_scales,
    )
    loss = scaled_regression(samples, dimension, smallest_scale, 0.0)
    rule = Armijo(sample_decrease, shrink, sample_search, update_rule(optimizer))
    cells = [
        Cell("early", runs, block_size, partial(_searched, loss, rule, sample_first_step, [early_step], 1)),
        Cell("late", late_runs, block_size, partial(_searched, loss, rule, sample_first_step, [late_step], 1)),
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        alpha = accepted_steps(loss, rule, sample_first_step)
        exact = _excess(loss, alpha, max(*window, late_step))
        first, last = window
        late = Observation("interpolating_late", float(tallies["late"].largest["excess"].max()), replicates=late_runs)
        rate = (exact[last] / exact[first]) ** (1.0 / (last - first))
        found = [Observation("interpolating_rate", float(rate), sample_contraction(loss, alpha)), late]
        return full() + _compared(tallies["early"], exact, [early_step], "one fit") + Observations.of(found)

    return Sampling(cells, report)


def noisy_samples(
    *,
    optimizer: str,
    samples: int,
    dimension: int,
    smallest_scale: float,
    noise: float,
    decrease: float,
    shrink: float,
    first_step: float,
    longest_search: int,
    checkpoint_steps: list[int],
    runs: int,
    block_size: int,
    batch_sizes: list[int],
    batch_runs: int,
    constant_rate: float,
    schedule_offset: float,
    schedule_steps: int,
    drawn_points: int,
) -> Sampling:
    r"""Search on the loss of one sample at a time where no line fits all labels, against a decaying schedule.

    The accepted step $\alpha_i$ depends on the sample alone, so that the second moment obeys a linear recursion, whose
    fixed point is the floor. The schedule is $\eta_t = a/(ba + t)$ with $a = 1/\lambda_{\min}$ and b
    ``schedule_offset``. Batches of other sizes are run and reported only.
    """
    if not noise > 0.0:
        raise OutOfRange("noise", noise, "above 0: without it there is no floor")
    loss, rule = (
        scaled_regression(samples, dimension, smallest_scale, noise),
        Armijo(decrease, shrink, longest_search, update_rule(optimizer)),
    )
    checkpoints = sorted(checkpoint_steps)
    cells = [Cell("one sample", runs, block_size, partial(_searched, loss, rule, first_step, checkpoints, 1))]
    cells += [
        Cell(
            f"batches of {size}",
            batch_runs,
            block_size,
            partial(_searched, loss, rule, first_step, checkpoints[-1:], size),
        )
        for size in batch_sizes
    ]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        alpha = accepted_steps(loss, rule, first_step)
        exact = _excess(loss, alpha, checkpoints[-1])
        lowest = float(loss.value(loss.minimizer))
        floor = stationary_loss(loss, sample_step_map(loss, alpha))
        hessian = loss.inputs.T @ loss.inputs / len(loss.inputs)
        scale = 1.0 / float(np.linalg.eigvalsh(hessian)[0])
        schedule = (
            scheduled_losses(loss, np.zeros(dimension), lambda t: scale / (schedule_offset * scale + t), schedule_steps)
            - lowest
        )
        found = [
            Observation("excess_floor", floor),
            Observation("floor_over_lowest", floor / lowest),
            Observation("floor_over_schedule", floor / float(schedule[-1])),
            Observation("constant_rate_floor", stationary_loss(loss, second_moment_map(loss, constant_rate, 1))),
            *(
                Observation(
                    "batch_excess", float(one.mean("excess")[-1]), at={"batch_size": size}, replicates=one.replicates
                )
                for size, one in ((size, tallies[f"batches of {size}"]) for size in batch_sizes)
            ),
        ]
        steps = sample_steps(schedule_steps, drawn_points, log=True)
        curves = [
            Curve("excess", "schedule", "predicted", steps, schedule[steps]),
            Curve("excess", "floor of the search", "guide", [1, schedule_steps], [floor, floor]),
        ]
        return _compared(tallies["one sample"], exact, checkpoints, "noisy labels") + Observations.of(found, curves)

    return Sampling(cells, report)


def accepted_steps(loss: LeastSquares, rule: Armijo, first_step: float) -> Array:
    r"""Return the step $\alpha_i$ that is accepted on each sample, whatever the point, of shape ``(n,)``.

    Along its gradient $\ell_i$ is a parabola of curvature $\|x_i\|^2$.
    """
    trials = np.maximum(np.ceil(rule.trial_bound(first_step * np.sum(loss.inputs**2, axis=1))), 0.0)
    return np.asarray(first_step * rule.shrink**trials)


def _excess(loss: LeastSquares, alpha: Array, steps: int) -> Array:
    """Return the expected loss above the minimum after 0, 1, ..., ``steps`` steps of the search from the origin."""
    losses = iterated_losses(loss, np.zeros(loss.inputs.shape[1]), sample_step_map(loss, alpha), range(steps + 1))
    return losses - float(loss.value(loss.minimizer))


def _searched(
    loss: LeastSquares,
    rule: Armijo,
    first_step: float,
    checkpoints: Sequence[int],
    size: int,
    rng: Generator,
    count: int,
) -> Tally:
    """Search on the loss of a batch at every step from the origin; sum the excess of the full loss at checkpoints."""
    theta, lowest, shown = np.zeros((count, loss.inputs.shape[1])), float(loss.value(loss.minimizer)), []
    for step in range(1, checkpoints[-1] + 1):
        batch = draw_batches(rng, count, len(loss.targets), size, replacement=size == 1)
        inputs, targets = loss.inputs[batch], loss.targets[batch]

        def value(at: Array, inputs: Array = inputs, targets: Array = targets) -> Array:
            residual = np.einsum("...md,...d->...m", inputs, at) - targets
            return np.asarray(0.5 * np.mean(residual * residual, axis=-1))

        gradient = batch_gradient(loss, theta, batch)
        found = rule.search(value, theta, gradient, first_step)
        theta, _ = rule.rule.update(theta, gradient, rule.rule.init(theta), found.step[:, None])
        if step in checkpoints:
            shown.append(loss.value(theta) - lowest)
    excess = np.stack(shown, axis=-1)
    return tally(count, moments("excess", excess), {"excess": excess.max(axis=0)})


def _compared(found: Tally, exact: Array, checkpoints: Sequence[int], series: str) -> Observations:
    mean, error = found.mean("excess"), found.standard_error("excess")
    steps = np.flatnonzero(exact > DRAWN)[1:]
    return Observations.of(
        [
            Observation("mean_excess", mean[k], exact[step], {"step": step}, float(error[k]), found.replicates)
            for k, step in enumerate(checkpoints)
        ],
        [
            Curve("excess", series, "measured", checkpoints, mean).within(positive_mean_interval(found, "excess")),
            Curve("excess", series, "predicted", steps, exact[steps]),
        ],
    )
