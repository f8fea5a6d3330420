r"""Noisy descent between two wells, in place on a block of walkers: $x \leftarrow x - \eta U'(x) + \sigma\xi$.

A step costs little more than its normal draws: a block stays in the cache, and each operation is one vectorised pass.
"""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.landscapes.two_wells import TwoWells, Well

Array = NDArray[np.float64]


def walk(loss: TwoWells, rng: Generator, x: Array, learning_rate: ArrayLike, noise: ArrayLike) -> Iterator[Array]:
    r"""Yield the walkers ``x`` of shape ``(walkers,)``, changed in place, after each step.

    ``learning_rate`` $\eta_t$ and ``noise`` $\sigma_t$ (standard deviation of the step's noise, $\sqrt{2\eta T}$ at
    temperature T) are broadcast to one shape ``(steps,)``. The caller may move walkers between steps. Per side of the
    barrier a noise-free step is $x(1 + k - kx^2/a^2)$ with $k = 4\eta h/a^2$; $\min(x, 0)$ and $\max(x, 0)$ take each
    walker to its side without a branch. Where nothing is noisy, nothing is drawn.
    """
    rates, noises = np.broadcast_arrays(*np.atleast_1d(learning_rate, noise))
    drawn, side, factor = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    for rate, sigma in zip(rates.tolist(), noises.tolist(), strict=True):
        if sigma:
            rng.standard_normal(out=drawn)
            drawn *= sigma
        else:
            drawn.fill(0.0)
        np.minimum(x, 0.0, out=side)
        drawn += _moved(loss.sharp, rate, side, factor)
        np.maximum(x, 0.0, out=side)
        np.add(drawn, _moved(loss.flat, rate, side, factor), out=x)
        yield x


def _moved(well: Well, rate: float, side: Array, factor: Array) -> Array:
    """Return the noise-free step of the walkers of one side (0 for the others), in the memory of ``factor``."""
    k = -rate * well.barrier_curvature
    np.multiply(side, side, out=factor)
    factor *= -k / well.width**2
    factor += 1.0 + k
    factor *= side
    return factor
