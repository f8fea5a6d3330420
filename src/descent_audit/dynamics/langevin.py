r"""Noisy descent between two wells, in place on a block of walkers: $x \leftarrow x - \eta U'(x) + \sigma\xi$.

A step costs little more than its normal draws: a block stays in the cache, and each operation is one vectorised pass.
"""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from descent_audit.landscapes.two_wells import TwoWells, Well

Array = NDArray[np.float64]
AHEAD = 1 << 15
"""Numbers drawn and scaled in one call, about: those of several steps, as many as the second-level cache holds."""


def walk(loss: TwoWells, rng: Generator, x: Array, learning_rate: ArrayLike, noise: ArrayLike) -> Iterator[Array]:
    r"""Yield the walkers ``x`` of shape ``(walkers,)``, changed in place, after each step.

    ``learning_rate`` $\eta_t$ and ``noise`` $\sigma_t$ (standard deviation of the step's noise, $\sqrt{2\eta T}$ at
    temperature T) are broadcast to one shape ``(steps,)``. Per side of the barrier a noise-free step is
    $x(1 + k - kx^2/a^2)$ with $k = 4\eta h/a^2$; on both sides it is $x\,(\alpha + \gamma x^2) + |x|\,(\beta + \delta
    x^2)$, with half the sums of their coefficients in $\alpha, \gamma$ and half the differences in $\beta, \delta$:
    no branch and no mask.

    The caller may move walkers between steps. The draws are those of ``rng.standard_normal``, step after step, and none
    beyond the last step; where nothing is noisy, nothing is drawn. They are taken some steps ahead: a caller who wants
    fewer walkers later, or the generator afterwards, lets a walk end and starts another one.
    """
    rates, noises = np.broadcast_arrays(*np.atleast_1d(learning_rate, noise))
    terms = {rate: _coefficients(loss, rate) for rate in set(rates.tolist())}
    multiply, add, absolute = np.multiply, np.add, np.absolute
    square, other = np.empty_like(x), np.empty_like(x)
    ahead = min(max(AHEAD // max(len(x), 1), 1), len(rates))
    drawn = np.empty((ahead, len(x)))
    for first in range(0, len(rates), ahead):
        window = slice(first, first + ahead)
        rows = _scaled_draws(rng, noises[window], drawn)
        for rate, row in zip(rates[window].tolist(), rows, strict=True):
            alpha, beta, gamma, delta = terms[rate]
            multiply(x, x, square)
            multiply(square, gamma, other)
            add(other, alpha, other)
            multiply(other, x, other)
            add(row, other, row)
            absolute(x, other)
            multiply(square, delta, square)
            add(square, beta, square)
            multiply(square, other, square)
            add(square, row, x)
            yield x


def _scaled_draws(rng: Generator, noises: Array, memory: Array) -> Array:
    """Return the noise of some steps, of shape ``(steps, walkers)``, in the first rows of ``memory``."""
    rows = memory[: len(noises)]
    if noises.all():
        rng.standard_normal(out=rows)
    else:
        for row, noise in zip(rows, noises, strict=True):
            if noise:
                rng.standard_normal(out=row)
            else:
                row.fill(0.0)
    return np.multiply(rows, noises[:, None], rows)


def _coefficients(loss: TwoWells, rate: float) -> tuple[Array, ...]:
    r"""Return $\alpha, \beta, \gamma, \delta$ at a rate, as arrays without axes: no step converts a number anew."""
    right, left = _well_terms(loss.flat, rate), _well_terms(loss.sharp, rate)
    pairs = zip(right, left, strict=True)
    return tuple(np.array(0.5 * (flat + sign * sharp)) for flat, sharp in pairs for sign in (1.0, -1.0))


def _well_terms(well: Well, rate: float) -> tuple[float, float]:
    r"""Return the coefficients of $x$ and of $x^3$ in the noise-free step of one well."""
    k = -rate * well.barrier_curvature
    return 1.0 + k, -k / well.width**2
