r"""Learning-rate schedules: pure functions of the step, which may be a number or an array.

Steps are counted from 1, as the runs count them: the k-th update uses $\eta_k$, so that a warmup of S steps takes
its first step at $\eta_{\max}/S$ and its S-th at $\eta_{\max}$. Counted from 0, it would lose one step.
"""

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
