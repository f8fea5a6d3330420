r"""The velocity of the heavy ball: a weighted sum of past gradients whose weights add up to $1/(1-\beta)$."""

from itertools import cycle
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import states, update_rule
from descent_audit.experiments.iteration_counts import first_within
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]
SIGNS = {"constant": (1.0,), "alternating": (1.0, -1.0)}
"""The signs that the gradient takes in turn."""


def terminal_gain(
    *,
    optimizer: str,
    sign: Literal["constant", "alternating"],
    learning_rate: float,
    gradient: float,
    momentum: list[float],
    steps: int,
    alternating_momentum: list[float],
    alternating_steps: int,
    valley_momentum: list[float],
    valley_relative_rate: float,
    valley_accuracy: float,
    drawn_momentum: float,
    drawn_steps: int,
) -> Observations:
    r"""Measure the velocity in units of the plain step, $-v_t/(\eta g)$, under a gradient of constant size.

    It is $(1 - \beta^t)/(1 - \beta)$ under a constant gradient, its last value the terminal gain, and tends to
    $1/(1 + \beta)$ in size where the gradient is $(-1)^t g$. ``sign`` says which of both is held against the formula
    of the constant one. In a valley of curvature $\mu$, $\eta\mu$ = ``valley_relative_rate``, the number of steps from
    1 to ``valley_accuracy`` is compared with that without momentum.
    """
    beta = np.array(momentum)
    gains = velocity_gains(optimizer, beta, learning_rate, gradient, sign, steps)
    errors = np.abs(gains - constant_gain(beta, np.arange(1, steps + 1))).max(axis=0)
    alternating = np.array(alternating_momentum)
    attenuated = velocity_gains(optimizer, alternating, learning_rate, gradient, "alternating", alternating_steps)
    observations = [
        *(
            Observation("velocity_error", error, 0.0, {"momentum": value, "steps": steps})
            for value, error in zip(momentum, errors, strict=True)
        ),
        *(
            Observation("terminal_gain", abs(gain), expected, {"momentum": value, "steps": steps})
            for value, gain, expected in zip(
                momentum, gains[-1], constant_gain(beta, np.array([steps]))[0], strict=True
            )
        ),
        *(
            Observation("alternating_gain", abs(gain), 1.0 / (1.0 + value), {"momentum": value})
            for value, gain in zip(alternating_momentum, attenuated[-1], strict=True)
        ),
        *_valley_speedups(optimizer, valley_momentum, valley_relative_rate, valley_accuracy),
    ]
    drawn = velocity_gains(optimizer, np.array([drawn_momentum]), learning_rate, gradient, sign, drawn_steps)[:, 0]
    return Observations.of(observations, _drawn_gains(drawn_momentum, drawn))


def constant_average(
    *, optimizer: str, momentum: list[float], learning_rate: float, gradient: float, steps: int
) -> Observations:
    r"""Measure the terminal gain at the rate $\eta$ and at $\eta(1 - \beta)$, with which the velocity is an average.

    A moving average of a constant is that constant: its gain is 1.
    """
    beta = np.array(momentum)
    summed = velocity_gains(optimizer, beta, learning_rate, gradient, "constant", steps)[-1]
    averaged = velocity_gains(optimizer, beta, learning_rate * (1.0 - beta), gradient, "constant", steps)[-1]
    return Observations.of(
        one
        for value, plain, scaled in zip(momentum, summed, averaged * (1.0 - beta), strict=True)
        for one in (
            Observation("gain_of_sum", plain, 1.0 / (1.0 - value), {"momentum": value}),
            Observation("gain_of_average", scaled, 1.0, {"momentum": value}),
        )
    )


def velocity_gains(
    optimizer: str, momentum: Array, learning_rate: ArrayLike, gradient: float, sign: str, steps: int
) -> Array:
    r"""Return $-v_t/(\eta g)$ for t = 1, ..., ``steps`` from rest, of shape ``(steps, momenta)``."""
    forces, rule = cycle(SIGNS[sign]), update_rule(optimizer, momentum=momentum)
    start, rate = np.zeros(len(momentum)), np.asarray(learning_rate, dtype=float)
    path = states(lambda x: np.full_like(x, gradient * next(forces)), start, rate, steps, rule)
    return np.array([velocity for _, velocity in path]) / (-rate * gradient)


def constant_gain(momentum: Array, steps: NDArray[np.int_]) -> Array:
    r"""Return $(1 - \beta^t)/(1 - \beta)$, the sum of the first t weights, of shape ``(steps, momenta)``."""
    return (1.0 - momentum ** steps[:, None]) / (1.0 - momentum)


def _valley_speedups(optimizer: str, momentum: list[float], relative_rate: float, accuracy: float) -> list[Observation]:
    r"""Compare the steps to $|y|, |v| \le \varepsilon$ on $\tfrac12\mu y^2$, from rest at 1, with $\beta = 0$."""
    beta = np.array([0.0, *momentum])
    longest = int(4.0 * np.log(1.0 / accuracy) / relative_rate)
    path = states(lambda y: y, np.ones(len(beta)), relative_rate, longest, update_rule(optimizer, momentum=beta))
    sizes = (np.maximum(np.abs(y), np.abs(velocity))[:, None] for y, velocity in path)
    counts = first_within(sizes, accuracy, (len(beta),))
    return [
        Observation("valley_speedup", counts[0] / count, 1.0 / (1.0 - value), {"momentum": value})
        for value, count in zip(momentum, counts[1:], strict=True)
    ]


def _drawn_gains(momentum: float, gains: Array) -> list[Curve]:
    shown, every = sample_steps(len(gains) - 1, 50), np.arange(1, len(gains) + 1)
    series, limit = rf"$\beta$ = {momentum:g}", 1.0 / (1.0 - momentum)
    return [
        Curve("gain", series, "measured", shown + 1, gains[shown]),
        Curve("gain", series, "predicted", every, constant_gain(np.array([momentum]), every)[:, 0]),
        Curve("gain", r"$1/(1-\beta)$", "guide", every[[0, -1]], [limit, limit]),
    ]
