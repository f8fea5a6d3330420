"""The critical points of a deep linear network: saddles and global minima, and no other minimum."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate, last, update_rule
from descent_audit.measurement.observations import Observation, Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import LinearNetwork, LinearTraining, balanced_start
from descent_audit.numerics.critical_points import complex_step_hessian

Array = NDArray[np.float64]


def linear_network_saddles(
    *,
    optimizer: str,
    strengths: list[float],
    weight_scale: float,
    learning_rate: float,
    steps: int,
    runs: int,
    streams: Streams,
) -> Observations:
    r"""Measure loss and Hessian of $\tfrac12\|W_2W_1 - \mathrm{diag}(s)\|_F^2$ at its balanced critical points.

    There is one for each subset S of the modes, $W_1 = W_2 = \mathrm{diag}(\sqrt{s_i}\,[i \in S])$, of loss
    $\tfrac12\sum_{i\notin S}s_i^2$ and smallest Hessian eigenvalue $-\max_{i\notin S}s_i$: all but the full set are
    strict saddles. Descent runs from ``runs`` starts with weights of standard deviation ``weight_scale``. Source:
    Baldi and Hornik (1989).
    """
    target, size = np.array(strengths), len(strengths)
    identity = np.eye(size)
    network = LinearNetwork((size, size, size))
    training = LinearTraining(network, np.sqrt(size) * identity, np.sqrt(size) * np.diag(target))
    kept = subsets_of_modes(size)[:-1]
    points = balanced_start(target * kept, identity, identity)
    curvatures = np.linalg.eigvalsh(complex_step_hessian(training.gradient, points))[:, 0]
    slopes, losses = np.linalg.norm(training.gradient(points), axis=-1), training.value(points)
    observations = []
    for index, subset in enumerate(kept):
        at = {"modes": "".join("01"[mode] for mode in subset.astype(int))}
        left = target[~subset]
        observations += [
            Observation("saddle_gradient", float(slopes[index]), 0.0, at),
            Observation("saddle_loss", float(losses[index]), 0.5 * float(left @ left), at),
            Observation("saddle_eigenvalue", float(curvatures[index]), -float(left.max()), at),
        ]
    start = weight_scale * streams.generator("start").standard_normal((runs, network.parameters))
    ends = last(iterate(training.gradient, start, learning_rate, steps, update_rule(optimizer)), start)
    worst = float(training.value(ends).max())
    return Observations.of([*observations, Observation("worst_descent_loss", worst, 0.0, replicates=runs)])


def subsets_of_modes(size: int) -> NDArray[np.bool_]:
    """Return all subsets of ``size`` modes, smallest first, as truth values ``(2**size, size)``."""
    chosen = [set(subset) for count in range(size + 1) for subset in combinations(range(size), count)]
    return np.array([[mode in subset for mode in range(size)] for subset in chosen])
