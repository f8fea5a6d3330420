"""How adaptive rules and momentum respond to a constant gradient and to a rotation: by a diagonal, or by no matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate, last, update_rule
from descent_audit.landscapes.quadratic import Quadratic, geometric_spectrum, random_orthogonal, rotated_hessian
from descent_audit.measurement.observations import Observation, Observations
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]
RULES = ("rmsprop.RMSProp", "adam.Adam")
"""The rules that divide by a root mean square."""


def open_loop(
    *,
    optimizers: list[str],
    dimension: int,
    condition_number: float,
    learning_rate: float,
    decay: float,
    steps: int,
) -> Observations:
    r"""Measure how far each rule moves each coordinate under the constant gradient $g_j = \lambda_j$.

    The response is $P_j = -\Delta x_j/(Ng_j)$; the condition number of $\lambda_jP_j$ is 1 for a rule that divides by
    the gradient's size and $\kappa$ for one that multiplies all coordinates alike. ``decay`` is every decay constant.
    """
    slopes = geometric_spectrum(1.0, 1.0 / condition_number, dimension)
    observations = []
    for name in optimizers:
        rule = update_rule(name, **hyperparameters(name, decay, decay))
        moved = last(iterate(lambda x: slopes, np.zeros(dimension), learning_rate, steps, rule), np.zeros(dimension))
        scaled = slopes * (-moved / (steps * slopes))
        found, at = float(scaled.max() / scaled.min()), {"rule": rule_name(name)}
        observations.append(Observation("response_condition", found, 1.0 if name in RULES else condition_number, at))
    return Observations.of(observations)


def rotated_runs(
    *,
    optimizers: list[str],
    dimension: int,
    condition_number: float,
    learning_rate: float,
    decay: float,
    steps: int,
    streams: Streams,
) -> Observations:
    r"""Run each rule on $\mathrm{diag}(\lambda)$ from $x_0$ and on $QHQ^\top$ from $Qx_0$; Q is a random rotation.

    ``equivariance_error`` is the largest $\|Qx_t - x'_t\|/\|x_0\|$ along the path: 0 for a rule that has no matrix, or
    none that is tied to the axes.
    """
    curvatures = geometric_spectrum(1.0, 1.0 / condition_number, dimension)
    basis = random_orthogonal(dimension, streams.generator("rotation"))
    straight, turned = Quadratic(np.diag(curvatures)), Quadratic(rotated_hessian(curvatures, basis))
    start = np.ones(dimension)
    observations = []
    for name in optimizers:
        rule = update_rule(name, **hyperparameters(name, decay, decay))
        paths = (
            iterate(straight.gradient, start, learning_rate, steps, rule),
            iterate(turned.gradient, basis @ start, learning_rate, steps, rule),
        )
        apart = max(float(np.linalg.norm(basis @ x - y)) for x, y in zip(*paths, strict=True))
        observations.append(
            Observation("equivariance_error", apart / float(np.linalg.norm(start)), 0.0, {"rule": rule_name(name)})
        )
    return Observations.of(observations)


def rule_name(name: str) -> str:
    """Return what a reader calls a rule."""
    return name.partition(".")[2]


def hyperparameters(name: str, first_decay: float, second_decay: float) -> dict[str, Any]:
    r"""Return the constants of a rule, without $\epsilon$."""
    known: dict[str, dict[str, Any]] = {
        "rmsprop.RMSProp": {"second_decay": second_decay, "epsilon": 0.0},
        "adam.Adam": {
            "first_decay": first_decay, "second_decay": second_decay, "epsilon": 0.0, "bias_correction": True,
        },
        "heavy_ball.HeavyBall": {"momentum": first_decay},
    }  # fmt: skip
    return known.get(name, {})
