r"""Exact references of mini-batch descent in one parameter, $\theta' = \theta - \eta\,\bar g_B(\theta)$.

All batches of a size are enumerated, so that a step is the average of finitely many maps. Which share of runs reaches a
target follows from the transfer operator of that average on a grid; that no run ever leaves a basin follows from the
largest and the smallest step that any batch can take (the hull of all runs).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.sine_regression import SineRegression
from descent_audit.measurement.parameters import OutOfRange

Array = NDArray[np.float64]
LARGEST_ENUMERATION = 4000
"""Most batches of one size that are enumerated."""


@dataclass(frozen=True)
class BatchDescent:
    r"""Descent on the mean gradient of ``batch_size`` samples, drawn uniformly without replacement at every step.

    ``learning_rate`` is $\eta$, ``target`` an interval; a run hits it where it is inside after a step.
    """

    loss: SineRegression
    learning_rate: float
    batch_size: int
    target: tuple[float, float]

    def hits(self, theta: Array) -> NDArray[np.bool_]:
        """Say which points lie in the target, its ends included."""
        return (theta >= self.target[0]) & (theta <= self.target[1])

    def images(self, theta: Array) -> Array:
        """Return where each batch takes each point, of shape ``(points, batches)``; all batches are as probable."""
        members = all_batches(len(self.loss.inputs), self.batch_size)
        shares = np.zeros((len(members), len(self.loss.inputs)))
        np.put_along_axis(shares, members, 1.0 / self.batch_size, axis=1)
        return theta[:, None] - self.learning_rate * (self.loss.sample_gradients(theta) @ shares.T)

    def gradient_spread(self, theta: float) -> float:
        r"""Return the standard deviation of the batch gradient, $\sqrt{(1 - m/n)\,S^2/m}$ with divisor n - 1 in $S^2$.

        Source: sampling without replacement (Cochran 1977, chapter 2).
        """
        samples, size = len(self.loss.inputs), self.batch_size
        spread = float(np.var(self.loss.sample_gradients(theta), ddof=1))
        return math.sqrt((1.0 - size / samples) * spread / size)


def all_batches(samples: int, batch_size: int) -> NDArray[np.int_]:
    """Return every batch of that size as sample indices, of shape ``(batches, batch_size)``."""
    return np.array(list(combinations(range(samples), batch_size)))


def check_enumeration(key: str, batch_sizes: list[int], samples: int) -> None:
    """Raise ``OutOfRange`` for a batch size with more batches than are enumerated."""
    for size in batch_sizes:
        if math.comb(samples, size) > LARGEST_ENUMERATION:
            raise OutOfRange(key, size, f"sizes with at most {LARGEST_ENUMERATION} batches of {samples} samples")


@lru_cache(maxsize=64)
def hit_probability(
    descent: BatchDescent, start: float, steps: int, ends: tuple[float, float], spacing: float
) -> float:
    r"""Return the probability that a run from ``start`` hits the target within ``steps`` steps.

    $u_{k+1}(\theta) = \mathrm{mean}_B\,[\theta_B \in A\ ?\ 1 : u_k(\theta_B)]$ with $u_0 = 0$. Images in the target A
    are counted exactly. All others interpolate u linearly on a grid between ``ends``; grid points within the target
    hold what is still to come from there, as all others do, so that u has no jump at its ends. What is beyond the ends
    is taken to the nearest of them.
    """
    cells = round((ends[1] - ends[0]) / spacing)
    grid = np.linspace(*ends, cells + 1)
    images = descent.images(grid)
    hit = descent.hits(images)
    arrival = hit.mean(axis=1)
    matrix = _interpolation(images, hit, ends, cells)
    probability = np.zeros(cells + 1)
    for _ in range(steps):
        probability = matrix @ probability
        probability += arrival
    return float(np.interp(start, grid, probability))


def _interpolation(images: Array, hit: NDArray[np.bool_], ends: tuple[float, float], cells: int) -> Any:
    """Return the mean over batches of linear interpolation at the images that do not hit, as a sparse matrix."""
    from scipy.sparse import csr_matrix  # only a report needs it

    position = np.clip((images - ends[0]) * (cells / (ends[1] - ends[0])), 0, cells)
    left = np.minimum(position.astype(int), cells - 1)
    row = np.arange(cells + 1)[:, None] * (cells + 1) + left
    right_share = np.where(hit, 0.0, (position - left) / images.shape[1])
    left_share = np.where(hit, 0.0, 1.0 / images.shape[1]) - right_share
    total = np.bincount(row.ravel(), left_share.ravel(), minlength=(cells + 1) ** 2)
    total[1:] += np.bincount(row.ravel(), right_share.ravel(), minlength=(cells + 1) ** 2)[:-1]
    return csr_matrix(total.reshape(cells + 1, cells + 1))


def refinement_change(
    descent: BatchDescent, start: float, steps: int, ends: tuple[float, float], spacing: float
) -> float:
    """Return by how much the hit probability changes from a grid of twice the spacing: the reference's own error."""
    coarse, fine = (hit_probability(descent, start, steps, ends, width) for width in (2 * spacing, spacing))
    return abs(fine - coarse)


@dataclass(frozen=True)
class Hull:
    """An interval around a start; ``closed`` where no batch takes any of its points outside."""

    left: float
    right: float
    closed: bool


@lru_cache(maxsize=64)
def reachable_hull(
    descent: BatchDescent, start: float, basin: tuple[float, float], points: int, iterations: int, accuracy: float
) -> Hull:
    r"""Return an interval that holds every run from ``start``, if the search closes one within ``basin``.

    $l \leftarrow \min_\theta(\theta - \eta\bar g_{\mathrm{top}})$ and
    $r \leftarrow \max_\theta(\theta - \eta\bar g_{\mathrm{bottom}})$ over ``points`` points of $[l, r]$, where these
    are farther out; top and bottom are the m largest and smallest of the samples' gradients. Between two points the
    image moves on by at most $\tfrac12(1 + \eta L)$ times their distance, with L the samples' smoothness, which is
    added on either side. It is closed where neither end moves by ``accuracy``, and left open where it reaches beyond
    the basin or does not settle.
    """
    left = right = start
    slope = 1.0 + descent.learning_rate * descent.loss.sample_smoothness
    for _ in range(iterations):
        theta, gap = np.linspace(left, right, points, retstep=True)
        ordered = np.sort(descent.loss.sample_gradients(theta), axis=-1)
        top = ordered[:, -descent.batch_size :].mean(axis=-1)
        bottom = ordered[:, : descent.batch_size].mean(axis=-1)
        margin = 0.5 * slope * float(gap)
        lower = min(left, float(np.min(theta - descent.learning_rate * top)) - margin)
        upper = max(right, float(np.max(theta - descent.learning_rate * bottom)) + margin)
        moved = max(left - lower, upper - right)
        left, right = lower, upper
        if left <= basin[0] or right >= basin[1]:
            return Hull(left, right, False)
        if moved < accuracy:
            return Hull(left, right, True)
    return Hull(left, right, False)


def trapped_from(hulls: list[Hull]) -> int:
    """Return the smallest batch size from which on every hull is closed, given those of sizes 1, 2, ..., n.

    It is n + 1 where not even full-batch descent is held.
    """
    return 1 + max((size for size, hull in enumerate(hulls, 1) if not hull.closed), default=0)
