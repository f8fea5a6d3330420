"""Small models with hand-written gradients, batched over replicas, and the losses they are trained on.

A model maps parameters of shape ``(..., p)`` and inputs ``(n, d)`` to outputs ``(..., n)``. Leading axes are replicas.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient

Array = NDArray[np.float64]


class Loss(Protocol):
    """A mean over samples of a function of output and target, both with samples last."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """Return the mean, of shape ``(...)``."""

    def slope(self, outputs: Array, targets: Array) -> Array:
        """Return its derivative with respect to the outputs, of their shape."""


class Model(Protocol):
    """A parametrised function of the inputs."""

    def start(self, weight_scale: float, replicas: int, rng: Generator) -> Array:
        """Return random parameters, of shape ``(replicas, p)``."""

    def outputs(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs, of shape ``(..., n)``."""

    def pullback(self, parameters: Array, inputs: Array, loss: Loss, targets: Array) -> Array:
        """Return the gradient of the loss, of the shape of ``parameters``."""


@dataclass(frozen=True)
class LogisticLoss:
    r"""$\frac1n\sum_i \log(1 + e^{-y_i f_i})$ for labels $y_i = \pm1$; its curvature vanishes with large margins."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """Return the loss; no margin overflows."""
        return np.mean(np.logaddexp(0.0, -targets * outputs), axis=-1)

    def slope(self, outputs: Array, targets: Array) -> Array:
        r"""Return $-\frac1n y_i\,\sigma(-y_i f_i)$."""
        return -targets * 0.5 * (1.0 - np.tanh(0.5 * targets * outputs)) / targets.shape[-1]


@dataclass(frozen=True)
class SquaredLoss:
    r"""$\frac1{2n}\sum_i (f_i - t_i)^2$."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """Return the loss."""
        return 0.5 * np.mean((outputs - targets) ** 2, axis=-1)

    def slope(self, outputs: Array, targets: Array) -> Array:
        r"""Return $\frac1n (f_i - t_i)$."""
        return (outputs - targets) / targets.shape[-1]


@dataclass(frozen=True)
class TanhNetwork:
    r"""$f(x) = a \cdot \tanh(Wx + b) + c$ with $h$ hidden units.

    Parameters are $W$ row by row, $b$, $a$, $c$: $p = hd + 2h + 1$.
    """

    dimension: int
    hidden_units: int

    def start(self, weight_scale: float, replicas: int, rng: Generator) -> Array:
        r"""Draw $W_{ij} \sim N(0, g^2/d)$ and $a_j \sim N(0, g^2/h)$; $b = c = 0$."""
        d, h = self.dimension, self.hidden_units
        weights = rng.standard_normal((replicas, h * d)) * weight_scale / np.sqrt(d)
        heads = rng.standard_normal((replicas, h)) * weight_scale / np.sqrt(h)
        return np.concatenate([weights, np.zeros((replicas, h)), heads, np.zeros((replicas, 1))], axis=-1)

    def outputs(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs, of shape ``(..., n)``."""
        return self._forward(parameters, inputs)[1]

    def pullback(self, parameters: Array, inputs: Array, loss: Loss, targets: Array) -> Array:
        r"""Return the gradient; with $s_i = \partial\ell/\partial f_i$ and $u = \tanh(Wx + b)$ its parts are

        $\partial c = \sum_i s_i$, $\partial a_j = \sum_i s_i u_{ji}$, $\partial b_j = \sum_i a_j s_i (1 - u_{ji}^2)$
        and $\partial W_{jl} = \sum_i a_j s_i (1 - u_{ji}^2)\, x_{il}$.
        """
        hidden, outputs = self._forward(parameters, inputs)
        slope = loss.slope(outputs, targets)
        heads = self._parts(parameters)[2]
        head_part = (hidden @ slope[..., None])[..., 0]
        back = heads[..., None] * slope[..., None, :] * (1.0 - hidden * hidden)
        weight_part = (back @ inputs).reshape(*parameters.shape[:-1], -1)
        return np.concatenate([weight_part, back.sum(axis=-1), head_part, slope.sum(axis=-1, keepdims=True)], axis=-1)

    def _parts(self, parameters: Array) -> tuple[Array, Array, Array, Array]:
        """Return views of $W$ ``(..., h, d)``, $b$ ``(..., h)``, $a$ ``(..., h)`` and $c$ ``(..., 1)``."""
        d, h = self.dimension, self.hidden_units
        weights = parameters[..., : h * d].reshape(*parameters.shape[:-1], h, d)
        biases, heads = (parameters[..., h * (d + i) : h * (d + i + 1)] for i in range(2))
        return weights, biases, heads, parameters[..., -1:]

    def _forward(self, parameters: Array, inputs: Array) -> tuple[Array, Array]:
        """Return the hidden layer ``(..., h, n)`` and the outputs ``(..., n)``."""
        weights, biases, heads, offset = self._parts(parameters)
        hidden = np.tanh(weights @ inputs.T + biases[..., None])
        return hidden, (heads[..., None, :] @ hidden)[..., 0, :] + offset


@dataclass(frozen=True)
class LinearModel:
    r"""$f(x) = w \cdot x + c$; parameters are $w$ and $c$: $p = d + 1$."""

    dimension: int

    def start(self, weight_scale: float, replicas: int, rng: Generator) -> Array:
        r"""Draw $w_j \sim N(0, g^2/d)$; $c = 0$."""
        weights = rng.standard_normal((replicas, self.dimension)) * weight_scale / np.sqrt(self.dimension)
        return np.concatenate([weights, np.zeros((replicas, 1))], axis=-1)

    def outputs(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs, of shape ``(..., n)``."""
        return parameters[..., :-1] @ inputs.T + parameters[..., -1:]

    def pullback(self, parameters: Array, inputs: Array, loss: Loss, targets: Array) -> Array:
        r"""Return the gradient: $\sum_i s_i x_i$ and $\sum_i s_i$."""
        slope = loss.slope(self.outputs(parameters, inputs), targets)
        return np.concatenate([slope @ inputs, slope.sum(axis=-1, keepdims=True)], axis=-1)


@dataclass(frozen=True, eq=False)
class Training:
    """The loss of a model on fixed data, as a landscape over its parameters."""

    model: Model
    loss: Loss
    inputs: Array
    targets: Array

    def value(self, parameters: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return self.loss.value(self.model.outputs(parameters, self.inputs), self.targets)

    def gradient(self, parameters: Array) -> Array:
        """Return the gradient, of the shape of ``parameters``."""
        return self.model.pullback(parameters, self.inputs, self.loss, self.targets)


def difference_hessian(gradient: Gradient, points: Array, width: float) -> Array:
    r"""Return the Hessian from central differences of the gradient, symmetrised, of shape ``(replicas, p, p)``.

    Column $j$ is $[\nabla f(x + \delta e_j) - \nabla f(x - \delta e_j)]/2\delta$ with $\delta$ = ``width``: an error of
    order $\delta^2$ from truncation and $u/\delta$ from rounding. All columns of all replicas are one batch.
    """
    shifts = width * np.eye(points.shape[-1])
    columns = gradient(points[:, None] + shifts)
    columns -= gradient(points[:, None] - shifts)
    return (columns + np.swapaxes(columns, -1, -2)) / (4.0 * width)
