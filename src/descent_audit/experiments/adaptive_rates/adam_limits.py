r"""Adam and its two ancestors: RMSProp without the first average, averaged gradients where $\epsilon$ dominates."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, Optimizer, iterate, update_rule
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]


def limit_identities(
    *,
    adam_optimizer: str,
    rmsprop_optimizer: str,
    averaged_optimizer: str,
    heavy_ball_optimizer: str,
    curvatures: list[float],
    start: list[float],
    steps: int,
    first_decay: float,
    second_decay: float,
    rmsprop_first_decay: float,
    rmsprop_learning_rate: float,
    epsilons: list[float],
    rate_over_epsilon: float,
    fitted_from_epsilon: float,
    averaged_learning_rate: float,
    heavy_ball_rescaled: bool,
) -> Observations:
    r"""Measure the largest distance between coordinates of Adam and of each ancestor, over a run on a quadratic.

    At $\beta_1 = 0$ (``rmsprop_first_decay``) and uncorrected, $m_t = g_t$: RMSProp. With $\eta = \rho\epsilon$,
    $\eta/(\sqrt{\hat v} + \epsilon) = \rho + O(1/\epsilon)$: the rule $x \leftarrow x - \rho\,\hat m_t$, missed by a
    distance that falls like $1/\epsilon$. And $x \leftarrow x - \eta' m_t$ is the heavy ball at the rate
    $\eta'(1-\beta_1)$, or at $\eta'$ itself unless ``heavy_ball_rescaled``.
    """
    gradient, x0 = DiagonalQuadratic(np.array(curvatures)).gradient, np.array(start)
    plain = {"second_decay": second_decay, "epsilon": 0.0}
    single = update_rule(adam_optimizer, first_decay=rmsprop_first_decay, bias_correction=False, **plain)
    average = update_rule(averaged_optimizer, first_decay=first_decay, bias_correction=False)
    ball = update_rule(heavy_ball_optimizer, momentum=first_decay)
    ball_rate = averaged_learning_rate * (1 - first_decay if heavy_ball_rescaled else 1.0)
    to_rmsprop = largest_deviation(
        gradient,
        x0,
        steps,
        (single, rmsprop_learning_rate),
        (update_rule(rmsprop_optimizer, **plain), rmsprop_learning_rate),
    )
    to_heavy_ball = largest_deviation(gradient, x0, steps, (average, averaged_learning_rate), (ball, ball_rate))
    epsilon = np.array(epsilons)
    adam = update_rule(
        adam_optimizer,
        first_decay=first_decay,
        second_decay=second_decay,
        epsilon=epsilon[:, None],
        bias_correction=True,
    )
    limit = update_rule(averaged_optimizer, first_decay=first_decay, bias_correction=True)
    starts = np.tile(x0, (len(epsilon), 1))
    to_average = largest_deviation(
        gradient, starts, steps, (adam, rate_over_epsilon * epsilon[:, None]), (limit, rate_over_epsilon)
    )
    return Observations.of(
        [
            Observation("rmsprop_deviation", float(to_rmsprop), 0.0),
            Observation("heavy_ball_deviation", float(to_heavy_ball), 0.0),
        ]
    ) + _large_epsilon(epsilon, to_average, epsilon >= fitted_from_epsilon)


def largest_deviation(
    gradient: Gradient,
    start: Array,
    steps: int,
    one: tuple[Optimizer, Array | float],
    other: tuple[Optimizer, Array | float],
) -> Array:
    """Return the largest distance between coordinates of two runs, over their steps, of shape ``start.shape[:-1]``.

    ``one`` and ``other`` are pairs of an update rule and its learning rate.
    """
    largest = np.zeros(start.shape[:-1])
    runs = (iterate(gradient, start, rate, steps, rule) for rule, rate in (one, other))
    for x, y in zip(*runs, strict=True):
        largest = np.maximum(largest, np.abs(x - y).max(axis=-1))
    return largest


def _large_epsilon(epsilon: Array, deviation: Array, fitted: NDArray[np.bool_]) -> Observations:
    observations = [
        Observation("large_epsilon_deviation", float(value), 0.0, {"epsilon": float(at)})
        for at, value in zip(epsilon, deviation, strict=True)
    ]
    slope = loglog_slope(epsilon[fitted], deviation[fitted])
    ends = np.array([epsilon.min(), epsilon.max()])
    last = int(epsilon.argmax())
    return Observations.of(
        [*observations, Observation("large_epsilon_exponent", slope, -1.0)],
        [
            Curve("limit", "Adam to averaged gradients", "measured", epsilon, deviation),
            Curve("limit", "slope −1", "guide", ends, deviation[last] * epsilon[last] / ends),
        ],
    )
