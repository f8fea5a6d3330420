"""The penalised squared error of a network, on all of its parameters or on an affine part of them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from descent_audit.networks.deep_tanh import DeepTanhNetwork
from descent_audit.numerics.critical_points import complex_step_hessian

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PenalisedFit:
    r"""$\mathcal L(q) = \frac1{2n}\sum_i(f(x_i) - y_i)^2 + \frac\delta2\|p\|^2$ at the parameters $p = p_0 + Bq$.

    ``inputs`` $x$ and ``targets`` $y$ are of shape ``(n,)``, ``penalty`` is $\delta$, ``anchor`` $p_0$ ``(p,)`` and
    ``basis`` $B$ ``(p, k)``, orthonormal; points $q$ are of shape ``(..., k)``.
    """

    network: DeepTanhNetwork
    inputs: Array
    targets: Array
    penalty: float
    anchor: Array
    basis: Array

    def within(self, basis: Array) -> "PenalisedFit":
        """Return the same loss on the subspace that the columns of ``basis`` ``(k, l)`` span."""
        return replace(self, basis=self.basis @ basis)

    def parameters(self, points: Array) -> Array:
        """Return all parameters of the network, of shape ``(..., p)``."""
        return self.anchor + points @ self.basis.T

    def value(self, points: Array) -> Array:
        """Return the loss, of shape ``(...)``."""
        return self.loss(self.parameters(points))

    def loss(self, parameters: Array) -> Array:
        """Return the loss at all parameters ``(..., p)`` of the network, of shape ``(...)``."""
        residual = self.network.outputs(parameters, self.inputs) - self.targets
        return 0.5 * np.mean(residual**2, axis=-1) + 0.5 * self.penalty * np.sum(parameters**2, axis=-1)

    def gradient(self, points: Array) -> Array:
        r"""Return $B^\top(\frac1nJ^\top r + \delta p)$, of the shape of ``points``; complex at complex points."""
        parameters = self.parameters(points)
        outputs, jacobian = self.network.outputs_and_jacobian(parameters, self.inputs)
        slope = (jacobian @ (outputs - self.targets)[..., None])[..., 0] / len(self.targets)
        return (slope + self.penalty * parameters) @ self.basis

    def gauss_newton(self, points: Array) -> tuple[Array, Array]:
        r"""Return the gradient and $B^\top(\frac1nJ^\top J + \delta I)B$, of shape ``(..., k, k)``."""
        parameters = self.parameters(points)
        outputs, jacobian = self.network.outputs_and_jacobian(parameters, self.inputs)
        reduced = self.basis.T @ jacobian
        slope = (reduced @ (outputs - self.targets)[..., None])[..., 0] / len(self.targets)
        square = reduced @ np.swapaxes(reduced, -1, -2) / len(self.targets)
        return slope + self.penalty * parameters @ self.basis, square + self.penalty * self.basis.T @ self.basis

    def hessian(self, points: Array) -> Array:
        """Return the Hessian, exact to rounding, of shape ``(..., k, k)``."""
        return complex_step_hessian(self.gradient, points)


def regression_fit(
    network: DeepTanhNetwork, samples: int, interval: float, frequency: float, slope: float, penalty: float
) -> PenalisedFit:
    r"""Return the fit of $y = \sin\omega x + ax$ by all parameters of a network.

    $x$ is equally spaced on [-``interval``, ``interval``], ``frequency`` is $\omega$ and ``slope`` $a$.
    """
    inputs = np.linspace(-interval, interval, samples)
    targets = np.sin(frequency * inputs) + slope * inputs
    size = network.parameters
    return PenalisedFit(network, inputs, targets, penalty, np.zeros(size), np.eye(size))
