"""Line search by backtracking under the Armijo rule."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import Optimizer
from descent_audit.optimizers.gradient_descent import GradientDescent

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LineSearch:
    """What line searches from many points found, each array of shape ``(points,)``.

    ``step`` is the last step that was tried, ``refused`` how many steps were refused before it, and ``accepted`` is
    false where it was refused as well.
    """

    step: Array
    refused: NDArray[np.int_]
    accepted: NDArray[np.bool_]


@dataclass(frozen=True)
class Armijo:
    r"""Accept the first $\alpha = \alpha_0\tau^j$ with $f(x + \alpha p) \le f(x) + c\,\alpha\,\nabla f(x)\cdot p$.

    ``sufficient_decrease`` is c, ``shrink`` $\tau$ and ``longest_search`` the largest j that is tried: with rounding
    some step is always accepted in the end, that which leaves x where it is. A trial point is a step of ``rule``.
    Source: Armijo 1966; Nocedal and Wright 2006, algorithm 3.1.
    """

    sufficient_decrease: float
    shrink: float
    longest_search: int
    rule: Optimizer = field(default_factory=GradientDescent)

    def search(
        self,
        value: Callable[[Array], Array],
        x: Array,
        gradient: Array,
        first_step: ArrayLike,
        direction: Array | None = None,
    ) -> LineSearch:
        r"""Return the step that is accepted from each point.

        ``x`` and ``gradient`` are of shape ``(points, d)``, ``direction`` is p, $-\nabla f(x)$ unless given, and
        ``first_step`` broadcasts against ``(points,)``. A trial value that is NaN is refused.
        """
        p = -gradient if direction is None else direction
        here, slope = value(x), np.sum(gradient * p, axis=-1)
        first = np.broadcast_to(np.asarray(first_step, dtype=float), here.shape)
        refused, accepted = np.zeros(here.shape, dtype=int), np.zeros(here.shape, dtype=bool)
        for trial in range(self.longest_search + 1):
            step = first * self.shrink**refused
            there, _ = self.rule.update(x, -p, self.rule.init(x), step[..., None])
            accepted |= value(there) <= here + self.sufficient_decrease * step * slope
            if accepted.all() or trial == self.longest_search:
                break
            refused += ~accepted
        return LineSearch(step, refused, accepted)

    def shortest_step(self, first_step: ArrayLike, smoothness: ArrayLike) -> Array:
        r"""Return $\min(\alpha_0, 2(1-c)\tau/L)$: no shorter step is accepted along $-\nabla f$; L is ``smoothness``.

        Every $\alpha \le 2(1-c)/L$ is accepted, by the descent lemma (Nesterov 2018, section 1.2.2).
        """
        sure = 2.0 * (1.0 - self.sufficient_decrease) / np.asarray(smoothness, dtype=float)
        return np.minimum(np.asarray(first_step, dtype=float), sure * self.shrink)

    def trial_bound(self, relative_step: ArrayLike) -> Array:
        r"""Return $\ln\tfrac{\alpha_0 L}{2(1-c)}/\ln\tfrac1\tau$, of the shape of $\alpha_0 L$.

        Its ceiling, 0 where that is negative, is the largest number of refused trials along $-\nabla f$; on
        $\tfrac L2 x^2$ in one dimension it is their number.
        """
        sure = 2.0 * (1.0 - self.sufficient_decrease)
        return np.log(np.asarray(relative_step, dtype=float) / sure) / -math.log(self.shrink)
