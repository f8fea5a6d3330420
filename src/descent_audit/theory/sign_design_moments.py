r"""Second moments of mini-batch descent on the sign design: $M_k = E\,e_k^2$ closes, one number per coordinate.

With $\phi = \frac{n-m}{m(n-1)}$ and $A = \sum_j\lambda_jM_j$ a step at the rate $\eta$ maps
$M_k \leftarrow M_k\bigl[(1-\eta\lambda_k)^2 - \eta^2\phi\lambda_k^2\bigr] + \eta^2\phi\lambda_k(A + \sigma^2)$, and
the mean loss above the minimum is $A/2$.
"""

from collections.abc import Callable, Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.sign_design import SignDesign

Array = NDArray[np.float64]


def variance_factor(samples: int, batch_size: int) -> float:
    r"""Return $\phi = \frac{n-m}{m(n-1)}$: the variance of a batch mean drawn without replacement over that of one."""
    return (samples - batch_size) / (batch_size * (samples - 1))


def _coefficients(design: SignDesign, rates: Array, factor: float) -> tuple[Array, Array]:
    """Return what a step at each rate ``(steps, 1)`` multiplies moments and spread by, both ``(steps, d)``."""
    curved = rates * design.curvatures
    return (1.0 - curved) ** 2 - factor * curved**2, factor * rates * curved


def moments_path(
    design: SignDesign, start: Array, rate: Callable[[int], float], factor: float, steps: int
) -> Iterator[Array]:
    """Yield the second moments after 0, 1, ..., ``steps`` steps; step t, from 0, has the rate ``rate(t)``."""
    moments, curvatures, variance = start**2, design.curvatures, design.noise**2
    keep, add = _coefficients(design, np.array([[rate(step)] for step in range(steps)]).reshape(-1, 1), factor)
    yield moments
    for kept, added in zip(keep, add, strict=True):
        moments = kept * moments + added * (curvatures @ moments + variance)
        yield moments


def moments_at(
    design: SignDesign, start: Array, rate: Callable[[int], float], factor: float, steps: Collection[int]
) -> Array:
    """Return the second moments after the given steps, sorted, of shape ``(steps, d)``; ``start`` is $e_0$."""
    wanted = set(steps)
    path = moments_path(design, start, rate, factor, max(wanted))
    return np.stack([moments for step, moments in enumerate(path) if step in wanted])


def mean_excess(design: SignDesign, moments: Array) -> Array:
    r"""Return the mean loss above the minimum, $\frac12\sum_k\lambda_kM_k$, of shape ``(...)``."""
    return np.asarray(0.5 * np.sum(design.curvatures * moments, axis=-1))


def excess_path(design: SignDesign, start: Array, rate: Callable[[int], float], factor: float, steps: int) -> Array:
    """Return the mean loss above the minimum after 0, 1, ..., ``steps`` steps of ``moments_path``, ``(steps + 1,)``."""
    return mean_excess(design, np.stack(list(moments_path(design, start, rate, factor, steps))))


def step_correlation(design: SignDesign, moments: Array, learning_rate: float, factor: float) -> float:
    r"""Return $\varrho = \frac{E\,s_t\cdot s_{t+1}}{E\|s_t\|^2}$ from the second moments before the first step.

    With $G_k = E\,g_k^2 = \lambda_k^2M_k + \phi\bigl(\lambda_k(A + \sigma^2) - \lambda_k^2M_k\bigr)$ it is
    $\sum_k(\lambda_k^2M_k - \eta\lambda_kG_k)/\sum_kG_k$: the next gradient has the mean $\lambda_k(e_k - \eta g_k)$.
    """
    pull = design.curvatures**2 * moments
    spread = float(np.sum(design.curvatures * moments)) + design.noise**2
    gradient = pull + factor * (design.curvatures * spread - pull)
    return float(np.sum(pull - learning_rate * design.curvatures * gradient) / np.sum(gradient))


def stationary_moments(design: SignDesign, learning_rate: float, factor: float) -> Array:
    r"""Return the fixed point $M_k = \frac{\eta\phi(A+\sigma^2)}{2-\eta\lambda_k(1-\phi)}$, of shape ``(d,)``.

    $A = \sigma^2\frac B{1-B}$ with $B = \sum_k\frac{\eta\phi\lambda_k}{2-\eta\lambda_k(1-\phi)}$. Raises
    ``ValueError`` where $B \ge 1$ or a coordinate is unstable: there is no limit in mean square.
    """
    gap = 2.0 - learning_rate * design.curvatures * (1.0 - factor)
    share = float(np.sum(learning_rate * factor * design.curvatures / gap))
    if np.any(gap <= 0) or share >= 1:
        raise ValueError(f"no limit in mean square at the learning rate {learning_rate}")
    spread = design.noise**2 / (1.0 - share)
    return learning_rate * factor * spread / gap


def contraction(design: SignDesign, learning_rate: float, factor: float) -> float:
    r"""Return the factor per step of the mean excess without noise.

    The spectral radius of
    $\mathrm{diag}\bigl((1-\eta\lambda)^2 - \eta^2\phi\lambda^2\bigr) + \eta^2\phi\,\lambda\lambda^\top$.
    """
    curved = learning_rate * design.curvatures
    step = np.diag((1.0 - curved) ** 2 - factor * curved**2) + factor * np.outer(curved, curved)
    return float(np.abs(np.linalg.eigvals(step)).max())
