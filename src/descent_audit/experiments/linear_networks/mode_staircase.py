"""Singular modes of a two-layer linear network, learned one after another from a small balanced start."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate, update_rule
from descent_audit.landscapes.quadratic import random_orthogonal
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import (
    LinearNetwork,
    LinearTraining,
    balanced_start,
    singular_values,
)

Array = NDArray[np.float64]


def singular_mode_staircase(
    *,
    optimizer: str,
    strengths: list[float],
    start_products: list[float],
    learning_rate: float,
    steps: int,
    drawn_points: int,
    streams: Streams,
) -> Observations:
    r"""Measure when the product $u_i = w_i v_i$ of each mode $\tfrac12(w_i v_i - s_i)^2$ passes half its strength.

    From $w_i = v_i = \sqrt{u_0}$ continuous time gives a sigmoid, and the half time $\tau_i$; a finite rate moves it to
    $\tau_i(1 + \tfrac12\eta s_i) - \tfrac34\eta\ln(2(1 - u_0/s_i))$, to first order. The same modes run as the
    singular values of a full network $A\,\mathrm{diag}(s)B^\top$. Source: Saxe, McClelland and Ganguli (2014).
    """
    target, begin = np.array(strengths), np.array(start_products)
    modes = np.array([begin, *mode_products(optimizer, target, begin, learning_rate, steps)])
    times = np.arange(steps + 1, dtype=float) * learning_rate
    halves = np.array([crossing_time(times, u, s / 2) for u, s in zip(modes.T, target, strict=True)])
    predicted = half_times(target, begin, learning_rate)
    errors = np.max(np.abs(modes - sigmoid(times[:, None], target, begin)), axis=0) / target
    observations = []
    for index, strength in enumerate(target):
        at = {"strength": strength}
        observations += [
            Observation("half_time", halves[index], predicted[index], at),
            Observation("curve_error", errors[index], 0.0, at),
            Observation("curve_error_over_rate", errors[index] / (learning_rate * strength), at=at),
        ]
    ordered = bool(np.all(np.diff(halves[np.argsort(-target)]) > 0))
    full = embedded_products(optimizer, target, begin, learning_rate, steps, streams)
    deviation = max(float(np.abs(np.sort(u)[::-1] - sigma).max()) for u, sigma in zip(modes[1:], full, strict=True))
    observations += [
        Observation("order_correct", float(ordered), 1.0),
        Observation("embedded_deviation", deviation, 0.0),
    ]
    return Observations.of(observations, _curves(times, modes, target, begin, drawn_points))


def sigmoid(times: Array, strength: Array, begin: Array) -> Array:
    r"""Return $u(\tau) = s / (1 + (s/u_0 - 1)e^{-2s\tau})$, the solution of $\dot u = 2u(s - u)$, for $u_0 < s$."""
    return strength / (1.0 + (strength / begin - 1.0) * np.exp(-2.0 * strength * times))


def half_times(strength: Array, begin: Array, learning_rate: float) -> Array:
    r"""Return the time at which $u = s/2$, $\tau = \ln(s/u_0 - 1)/2s$, corrected for steps of finite length.

    To first order in $\eta$ gradient descent follows $\dot u = 2u(s - u)[1 - \tfrac12\eta s + \tfrac32\eta u]$; the
    bracket adds $\tfrac12\eta s\tau - \tfrac32\eta\int_{u_0}^{s/2}du/2(s - u)$ to the time.
    """
    continuous = np.log(strength / begin - 1.0) / (2.0 * strength)
    shift = np.log(2.0 * (1.0 - begin / strength))
    return continuous * (1.0 + 0.5 * learning_rate * strength) - 0.75 * learning_rate * shift


def crossing_time(times: Array, values: Array, level: float) -> float:
    """Return when ``values`` first reach ``level``, interpolated between samples; the last time where they never do."""
    reached = values >= level
    if not reached.any():
        return float(times[-1])
    after = int(np.argmax(reached))
    if after == 0:
        return float(times[0])
    share = (level - values[after - 1]) / (values[after] - values[after - 1])
    return float(times[after - 1] + share * (times[after] - times[after - 1]))


def mode_products(optimizer: str, strength: Array, begin: Array, rate: float, steps: int) -> Iterable[Array]:
    """Yield the product of every mode after each step, of shape ``(modes,)``: networks of one neuron per layer."""
    network = LinearNetwork((1, 1, 1))
    training = LinearTraining(network, np.ones((1, 1)), strength[:, None, None])
    start = balanced_start(begin[:, None], np.ones((1, 1)), np.ones((1, 1)))
    for weights in iterate(training.gradient, start, rate, steps, update_rule(optimizer)):
        yield network.product(weights)[:, 0, 0]


def embedded_products(
    optimizer: str, strength: Array, begin: Array, rate: float, steps: int, streams: Streams
) -> Iterable[Array]:
    r"""Yield the singular values of $W_2W_1$ after each step, in descending order, of shape ``(modes,)``.

    The target is $M = A\,\mathrm{diag}(s)B^\top$ with random orthogonal $A$, $B$ and inputs $X = \sqrt m\,Q$, so that
    the loss is $\tfrac12\|W_2W_1 - M\|_F^2$.
    """
    size = len(strength)
    left, right, basis = random_orthogonal(size, streams.generator("bases"), (3,))
    inputs = np.sqrt(size) * basis
    network = LinearNetwork((size, size, size))
    training = LinearTraining(network, inputs, (left * strength) @ right.T @ inputs)
    start = balanced_start(begin, left, right)
    for weights in iterate(training.gradient, start, rate, steps, update_rule(optimizer)):
        yield singular_values(network.product(weights))


def _curves(times: Array, modes: Array, strength: Array, begin: Array, points: int) -> list[Curve]:
    marks, line = sample_steps(len(times) - 1, points), sample_steps(len(times) - 1, 200)
    exact = sigmoid(times[line, None], strength, begin)
    curves = []
    for index, value in enumerate(strength):
        series = f"$s$ = {value:g}"
        curves.append(Curve("modes", series, "measured", times[marks], modes[marks, index]))
        curves.append(Curve("modes", series, "predicted", times[line], exact[:, index]))
    losses = [0.5 * np.sum((u - strength) ** 2, axis=-1) for u in (modes[marks], exact)]
    curves.append(Curve("loss", "loss", "measured", times[marks], losses[0]))
    curves.append(Curve("loss", "loss", "predicted", times[line], losses[1]))
    return curves
