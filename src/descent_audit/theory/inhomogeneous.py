r"""Numerically exact reference of noisy descent under a schedule: $x' = x - \eta_t(U'(x) + \varsigma\xi)$.

The law of the walkers is carried forward from its start, step by step: as masses at Gauss-Legendre nodes that follow
the noise of the step. One pass gives the share right of the barrier after every step.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from descent_audit.landscapes.two_wells import TwoWells
from descent_audit.theory.langevin_operators import CUT, composite_gauss

Array = NDArray[np.float64]
SHRINKAGE = 0.9
"""New nodes are laid where the noise of a step has fallen below this share of that for which the last were laid."""
FROZEN = 0.05
"""Temperature below which no walker is taken to cross the barrier any more."""
WARMER = 0.07
"""The same in the check of what freezing leaves out."""


class Quadrature(NamedTuple):
    """``panel`` is the longest panel in units of the noise, with ``order`` nodes; kernels end at ``reach`` of it."""

    panel: float
    order: int
    reach: float


USUAL = Quadrature(2.2, 14, 9.0)
FINER = Quadrature(1.6, 16, 10.0)


class FlatShares(NamedTuple):
    """``share[t]`` is the probability of the flat well after t steps, of shape ``(steps + 1,)``.

    ``frozen`` is how much it changes at the end where walkers freeze at ``WARMER``, ``lost`` the mass that stepped out
    of the domain.
    """

    share: Array
    frozen: float
    lost: float


@lru_cache(maxsize=64)
def flat_shares(
    loss: TwoWells, rates: tuple[float, ...], amplitude: float, start: float, quadrature: Quadrature = USUAL
) -> FlatShares:
    r"""Return the shares along a schedule of rates, with $\varsigma > 0$ the ``amplitude`` of the noise in the slope.

    A step at rate $\eta_t$ has the noise $\eta_t\varsigma$ and the temperature $T_t = \eta_t\varsigma^2/2$; its domain
    ends where $U > 42\,T_t$ at the temperature for which the nodes were laid.
    """
    nodes, weights, masses = np.array([start]), np.ones(1), np.ones(1)
    laid, grid, grid_weights = 0.0, nodes, weights
    share = np.full(len(rates) + 1, float(start > 0))
    warmer = share[0]
    for t, rate in enumerate(rates):
        noise, temperature = rate * amplitude, 0.5 * rate * amplitude**2
        if temperature < FROZEN:
            share[t + 1 :] = share[t]
            break
        if not SHRINKAGE * laid <= noise <= laid:
            left, right = loss.ends(CUT * temperature)
            grid, grid_weights = composite_gauss([left, 0.0, right], quadrature.panel * noise, quadrature.order)
            laid = noise
        masses = moved(masses, nodes - rate * loss.gradient(nodes), noise, grid, quadrature.reach) * grid_weights
        nodes = grid
        share[t + 1] = masses[nodes > 0].sum()
        if temperature >= WARMER:
            warmer = share[t + 1]
    share.setflags(write=False)
    return FlatShares(share, abs(float(share[-1] - warmer)), abs(1.0 - float(masses.sum())))


def moved(masses: Array, means: Array, noise: float, targets: Array, reach: float) -> Array:
    r"""Return the density $\sum_i \mu_i\,N(y_j;\,m_i,\,\sigma^2)$ at ascending targets, of shape ``(targets,)``.

    A source reaches the targets within ``reach`` standard deviations only: a run of neighbours, all padded to the
    length of the longest run.
    """
    first = np.searchsorted(targets, means - reach * noise)
    last = np.searchsorted(targets, means + reach * noise)
    longest = min(max(1, int(np.max(last - first))), len(targets))
    first = np.minimum(first, len(targets) - longest)
    reached = sliding_window_view(np.arange(len(targets)), longest)[first]
    score = sliding_window_view(targets, longest)[first]
    score -= means[:, None]
    score /= noise
    score *= score
    score *= -0.5
    bell = np.exp(score, out=score)
    bell *= (masses / (noise * math.sqrt(2 * math.pi)))[:, None]
    return np.asarray(np.bincount(reached.ravel(), bell.ravel(), len(targets)), dtype=float)


def reference_error(
    loss: TwoWells, rates: Sequence[float], amplitude: float, start: float, steps: Sequence[int]
) -> list[float]:
    """Return what the share after each of the steps may be off by.

    That is its change where the quadrature is refined, the mass that is lost, and at the last step of the schedule what
    freezing leaves out.
    """
    usual = flat_shares(loss, tuple(rates), amplitude, start)
    finer = flat_shares(loss, tuple(rates), amplitude, start, FINER)
    change = np.abs(finer.share - usual.share) + usual.lost
    return [float(change[step]) + (usual.frozen if step == len(rates) else 0.0) for step in steps]
