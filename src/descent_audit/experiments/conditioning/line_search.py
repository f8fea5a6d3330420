"""Gradient descent with exact line search on a quadratic of two curvatures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Observation, Observations

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExactLineSearch:
    r"""$x_{k+1} = x_k - \eta\,\frac{g^\top g}{g^\top H g}\,g$, $g = \nabla f(x_k)$ (Cauchy 1847).

    ``loss`` supplies $H$, of which only $g^\top H g$ is used. The learning rate multiplies the step that minimises
    the loss along the gradient: 1 is exact.
    """

    loss: DiagonalQuadratic

    def init(self, x: Array) -> None:
        """Return the state before the first step: there is none."""

    def update(self, x: Array, gradient: Array, state: None, learning_rate: Array | float) -> tuple[Array, None]:
        """Return the next point and the next state."""
        slope = np.sum(gradient * gradient, axis=-1, keepdims=True)
        bend = 2 * self.loss.value(gradient)[..., None]
        return x - learning_rate * slope / bend * gradient, None


def line_search_path(loss: DiagonalQuadratic, start: Array, steps: int) -> Array:
    """Return the start and all points after it, of shape ``(steps + 1, d)``."""
    return np.stack([start, *iterate(loss.gradient, start, 1.0, steps, ExactLineSearch(loss))])


def line_search_rate(*, condition_number: float, steps: int) -> Observations:
    r"""Measure the factor of the loss per step of exact line search from the worst start and from $(1, 1)$.

    From $(1, \kappa)$ both gradient components are equal and each step multiplies the loss by
    $\rho^2$, $\rho = (\kappa-1)/(\kappa+1)$ (Kantorovich's inequality with equality). Any start has the factor
    $1 - \frac{(g^\top g)^2}{(g^\top H g)(g^\top H^{-1} g)}$.
    """
    curvatures = np.array([1.0, 1 / condition_number])
    loss, worst = DiagonalQuadratic(curvatures), ((condition_number - 1) / (condition_number + 1)) ** 2
    values = loss.value(line_search_path(loss, np.array([1.0, condition_number]), steps))
    first = loss.value(line_search_path(loss, np.ones(2), 1))
    g = curvatures
    factor = 1 - (g @ g) ** 2 / ((g * curvatures) @ g * ((g / curvatures) @ g))
    return Observations.of(
        [
            *(
                Observation("line_search_factor", value, worst, {"step": step})
                for step, value in enumerate(values[1:] / values[:-1], 1)
            ),
            Observation("first_factor_over_worst", first[1] / first[0] / worst, factor / worst),
        ]
    )
