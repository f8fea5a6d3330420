r"""Logistic regression at rates beyond $2/L$: what counts is the curvature at the minimum, not the bound L."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.logistic import Logistic
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.numerics.bisection import bisect
from descent_audit.numerics.datasets import kronecker

Array = NDArray[np.float64]
LEVELS = 2
"""Halvings that one run decides: three rates together cost little more than one."""
NEWTON_STEPS = 30


def logistic_threshold(
    *,
    samples: int,
    dimension: int,
    margin: float,
    steps: int,
    halvings: int,
    lost_gradient: float,
    largest_relative_rate: float,
    bounded_relative_rate: float,
) -> Observations:
    r"""Bisect the rate beyond which the gradient does not vanish, and follow the loss at a rate beyond that.

    Near the minimum $w^*$ gradient descent is linear with the Hessian there: convergence is lost at
    $2/\lambda_{\max}(\nabla^2 f(w^*))$. Probabilities away from one half make this larger than $2/L$.
    """
    loss = noisy_labels(samples, dimension, margin)
    origin = np.zeros(dimension)

    def lost(rates: Array) -> NDArray[np.bool_]:
        starts = np.zeros((*rates.shape, dimension))
        end = final(loss.gradient, starts, rates[..., None], steps)
        return ~(np.linalg.norm(loss.gradient(end), axis=-1) <= lost_gradient)

    low, high = 1.0 / loss.smoothness, largest_relative_rate / loss.smoothness
    threshold = bisect(lost, low, high, halvings=halvings, levels=LEVELS)[0]
    top = np.linalg.eigvalsh(loss.hessian(minimizer(loss)))[-1]
    at_origin = np.linalg.eigvalsh(loss.hessian(origin))[-1]
    beyond = bounded_relative_rate / loss.smoothness
    losses = loss.value(np.array([origin, *iterate(loss.gradient, origin, beyond, steps)])) / loss.value(origin)
    at = {"samples": samples, "steps": steps}
    bound = 2.0 / loss.smoothness
    return Observations.of(
        [
            Observation("threshold_times_curvature", threshold * top, 2.0, at),
            Observation("bound_over_curvature_at_origin", loss.smoothness / at_origin, 1.0, at),
            Observation("threshold_over_bound", threshold / bound, 2.0 / top / bound, at),
            Observation("largest_loss_ratio", losses.max(), at={**at, "relative_rate": bounded_relative_rate}),
            Observation(
                "bounded_rate_over_threshold",
                beyond / threshold,
                0.5 * bounded_relative_rate * top / loss.smoothness,
                at,
            ),
        ],
        [_loss_curve("logistic", losses)],
    )


def separable_descent(
    *, samples: int, direction: list[float], relative_rate: float, steps: int, largest_loss: float
) -> Observations:
    r"""Report the last loss where a plane through the origin separates the labels: it vanishes at any rate.

    Without a minimum at a finite point the curvature falls with the loss, so that no rate stays too large (Wu,
    Bartlett, Telgarsky and Yu 2024).
    """
    inputs = kronecker(samples, len(direction))
    loss, origin = Logistic(inputs, np.sign(inputs @ np.array(direction))), np.zeros(len(direction))
    path = [origin, *iterate(loss.gradient, origin, relative_rate / loss.smoothness, steps)]
    losses = loss.value(np.array(path))
    at = {"relative_rate": relative_rate, "steps": steps}
    return Observations.of(
        [Observation("final_loss", min(losses[-1], largest_loss), 0.0, at)],
        [_loss_curve("separable logistic", losses / losses[0])],
    )


def noisy_labels(samples: int, dimension: int, margin: float) -> Logistic:
    r"""Return logistic regression on Kronecker inputs: $y_i = +1$ where $u_i < \sigma(m\sum_j x_{ij})$, else -1.

    $m$ is ``margin``, $u_i$ the uniform number behind the last column and $\sigma$ the logistic function: labels as
    they fall by chance, the same in every run.
    """
    data = kronecker(samples, dimension + 1)
    inputs = data[:, :dimension]
    uniform = np.array([NormalDist().cdf(value) for value in data[:, dimension]])
    probability = 1.0 / (1.0 + np.exp(-margin * inputs.sum(axis=1)))
    return Logistic(inputs, np.where(uniform < probability, 1.0, -1.0))


def minimizer(loss: Logistic) -> Array:
    """Return the minimum by Newton's method from the origin, of shape ``(d,)``; the labels must not be separable."""
    w = np.zeros(loss.inputs.shape[1])
    for _ in range(NEWTON_STEPS):
        w = w - np.linalg.solve(loss.hessian(w), loss.gradient(w))
    return w


def _loss_curve(series: str, losses: Array) -> Curve:
    shown = sample_steps(len(losses) - 1, 40, log=True)
    return Curve("loss", series, "measured", shown, losses[shown])
