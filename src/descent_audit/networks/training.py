r"""Training of a block of linear networks until each has reached its own target.

A step of a small network costs little more than its matrix products, provided that a block of replicas stays in the
cache and that nothing is computed twice: the gradient goes through two moments of the data instead of its samples.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, final_state
from descent_audit.networks.linear import LinearNetwork, LinearTraining

Array = NDArray[np.float64]
WHITE = 1e-13
"""Largest entry of $S - I$ that counts as rounding of an orthonormal basis."""


@dataclass(frozen=True, eq=False)
class MomentTraining:
    r"""The gradient of ``LinearTraining`` from $S = XX^\top/n$ and $C = YX^\top/n$, whatever the number of samples.

    With $P_l = W_l\cdots W_1$ and $\Delta_L = P_L S - C$ it is $\partial\mathcal L/\partial W_l = \Delta_l
    P_{l-1}^\top$, $\Delta_{l-1} = W_l^\top\Delta_l$, $P_0 = I$. ``covariance`` is $S$ ``(replicas, d, d)``, or
    ``None`` where it is the identity (inputs that are an orthonormal basis, or white); ``correlation`` is $C$
    ``(replicas, k, d)``. Source: Saxe, McClelland and Ganguli (2014).
    """

    network: LinearNetwork
    covariance: Array | None
    correlation: Array

    @classmethod
    def of(cls, training: LinearTraining) -> "MomentTraining":
        """Return the moments of the data of a training."""
        transposed = np.swapaxes(training.inputs, -1, -2)
        samples = training.inputs.shape[-1]
        covariance = training.inputs @ transposed / samples
        white = np.abs(covariance - np.eye(covariance.shape[-1])).max() <= WHITE
        return cls(training.network, None if white else covariance, training.labels @ transposed / samples)

    def gradient(self, weights: Array) -> Array:
        """Return the gradient, of the shape of ``weights``; products are written where they belong in it."""
        matrices = self.network.matrices(weights)
        found = np.empty_like(weights)
        gradients = self.network.matrices(found)
        products = [matrices[0]]
        for matrix in matrices[1:]:
            products.append(matrix @ products[-1])
        output = products[-1] if self.covariance is None else products[-1] @ self.covariance
        delta = output - self.correlation
        for layer in range(len(matrices) - 1, 0, -1):
            np.matmul(delta, np.swapaxes(products[layer - 1], -1, -2), out=gradients[layer])
            back = gradients[0] if layer == 1 else None
            delta = np.matmul(np.swapaxes(matrices[layer], -1, -2), delta, out=back)
        if len(matrices) == 1:
            gradients[0][:] = delta
        return found


class Trained(NamedTuple):
    """What became of each replica, as it was at the last check before it was frozen.

    ``losses`` is of shape ``(replicas,)`` and ``products`` (the learned maps) of shape ``(replicas, k, d)``.
    ``reached`` counts the steps to the target, -1 where it was not reached. ``history`` holds the losses at every
    check, the start first, in shape ``(checks + 1, replicas)``; frozen replicas keep theirs.
    """

    losses: Array
    products: Array
    reached: NDArray[np.int64]
    history: Array


def train(
    training: LinearTraining,
    start: Array,
    target: Array,
    learning_rate: float,
    steps: int,
    rule: Optimizer,
    *,
    check_every: int,
) -> Trained:
    """Train replicas ``start`` of shape ``(replicas, p)`` with data of their own until their loss is at ``target``.

    The loss itself is computed from all samples, every ``check_every`` steps. A replica that has reached its target,
    or whose loss is no number any more, is frozen and costs nothing from then on; the others do not notice.
    """
    replicas = len(start)
    losses, reached = np.full(replicas, np.inf), np.full(replicas, -1)
    products = training.network.product(start)
    history = []
    active, weights, state = np.arange(replicas), start, rule.init(start)
    moments = MomentTraining.of(training)
    done = 0
    while True:
        current = training.value(weights)
        losses[active] = current
        history.append(losses.copy())
        below = current <= target[active]
        reached[active[below]] = done
        stay = ~below & np.isfinite(current) & (done < steps)
        if not stay.all():
            products[active[~stay]] = training.network.product(weights[~stay])
            active, weights, state = active[stay], weights[stay], selected(state, stay)
            training = LinearTraining(training.network, training.inputs[stay], training.labels[stay])
            moments = MomentTraining(moments.network, selected(moments.covariance, stay), moments.correlation[stay])
        if not active.size:
            break
        count = min(check_every, steps - done)
        weights, state = final_state(moments.gradient, weights, learning_rate, count, rule, state)
        done += count
    checks = 1 + -(-steps // check_every)
    history += [losses] * (checks - len(history))
    return Trained(losses, products, reached, np.stack(history))


def selected(state: Any, stay: NDArray[np.bool_]) -> Any:
    """Return the state of an optimizer for the replicas that stay: of every array in it whose first axis they are."""
    if isinstance(state, tuple):
        parts = [selected(part, stay) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    if isinstance(state, np.ndarray) and state.ndim and len(state) == len(stay):
        return state[stay]
    return state


def reached_histogram(reached: NDArray[np.int64], steps: int, check_every: int) -> NDArray[np.int64]:
    """Return at which check replicas reached their target, of shape ``(checks + 1,)``; the others are in no bin."""
    places = -(-reached[reached >= 0] // check_every)
    return np.bincount(places, minlength=1 + -(-steps // check_every))


def check_steps(steps: int, check_every: int) -> Array:
    """Return the steps at which the loss is checked, the start first."""
    return np.minimum(np.arange(1 + -(-steps // check_every)) * float(check_every), steps)


def reached_by(share: float, histogram: Array, replicas: int, steps: int, check_every: int) -> float | None:
    """Return the first checked step by which a share of all replicas has reached its target; ``None`` if never."""
    enough = np.flatnonzero(np.cumsum(histogram) >= share * replicas)
    return float(check_steps(steps, check_every)[enough[0]]) if enough.size else None
