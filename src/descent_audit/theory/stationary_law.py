r"""Where noisy descent between two wells spends its time in the long run: in the limit of small steps, and in steps.

In the limit the law is $\propto e^{-U/T}$ (Boltzmann), and a well's share is a volume, taken by quadrature. The chain
of finite steps has another law: the left eigenvector of its transition operator (Perron 1907).
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.numerics.bisection import bisect
from descent_audit.theory.langevin_operators import (
    CUT,
    NODES,
    PANEL,
    LangevinChain,
    TransitionOperator,
    composite_gauss,
    transition_operator,
)

Array = NDArray[np.float64]
PANELS = 24
"""Panels between the barrier and the outer end of a well, with ``ORDER`` nodes each."""
ORDER = 16


def boltzmann_weights(well: Well, temperature: float) -> tuple[Array, Array]:
    r"""Return distances from the barrier and the masses $w\,e^{-(U + h)/T}$ at them, each of shape ``(nodes,)``.

    They reach to $U = 42\,T$. Energies are counted from the bottom of the well, so that nothing overflows.
    """
    x, w = composite_gauss([0.0, well.radius(CUT * temperature)], well.radius(CUT * temperature) / PANELS, ORDER)
    return x, w * np.exp(-(well.value(x) + well.depth) / temperature)


def log_mass(well: Well, temperature: float) -> float:
    r"""Return $\ln\int e^{-U/T}$ over one well, the barrier at $U = 0$."""
    return well.depth / temperature + math.log(boltzmann_weights(well, temperature)[1].sum())


def closed_log_mass(well: Well, temperature: float) -> float:
    r"""Return the same in closed form: $\int e^{-U/T} = \tfrac{\pi a}4 e^z\,[I_{-1/4}(z) + I_{1/4}(z)]$.

    $z = h/(2T)$, and $I_\nu$ are modified Bessel functions of the first kind.
    """
    from scipy import special  # a quarter of a second that no other law needs

    z = 0.5 * well.depth / temperature
    bessel = special.ive(-0.25, z) + special.ive(0.25, z)
    return well.depth / temperature + math.log(0.25 * math.pi * well.width * bessel)


def mass_ratio(loss: TwoWells, temperature: float) -> float:
    """Return the mass of the flat well over that of the sharp one, in the limit of small steps."""
    return math.exp(log_mass(loss.flat, temperature) - log_mass(loss.sharp, temperature))


def flat_share(loss: TwoWells, temperature: float) -> float:
    r"""Return $P_{\rm flat}(T) = \int_{x>0} e^{-U/T} / \int e^{-U/T}$.

    At equal depth it is $a_f/(a_s + a_f)$ at every temperature: the substitution $x = au$ makes both integrals one.
    """
    ratio = mass_ratio(loss, temperature)
    return ratio / (1.0 + ratio)


def mean_curvature(well: Well, temperature: float) -> float:
    r"""Return the Boltzmann average of $U''$ over one well, which is $\langle U'^2\rangle/T$.

    The two agree by parts, since $U'$ vanishes at the barrier.
    """
    x, mass = boltzmann_weights(well, temperature)
    return float(mass @ well.gradient(x) ** 2 / mass.sum() / temperature)


def depth_reversal(
    sharp_width: float, flat: Well, temperature: float, bracket: tuple[float, float], halvings: int
) -> float:
    r"""Return the extra depth $\Delta^*$ of the sharp well at which both wells hold the same mass."""

    def sharp_wins(extra: Array) -> NDArray[np.bool_]:
        sharp = [log_mass(Well(sharp_width, flat.depth + one), temperature) for one in extra.tolist()]
        return np.array(sharp) >= log_mass(flat, temperature)

    return float(bisect(sharp_wins, *bracket, halvings=halvings)[0])


def laplace_reversal(
    sharp_width: float, flat: Well, temperature: float, bracket: tuple[float, float], halvings: int
) -> float:
    r"""Return the root of $\Delta = T\ln\bigl(\tfrac{a_f}{a_s}\sqrt{1 + \Delta/h_f}\bigr)$.

    It is $\Delta^*$ with both integrals replaced by Gaussians around the minima (Laplace's method).
    """

    def above(extra: Array) -> NDArray[np.bool_]:
        return extra >= temperature * (math.log(flat.width / sharp_width) + 0.5 * np.log1p(extra / flat.depth))

    return float(bisect(above, *bracket, halvings=halvings)[0])


def perron_masses(operator: TransitionOperator) -> Array:
    r"""Return the stationary law of a chain as masses at the nodes, of shape ``(nodes,)``.

    It is the left eigenvector $\pi K = \pi$ of the operator whose rows are scaled to 1: what would step outside is
    taken to stay. One equation of $\pi(K - I) = 0$ follows from the others and gives way to $\sum\pi_i = 1$, which
    stays well posed where the second eigenvalue is close to 1 and an iteration would hardly move.
    """
    balance = (operator.matrix / operator.matrix.sum(axis=1, keepdims=True)).T - np.eye(len(operator.nodes))
    balance[-1], one = 1.0, np.zeros(len(balance))
    one[-1] = 1.0
    return np.linalg.solve(balance, one)


@lru_cache(maxsize=256)
def discrete_mass_ratio(
    loss: TwoWells, learning_rate: float, temperature: float, *, panel: float = PANEL, order: int = NODES
) -> float:
    """Return the mass of the flat well over that of the sharp one in the stationary law of finite steps."""
    left, right = loss.ends(CUT * temperature)
    chain = LangevinChain(loss.gradient, learning_rate, temperature)
    operator = transition_operator(chain, [left, 0.0, right], panel=panel, order=order)
    masses, flat = perron_masses(operator), operator.nodes > 0
    return float(masses[flat].sum() / masses[~flat].sum())


def first_order_excess(loss: TwoWells, learning_rate: float, temperature: float) -> float:
    r"""Return what a step adds to the ratio of masses: $\tfrac\eta4(\langle U''\rangle_s - \langle U''\rangle_f)$.

    To first order in $\eta$ the stationary law is $e^{-U/T}$ times $1 + \eta(\tfrac{U'^2}{4T} - \tfrac{U''}2)$.
    Its average over a well is $1 - \tfrac\eta4\langle U''\rangle$.
    """
    return 0.25 * learning_rate * (mean_curvature(loss.sharp, temperature) - mean_curvature(loss.flat, temperature))
