r"""Learning-rate schedules: pure functions of the step, which may be a number or an array.

Two ways of counting, each that of the schedule's own definition. A constant rate and a warmup count from 1, as the
runs do: the k-th update uses $\eta_k$, so that a warmup of S steps takes its first step at $\eta_{\max}/S$ and its S-th
at $\eta_{\max}$; counted from 0, it would lose one step. The three decays count from 0: N rates $\eta_t$ with
$t = 0, \dots, N - 1$ and $s = t/(N - 1)$, the first of which is $\eta_0$ and the last $\eta_T$; divided by N instead,
they would never reach it. A run's k-th update uses $\eta_{k-1}$. A step need not be a whole number.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def constant(step: ArrayLike, learning_rate: ArrayLike) -> Array:
    r"""Return $\eta_k = \eta_{\max}$, in the common shape of ``step`` and ``learning_rate``."""
    return np.asarray(learning_rate, dtype=float) * np.ones_like(step, dtype=float)


def linear_warmup(step: ArrayLike, learning_rate: ArrayLike, warmup_steps: ArrayLike) -> Array:
    r"""Return $\eta_k = \eta_{\max} \min(k/S, 1)$, in the common shape of the arguments; S = 1 is the constant rate.

    Summed over a run of at least S steps it falls short of the constant rate by $\eta_{\max}(S - 1)/2$. Source:
    linear warmup of large-batch training (Goyal et al. 2017).
    """
    ramp = np.asarray(step, dtype=float) / np.asarray(warmup_steps, dtype=float)
    return np.asarray(learning_rate, dtype=float) * np.minimum(ramp, 1.0)


def exponential(step: ArrayLike, learning_rate: ArrayLike, ratio: ArrayLike, steps: ArrayLike) -> Array:
    r"""Return $\eta_t = \eta_0\,r^s$, in the common shape of the arguments; ``ratio`` is $r = \eta_T/\eta_0$.

    Each rate is the one before it times $r^{1/(N-1)}$.
    """
    return np.asarray(learning_rate, dtype=float) * np.asarray(ratio, dtype=float) ** progress(step, steps)


def cosine(step: ArrayLike, learning_rate: ArrayLike, ratio: ArrayLike, steps: ArrayLike) -> Array:
    r"""Return $\eta_t = \eta_0\,\bigl(r + (1 - r)\tfrac{1 + \cos\pi s}2\bigr)$, in the common shape of the arguments.

    The fraction is computed as $\cos^2\tfrac{\pi s}2$, which keeps its digits at the end, where it vanishes. Source:
    cosine annealing (Loshchilov and Hutter 2017, equation 5), one period.
    """
    end = np.asarray(ratio, dtype=float)
    return np.asarray(learning_rate, dtype=float) * (
        end + (1.0 - end) * np.cos(0.5 * np.pi * progress(step, steps)) ** 2
    )


def linear(step: ArrayLike, learning_rate: ArrayLike, ratio: ArrayLike, steps: ArrayLike) -> Array:
    r"""Return $\eta_t = \eta_0\,(1 - (1 - r)\,s)$, in the common shape of the arguments."""
    end = np.asarray(ratio, dtype=float)
    return np.asarray(learning_rate, dtype=float) * (1.0 - (1.0 - end) * progress(step, steps))


def progress(step: ArrayLike, steps: ArrayLike) -> Array:
    """Return $s = t/(N - 1)$; a run of one step is at its beginning."""
    return np.asarray(step, dtype=float) / np.maximum(np.asarray(steps, dtype=float) - 1.0, 1.0)


DECAYS = {"exponential": exponential, "cosine": cosine, "linear": linear}
"""The schedules from $\\eta_0$ down to $\\eta_T$ by the names that claim files use."""


def decaying(name: str, learning_rate: ArrayLike, ratio: ArrayLike, steps: int) -> Callable[[int], Array]:
    """Return the decay of that name as the schedule of a run, whose updates are counted from 1."""
    return lambda update: DECAYS[name](update - 1, learning_rate, ratio, steps)
