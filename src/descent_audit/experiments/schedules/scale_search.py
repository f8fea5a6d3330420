"""Backtracking on the full loss: how many steps it takes, whatever the scale of the loss, beside fixed rates."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.backtracking import Armijo
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.landscapes.stiff_tails import StiffTails
from descent_audit.measurement.observations import Curve, Observation, Observations

Array = NDArray[np.float64]
DIVERGED = 1e12
"""A run whose loss is so many times that of its start will not come back, and counts as the longest run."""


class Descent(NamedTuple):
    """Runs to an accuracy: ``steps`` ``(cells,)``, the last points ``(cells, d)``, and the accepted steps of each."""

    steps: NDArray[np.int_]
    ends: Array
    accepted: list[Array]


def full_loss_search(
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
) -> Observations:
    r"""Count steps to an accuracy on a loss that is ``stiffness`` times as curved beyond 1 as near its minimum.

    The loss is multiplied by each of ``scales`` $\Lambda$. Every search begins at ``first_step``; without a trial
    (``longest_search`` 0) that is the step. The bound follows from the descent lemma and strong convexity:
    $\lceil\ln(1/\varepsilon)/(-\ln(1 - 2\mu c\,\alpha_{\min}))\rceil$ with $\alpha_{\min} = 2(1 - c)\tau/L$.
    """
    rule = Armijo(decrease, shrink, longest_search, update_rule(optimizer))
    origin = np.array(start)
    search = _descend(_scaled(curvatures, stiffness, scales), rule, origin, accuracy, longest_run, first_step, None)
    one = _descend(_scaled(curvatures, stiffness, [1.0]), rule, origin, accuracy, longest_run, first_step, "1/L")
    fixed = _descend(
        _scaled(curvatures, stiffness, fixed_scales), rule, origin, accuracy, longest_run, first_step, fixed_rate
    )
    smoothness = stiffness * max(curvatures)
    shortest = float(rule.shortest_step(np.inf, smoothness))
    bound = math.ceil(math.log(1.0 / accuracy) / -math.log1p(-2.0 * min(curvatures) * decrease * shortest))
    units = [steps * scale * smoothness for steps, scale in zip(np.array(search.accepted).T, scales, strict=True)]
    observations = [
        *(
            Observation("search_steps", int(steps), at={"scale": scale})
            for steps, scale in zip(search.steps, scales, strict=True)
        ),
        Observation("step_bound", bound),
        Observation("steps_over_bound", float(search.steps.max()) / bound),
        Observation("fewest_search_steps", int(search.steps.min()), int(search.steps.max())),
        Observation("iterate_difference", float(np.abs(search.ends - search.ends[0]).max()), 0.0),
        Observation("smallest_step", float(np.nanmin(units))),
        Observation("smallest_step_over_bound", float(np.nanmin(units)) / (shortest * smoothness)),
        Observation("largest_step", float(np.nanmax(units))),
        Observation("speedup", float(one.steps[0] / search.steps.max())),
        *(
            Observation("fixed_steps", int(steps), at={"scale": scale})
            for steps, scale in zip(fixed.steps, fixed_scales, strict=True)
        ),
    ]
    path = units[0][np.isfinite(units[0])]
    return Observations.of(
        observations,
        [
            Curve("steps", "backtracking", "measured", scales, search.steps),
            Curve("steps", f"rate {fixed_rate:g}", "measured", fixed_scales, fixed.steps),
            Curve("path", "backtracking", "measured", np.arange(1, len(path) + 1), path),
            Curve("path", "shortest step", "guide", [1, max(len(path), 2)], [shortest * smoothness] * 2),
        ],
    )


def _scaled(curvatures: list[float], stiffness: float, scales: Sequence[float]) -> StiffTails:
    """Return the loss at every scale, a cell each."""
    inner = np.array(curvatures) * np.array(scales)[:, None]
    return StiffTails(inner, stiffness * inner)


def _descend(
    loss: StiffTails,
    rule: Armijo,
    start: Array,
    accuracy: float,
    longest: int,
    first_step: float,
    fixed: float | str | None,
) -> Descent:
    """Descend in every cell until the loss is below ``accuracy`` times the first one, by search or at a fixed rate."""
    cells = np.broadcast_to(np.asarray(loss.inner), (len(np.asarray(loss.inner)), len(start)))
    x = np.tile(start, (len(cells), 1))
    first = loss.value(x)
    steps, running, accepted = np.zeros(len(x), dtype=int), np.ones(len(x), dtype=bool), []
    rate = 1.0 / np.max(np.asarray(loss.outer), axis=-1) if fixed == "1/L" else np.full(len(x), fixed or np.nan)
    while running.any():
        gradient = loss.gradient(x)
        step = rule.search(loss.value, x, gradient, first_step).step if fixed is None else rate
        moved, _ = rule.rule.update(x, gradient, rule.rule.init(x), step[:, None])
        x = np.where(running[:, None], moved, x)
        accepted.append(np.where(running, step, np.nan))
        steps += running
        value = loss.value(x)
        lost = running & ~(value <= DIVERGED * first)
        steps = np.where(lost, longest, steps)
        running = running & ~lost & (value > accuracy * first) & (steps < longest)
    return Descent(steps, x, accepted)
