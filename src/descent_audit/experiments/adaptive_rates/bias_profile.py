r"""The start of Adam's averages: too small by $1-\beta^t$ under a constant gradient, and what that does to steps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import SingleSteps, scheduled
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]
DRAWN = 4
"""Pairs of averaging constants that are drawn, from the first on."""


class Profile(NamedTuple):
    r"""What two runs without a point show, each of shape ``(steps, pairs)``.

    ``corrected`` and ``uncorrected`` are steps over the learning rate, ``first`` is $\hat m_t$, ``second`` $\hat v_t$.
    """

    corrected: Array
    uncorrected: Array
    first: Array
    second: Array


def bias_profile(
    *,
    adam_optimizer: str,
    gradient: float,
    gradient_decay: float,
    learning_rate: float,
    decays: list[list[float]],
    dominant_epsilon: float,
    settled_within: float,
    steps: int,
) -> Observations:
    r"""Measure Adam's steps and averages under the gradients $g_t = g\,r^{t-1}$, which are constant for $r = 1$.

    Then $m_t = (1-\beta_1^t)g$ and $v_t = (1-\beta_2^t)g^2$: the correction makes $\hat m_t = g$, $\hat v_t = g^2$ and
    every step $\eta$; without it the step is $\eta R(t)$, $R(t) = (1-\beta_1^t)/\sqrt{1-\beta_2^t}$. ``decays`` lists
    pairs $(\beta_1, \beta_2)$. The settling step is the last at which $R$ is further than ``settled_within`` from 1
    (Kingma and Ba 2015, section 3).
    """
    pairs = np.array(decays)
    t = np.arange(1, steps + 1)[:, None]
    gradients: Array = gradient * np.power(gradient_decay, t - 1.0)
    profile = _measured(adam_optimizer, pairs, gradients, learning_rate, dominant_epsilon)
    formula = step_ratio(t, pairs)
    return (
        _errors(profile, pairs, gradients, formula, gradient_decay)
        + _landmarks(profile.uncorrected / profile.corrected, formula, pairs, settled_within)
        + _drawn(profile.uncorrected / profile.corrected, pairs)
    )


def sparse_gradient(
    *,
    adam_optimizer: str,
    silent_steps: int,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    epsilon: float,
    drawn_steps: int,
) -> Observations:
    r"""Measure the corrected steps after gradients of zero, a single one, and zeros again.

    j steps after it, at $t = n + j$, $|x_t - x_{t-1}| = \eta\,\frac{(1-\beta_1)\beta_1^j/(1-\beta_1^t)}
    {\sqrt{(1-\beta_2)\beta_2^j/(1-\beta_2^t)}}$: after a long silence the correction has nothing left to correct
    (Kingma and Ba 2015, section 2.1).
    """
    rule = update_rule(
        adam_optimizer, first_decay=first_decay, second_decay=second_decay, epsilon=epsilon, bias_correction=True
    )
    path = scheduled(
        lambda x, t: np.full_like(x, t == silent_steps + 1),
        np.zeros(1),
        lambda _: learning_rate,
        silent_steps + 1 + drawn_steps,
        SingleSteps(rule),
    )
    measured = np.abs(np.concatenate(list(path)))[silent_steps:] / learning_rate
    later = np.arange(drawn_steps + 1.0)
    t = silent_steps + 1 + later
    mean = (1 - first_decay) * first_decay**later / (1 - first_decay**t)
    square = (1 - second_decay) * second_decay**later / (1 - second_decay**t)
    predicted = mean / np.sqrt(square)
    return Observations.of(
        [Observation("sparse_step_ratio", measured[0], predicted[0], {"silent_steps": silent_steps})],
        [
            Curve("sparse", "Adam", "measured", later, measured),
            Curve("sparse", "Adam", "predicted", later, predicted),
            Curve("sparse", r"$\eta$", "guide", [0, drawn_steps], [1.0, 1.0]),
        ],
    )


def step_ratio(t: Array | NDArray[np.int64], decays: Array) -> Array:
    r"""Return $R(t) = (1-\beta_1^t)/\sqrt{1-\beta_2^t}$ for t of shape ``(steps, 1)`` and pairs ``(pairs, 2)``."""
    first, second = decays.T
    return (1 - first**t) / np.sqrt(1 - second**t)


def lag(decay: Array, ratio: float, steps: int) -> Array:
    r"""Return $\hat m_t/g_t - 1$ under $g_t = g\,r^{t-1}$, of shape ``(steps, decays)``; ``ratio`` is r.

    $\frac{1-\beta}{1-\beta^t}\sum_{j<t}\bigl((\beta/r)^j - \beta^j\bigr)$, which vanishes for $r = 1$.
    """
    j = np.arange(steps)[:, None]
    return (1 - decay) * np.cumsum((decay / ratio) ** j - decay**j, axis=0) / (1 - decay ** (j + 1))


def _measured(
    optimizer: str, decays: Array, gradients: Array, learning_rate: float, dominant_epsilon: float
) -> Profile:
    r"""Read the steps off runs at $\epsilon = 0$, and the averages off one more, from outside.

    Where $\epsilon$ dwarfs $\sqrt{\hat v}$ and the rate is $\epsilon$, the step is $\hat m$ itself; the step at
    $\epsilon = 0$, which is $\eta\,\hat m/\sqrt{\hat v}$, then gives $\hat v$.
    """
    first, second = decays.T
    epsilon, rate = np.array([[0.0], [dominant_epsilon]]), np.array([[learning_rate], [dominant_epsilon]])

    def steps_of(correction: bool, epsilon: Array, rate: Array) -> Array:
        rule = update_rule(
            optimizer, first_decay=first, second_decay=second, epsilon=epsilon, bias_correction=correction
        )
        start = np.zeros((len(epsilon), len(decays)))
        path = scheduled(
            lambda x, t: np.full_like(x, gradients[t - 1, 0]), start, lambda _: rate, len(gradients), SingleSteps(rule)
        )
        return -np.stack(list(path))

    uncorrected = steps_of(False, epsilon[:1], rate[:1])[:, 0] / learning_rate
    corrected, mean = np.moveaxis(steps_of(True, epsilon, rate), 1, 0)
    return Profile(corrected / learning_rate, uncorrected, mean, (learning_rate * mean / corrected) ** 2)


def _errors(profile: Profile, decays: Array, gradients: Array, formula: Array, ratio: float) -> Observations:
    """Report by how much averages and steps miss what they are for a constant gradient, against their exact lag."""
    corrected, uncorrected = np.abs(profile.corrected - 1), np.abs(profile.uncorrected / formula - 1)
    first, second = np.abs(profile.first / gradients - 1), np.abs(profile.second / gradients**2 - 1)
    lags = lag(decays[:, 0], ratio, len(gradients)), lag(decays[:, 1], ratio**2, len(gradients))
    first_lag, second_lag = (np.abs(late).max(axis=0) for late in lags)
    step_lag = np.abs((1 + lags[0]) / np.sqrt(1 + lags[1]) - 1).max(axis=0)
    observations = []
    for index, (first_decay, second_decay) in enumerate(decays.tolist()):
        at = {"first_decay": first_decay, "second_decay": second_decay}
        observations += [
            Observation("profile_error", float(error[:, index].max()), step_lag[index], {**at, "step": step})
            for step, error in (("corrected", corrected), ("uncorrected", uncorrected))
        ]
        observations += [
            Observation("moment_error", float(error[:, index].max()), late[index], {**at, "average": average})
            for average, error, late in (("first", first, first_lag), ("second", second, second_lag))
        ]
    return Observations.of(observations)


def _landmarks(measured: Array, formula: Array, decays: Array, within: float) -> Observations:
    """Report peak, settling step and extra distance of the measured ratio, each against the same of the formula.

    With equal constants the ratio rises to 1 without a peak, and where it is largest is a matter of rounding.
    """
    observations = []
    for ratio, exact, (first_decay, second_decay) in zip(measured.T, formula.T, decays.tolist(), strict=True):
        at = {"first_decay": first_decay, "second_decay": second_decay}
        observations += [
            Observation("peak_ratio", float(ratio.max()), float(exact.max()), at),
            Observation("settling_step", _settled(ratio, within), _settled(exact, within), at),
            Observation("extra_distance", float(np.sum(ratio - 1)), float(np.sum(exact - 1)), at),
        ]
        if second_decay > first_decay:
            observations.append(Observation("peak_step", int(ratio.argmax()) + 1, int(exact.argmax()) + 1, at))
    return Observations.of(observations)


def _settled(ratio: Array, within: float) -> int:
    """Return the last step at which the ratio is further than ``within`` from 1, counted from 1; 0 for none."""
    outside = np.flatnonzero(np.abs(ratio - 1) > within)
    return int(outside[-1]) + 1 if len(outside) else 0


def _drawn(measured: Array, decays: Array) -> Observations:
    last = len(measured)
    shown, every = sample_steps(last, 40, log=True), sample_steps(last, 150, log=True)
    curves = [Curve("ratio", "corrected", "guide", [1, last], [1.0, 1.0])]
    for index, (first, second) in enumerate(decays[:DRAWN].tolist()):
        series = rf"$\beta_1$ = {first:g}, $\beta_2$ = {second:g}"
        formula = step_ratio(every[:, None], decays[index : index + 1])[:, 0]
        curves += [
            Curve("ratio", series, "measured", shown, measured[shown - 1, index]),
            Curve("ratio", series, "predicted", every, formula),
        ]
    return Observations.of(curves=curves)
