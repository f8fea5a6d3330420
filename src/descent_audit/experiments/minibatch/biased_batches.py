"""Three ways in which the mean over batches is not the full gradient, each small enough to be enumerated."""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import batch_descent, batch_gradient
from descent_audit.dynamics.trajectories import Optimizer, update_rule
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.measurement.observations import Observation, Observations
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.numerics.enumeration import subsets, tuples

Array = NDArray[np.float64]
Indices = NDArray[np.int_]


def reshuffled_epochs(
    *, optimizer: str, inputs: list[float], targets: list[float], learning_rate: float, start: float
) -> Observations:
    r"""Measure $E[g_k(\theta_k) - \nabla\mathcal L(\theta_k)]$ within one epoch of single samples.

    All orders of the samples are run, and all sequences of independent draws of the same length. In an epoch the sample
    of step k is one that has not yet moved the iterate: it depends on $\theta_k$.
    """
    _check_lengths(inputs, targets)
    loss, rule, count = _line(inputs, targets), update_rule(optimizer), len(inputs)
    orders = np.array(list(permutations(range(count))))
    drawn = np.concatenate(list(tuples(count, count)))
    scale = float(np.abs(loss.gradient(np.array([start]))).max())
    return Observations.of(
        Observation(
            "conditional_bias",
            bias / scale,
            0.0 if drawn_freely or not step else None,
            {"batches": batches, "step": step},
        )
        for batches, sequence, drawn_freely in (("epoch", orders, False), ("independent", drawn, True))
        for step, bias in enumerate(_biases(loss, rule, start, learning_rate, sequence))
    )


def batch_level_loss(
    *, inputs: list[float], targets: list[float], batch_sizes: list[int], theta: float
) -> Observations:
    r"""Compare the gradient of the root mean square error of a batch, averaged over all batches, with that of all data.

    The root of a mean is not a mean over samples: $E\sqrt{\mathcal L_B} < \sqrt{\mathcal L}$ by Jensen's inequality.
    """
    _check_lengths(inputs, targets)
    check_batch_sizes("batch_sizes", batch_sizes, len(inputs))
    loss = _line(inputs, targets)
    full = _root_gradients(loss, theta, np.arange(len(inputs))[None])[0]
    observations = []
    for size in batch_sizes:
        gradients = [_root_gradients(loss, theta, piece) for piece in subsets(len(inputs), size)]
        bias = float(np.concatenate(gradients).mean() / full - 1.0)
        observations.append(Observation("root_gradient_bias", abs(bias), at={"batch_size": size}))
    return Observations.of(observations)


def unequal_batches(*, gradients: list[float], partition: list[int]) -> Observations:
    r"""Compare the mean over the batches of a fixed partition with the mean over samples.

    With batches of $n_b$ samples and means $\bar g_b$ the difference is $-\mathrm{Cov}(n_b, \bar g_b)/\bar n$, the
    covariance over batches: it vanishes where they are of one size.
    """
    sizes = np.array(partition)
    if sizes.min() < 1 or sizes.sum() != len(gradients):
        raise OutOfRange("partition", partition, f"sizes from 1 with the sum {len(gradients)}, the number of gradients")
    batches = np.split(np.array(gradients), np.cumsum(sizes)[:-1])
    means, mean = np.array([batch.mean() for batch in batches]), float(np.mean(gradients))
    covariance = float(np.mean((sizes - sizes.mean()) * (means - means.mean())))
    excess = -covariance / float(sizes.mean())
    return Observations.of(
        [
            Observation("partition_mean", float(means.mean()), mean + excess),
            Observation("partition_excess", float(means.mean()) - mean, excess),
        ]
    )


def _check_lengths(inputs: list[float], targets: list[float]) -> None:
    if len(targets) != len(inputs):
        raise OutOfRange("targets", f"{len(targets)} values", f"{len(inputs)} values, as many as inputs")


def _line(inputs: list[float], targets: list[float]) -> LeastSquares:
    return LeastSquares(np.array(inputs)[:, None], np.array(targets))


def _biases(loss: LeastSquares, rule: Optimizer, start: float, rate: float, sequence: Indices) -> list[float]:
    """Return the mean of batch gradient minus full gradient before each step, over all rows of ``sequence``."""
    theta = np.full((len(sequence), 1), start)
    points = [theta, *batch_descent(loss, rule, theta, rate, sequence.shape[1] - 1, lambda k: sequence[:, k - 1 : k])]
    return [
        float(np.mean(batch_gradient(loss, theta, sequence[:, k : k + 1]) - loss.gradient(theta)))
        for k, theta in enumerate(points)
    ]


def _root_gradients(loss: LeastSquares, theta: float, batches: Indices) -> Array:
    r"""Return $\frac{d}{d\theta}\sqrt{\frac1m\sum_{i\in B}(x_i\theta - y_i)^2}$, of shape ``(batches,)``."""
    inputs, targets = loss.inputs[batches, 0], loss.targets[batches]
    residual = inputs * theta - targets
    return np.asarray(np.mean(residual * inputs, axis=-1) / np.sqrt(np.mean(residual**2, axis=-1)))
