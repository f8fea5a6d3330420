r"""Losses with linear tails, on which gradient descent beyond $2/L$ stays bounded and need not raise the loss."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.huber import Huber
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]


def descent_into_cycle(*, start: float, learning_rate: float, descent_steps: int, further_steps: int) -> Observations:
    r"""Follow $\log\cosh x$ from far out until the two-cycle around the minimum has settled.

    From $|x| > \eta$ a step shortens the distance, and from within $\eta$ no step leaves the interval: for
    $|x_0| \ge \eta$ no iterate exceeds the start, although the rate lies beyond $2/L = 2$.
    """
    loss, first = LogCosh(), np.array([start])
    path = np.array([first, *iterate(loss.gradient, first, learning_rate, descent_steps + further_steps)])
    after = final(loss.gradient, path[-1], learning_rate, 1)
    losses = loss.value(path) / loss.value(first)
    at = {"learning_rate": learning_rate, "start": start}
    shown = sample_steps(descent_steps + further_steps, 40, log=True)
    return Observations.of(
        [
            Observation("largest_distance_ratio", np.max(np.abs(path)) / abs(start), 1.0, at),
            Observation("loss_ratio", losses[descent_steps], at={**at, "steps": descent_steps}),
            Observation("final_distance", abs(path[-1, 0]), at=at),
            Observation("period_two_residual", abs(path[-1, 0] + after[0]), 0.0, at),
        ],
        [Curve("loss", "log cosh", "measured", shown, losses[shown])],
    )


def bounded_from_everywhere(
    *, largest_start: float, starts: int, learning_rate: float, steps: int, unbounded_distance: float
) -> Observations:
    r"""Start $\log\cosh x$ from a grid on both sides and report the largest final distance in units of $\eta$.

    A step from outside $(-\eta, \eta)$ shortens the distance by $\eta\tanh|x|$, and no step leaves the interval: it
    attracts every start, whatever the rate.
    """
    grid = np.linspace(-largest_start, largest_start, starts)
    end = np.abs(final(LogCosh().gradient, grid, learning_rate, steps))
    at = {"learning_rate": learning_rate, "starts": starts}
    return Observations.of(
        [
            Observation("largest_distance_over_rate", min(np.max(end), unbounded_distance) / learning_rate, at=at),
            Observation("diverged", int(np.count_nonzero(~(end <= unbounded_distance))), 0.0, at),
        ]
    )


def neutral_cycles(*, starts: list[float], learning_rate: float, steps: int) -> Observations:
    r"""Start the Huber loss on its linear tails, where a step of length $\eta$ leads to the other tail and back.

    Every start with $1 < |x_0| < \eta - 1$ lies on a cycle of period two: an even number of steps returns to it.
    """
    loss, first = Huber(), np.array(starts)
    path = np.array([first, *iterate(loss.gradient, first, learning_rate, steps)])
    losses = loss.value(path[..., None]) / loss.value(first[..., None])
    shown = sample_steps(steps, 40, log=True)
    observations = [
        Observation("return_distance", distance, 0.0, {"learning_rate": learning_rate, "start": start, "steps": steps})
        for start, distance in zip(starts, np.abs(path[-1] - first), strict=True)
    ]
    return Observations.of(observations, [Curve("loss", "Huber", "measured", shown, losses[shown, -1])])
