r"""Data for linear networks, and the exact floor of their loss by singular values: no training is involved.

Inputs $X$ are of shape ``(replicas, d, n)`` and labels $Y$ of shape ``(replicas, k, n)``, samples in columns.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.landscapes.quadratic import geometric_spectrum, random_orthogonal
from descent_audit.networks.linear import singular_values

Array = NDArray[np.float64]
RANK_TOLERANCE = 1e-10
"""Singular values of the inputs below this share of the largest do not count towards their row space."""


def orthonormal_inputs(dimension: int, samples: int, replicas: int, rng: Generator) -> Array:
    r"""Return $\sqrt n\,Q$ cut to d rows and n columns, Q a random orthogonal matrix of the larger size.

    A basis where n = d, part of one where n < d; where n > d the rows are orthonormal, and the inputs are white.
    """
    basis = random_orthogonal(max(dimension, samples), rng, (replicas,))
    return np.sqrt(samples) * np.ascontiguousarray(basis[:, :dimension, :samples])


def conditioned_inputs(dimension: int, condition_number: float, replicas: int, rng: Generator) -> Array:
    r"""Return $\sqrt d\,Q_1\,\mathrm{diag}(s)\,Q_2$ with $s$ geometric from $1/\kappa$ to 1: a basis of condition κ."""
    left, right = random_orthogonal(dimension, rng, (2, replicas))
    return np.sqrt(dimension) * (left * geometric_spectrum(1.0 / condition_number, 1.0, dimension)) @ right


def one_hot_labels(outputs: int, samples: int, replicas: int, rng: Generator, classes: int | None = None) -> Array:
    """Return one-hot columns of uniform classes; with ``classes`` only so many of them occur, drawn per replica."""
    drawn = rng.integers(classes or outputs, size=(replicas, samples))
    if classes is not None:
        allowed = rng.permuted(np.tile(np.arange(outputs), (replicas, 1)), axis=1)
        drawn = np.take_along_axis(allowed, drawn, axis=1)
    return np.swapaxes(np.eye(outputs)[drawn], 1, 2)


def spectral_labels(outputs: int, strengths: Array, replicas: int, rng: Generator) -> Array:
    r"""Return $Y = U\,\mathrm{diag}(\sigma)\,V$ with Haar $U, V$ and $\sigma_i^2 = k s_i$; ``strengths`` is $s$."""
    left, right = random_orthogonal(outputs, rng, (2, replicas))
    return (left * np.sqrt(outputs * strengths)) @ right


def zero_predictor_loss(labels: Array) -> Array:
    r"""Return $\mathcal L_0 = \frac1{2n}\|Y\|_F^2$ of shape ``(replicas,)``."""
    return 0.5 / labels.shape[-1] * np.sum(labels * labels, axis=(-2, -1))


def rank_floor(inputs: Array, labels: Array, rank: int) -> Array:
    r"""Return the least loss of any matrix up to a rank r, of shape ``(replicas,)``.

    $\min_{\mathrm{rank}\,W\le r}\frac1{2n}\|WX - Y\|_F^2 = \frac1{2n}\bigl(\|Y(I-P)\|_F^2 +
    \sum_{i>r}\sigma_i(YP)^2\bigr)$ with P the projector on the row space of X (Eckart and Young 1936).
    """
    _, singular, rows = np.linalg.svd(inputs, full_matrices=False)
    kept = singular > RANK_TOLERANCE * singular[..., :1]
    inside = (labels @ np.swapaxes(rows, -1, -2)) * kept[..., None, :]
    outside = labels - inside @ rows
    truncated = singular_values(inside)[..., rank:]
    squares = np.sum(outside * outside, axis=(-2, -1)) + np.sum(truncated * truncated, axis=-1)
    return 0.5 / inputs.shape[-1] * squares


def least_squares_floor(inputs: Array, labels: Array) -> Array:
    r"""Return the least loss of any matrix at all, $\frac1{2n}\|Y(I-P)\|_F^2$."""
    return rank_floor(inputs, labels, min(inputs.shape[-2], labels.shape[-2]))
