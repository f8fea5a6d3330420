r"""Exact second moments of mini-batch descent on least squares, $\ell_i = \tfrac12(x_i\cdot\theta - y_i)^2$.

With $e = \theta - \theta^*$, $r_i = y_i - x_i\cdot\theta^*$ and $u = (e, 1)$, a step on the samples of a batch $B$ is
$u' = u - \frac\eta m\sum_{i\in B}C_iu$ with $C_i = \begin{pmatrix}x_ix_i^\top & -x_ir_i\\0 & 0\end{pmatrix}$: it is
linear in $u$, and so is the second moment $M = E\,uu^\top$ of one step in that of the step before.
"""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.numerics.datasets import kronecker

Array = NDArray[np.float64]


def scaled_regression(samples: int, dimension: int, smallest_scale: float, noise: float) -> LeastSquares:
    r"""Return a fixed regression: $X_{ij} = s_jK_{ij}$ and $y = Xw + \sigma K_{\cdot,d+1}$ of Kronecker data $K$.

    The scales $s$ fall geometrically from 1 to ``smallest_scale``; $w = (+1, -1, +1, \dots)$; ``noise`` is $\sigma$.
    """
    data = kronecker(samples, dimension + 1)
    inputs = data[:, :-1] * np.geomspace(1.0, smallest_scale, dimension)
    signs = (-1.0) ** np.arange(dimension)
    return LeastSquares(inputs, inputs @ signs + noise * data[:, -1])


def second_moment_map(loss: LeastSquares, learning_rate: float, batch_size: int) -> Array:
    r"""Return the map of $\mathrm{vec}\,M$ in one step with a uniform batch without replacement, $(d+1)^2$ square.

    $I\otimes I - \eta(\bar C\otimes I + I\otimes\bar C) + \eta^2(\bar C\otimes\bar C + \phi\,(\frac1n\sum_i C_i\otimes
    C_i - \bar C\otimes\bar C))$ with $\phi = \frac{n-m}{m(n-1)}$, which vanishes at $m = n$.
    """
    count = len(loss.targets)
    steps = _sample_matrices(loss)
    mean, size = steps.mean(axis=0), steps.shape[-1]
    squares = np.einsum("iab,icd->acbd", steps, steps).reshape(size**2, size**2) / count
    product, eye = np.kron(mean, mean), np.eye(size)
    spread = (count - batch_size) / (batch_size * (count - 1)) * (squares - product)
    drift = np.kron(mean, eye) + np.kron(eye, mean)
    return np.eye(size**2) - learning_rate * drift + learning_rate**2 * (product + spread)


def sample_step_map(loss: LeastSquares, steps: Array) -> Array:
    r"""Return the map of $\mathrm{vec}\,M$ in a step on one sample, drawn uniformly, that has a step of its own.

    $\frac1n\sum_i(I - \alpha_iC_i)\otimes(I - \alpha_iC_i)$ with ``steps`` $\alpha$ of shape ``(n,)``.
    """
    matrices = np.eye(loss.inputs.shape[1] + 1) - steps[:, None, None] * _sample_matrices(loss)
    size = matrices.shape[-1] ** 2
    return np.einsum("iab,icd->acbd", matrices, matrices).reshape(size, size) / len(matrices)


def scheduled_losses(loss: LeastSquares, start: Array, rate: Callable[[int], float], steps: int) -> Array:
    r"""Return the expected loss after 0, 1, ..., ``steps`` steps on single samples; ``rate`` is $\eta_t$, t from 0."""
    matrices = _sample_matrices(loss)
    mean, eye, size = matrices.mean(axis=0), np.eye(matrices.shape[-1]), matrices.shape[-1] ** 2
    drift = np.kron(mean, eye) + np.kron(eye, mean)
    square = np.einsum("iab,icd->acbd", matrices, matrices).reshape(size, size) / len(matrices)
    moment, moments = _first_moment(loss, start), []
    for step in range(steps + 1):
        moments.append(moment)
        eta = rate(step)
        moment = moment - eta * (drift @ moment) + eta**2 * (square @ moment)
    weights = np.pad(_hessian(loss), (0, 1)).ravel()
    return float(loss.value(loss.minimizer)) + 0.5 * (np.array(moments) @ weights)


def iterated_losses(loss: LeastSquares, start: Array, step: Array, steps: Collection[int]) -> Array:
    """Return the expected loss after each of ``steps``, ascending, by applying the map ``step`` again and again."""
    moment, losses = _first_moment(loss, start), []
    wanted = {int(count) for count in steps}
    for count in range(max(wanted) + 1):
        if count in wanted:
            losses.append(_expected_loss(loss, moment))
        moment = step @ moment
    return np.array(losses)


def powered_losses(loss: LeastSquares, start: Array, step: Array, steps: Collection[int]) -> Array:
    """Return the same losses by powers of the map: squared again and again, without the steps between."""
    first = _first_moment(loss, start)
    return np.array([_expected_loss(loss, np.linalg.matrix_power(step, int(count)) @ first) for count in steps])


def descent_losses(loss: LeastSquares, start: Array, learning_rate: float, steps: Collection[int]) -> Array:
    r"""Return the loss of full-batch descent after each of ``steps``, from the modes of its start.

    $\mathcal L^* + \frac12\sum_j\lambda_j(1-\eta\lambda_j)^{2k}(v_j^\top e_0)^2$ after k steps, with the eigenpairs
    $\lambda_j$, $v_j$ of $H = X^\top X/n$.
    """
    curvatures, modes = np.linalg.eigh(_hessian(loss))
    amplitudes = modes.T @ (start - loss.minimizer)
    factors = (1.0 - learning_rate * curvatures) ** (2.0 * np.asarray(list(steps))[:, None])
    return float(loss.value(loss.minimizer)) + 0.5 * np.sum(curvatures * factors * amplitudes**2, axis=-1)


def stationary_loss(loss: LeastSquares, step: Array) -> float:
    r"""Return the limit of the expected loss, above $\mathcal L^*$: the noise floor of a rate stable in mean square.

    The last entry of $\mathrm{vec}\,M$ is 1 and stays so; the others solve the linear system of a fixed point.
    """
    inner = step[:-1, :-1]
    moment = np.linalg.solve(np.eye(len(inner)) - inner, step[:-1, -1])
    return 0.5 * _weighted_moment(loss, np.append(moment, 1.0))


def first_increase(loss: LeastSquares, learning_rate: float, batch_size: int) -> float:
    r"""Return the expected change of the loss in one step from its minimum, $\frac{\eta^2}2\mathrm{tr}(H\Sigma)$.

    $\Sigma = \frac1m\frac{n-m}{n-1}\frac1n\sum_i r_i^2\,x_ix_i^\top$ is the covariance of the batch gradient there.
    """
    count = len(loss.targets)
    gradients = (loss.inputs @ loss.minimizer - loss.targets)[:, None] * loss.inputs
    share = (count - batch_size) / (batch_size * (count - 1))
    return 0.5 * learning_rate**2 * share * float(np.sum(_hessian(loss) * (gradients.T @ gradients))) / count


def _sample_matrices(loss: LeastSquares) -> Array:
    """Return $C_i$, of shape ``(n, d + 1, d + 1)``."""
    extended = np.concatenate([loss.inputs, loss.inputs @ loss.minimizer[:, None] - loss.targets[:, None]], axis=1)
    matrices = np.zeros((len(extended), extended.shape[1], extended.shape[1]))
    matrices[:, :-1] = loss.inputs[:, :, None] * extended[:, None, :]
    return matrices


def _first_moment(loss: LeastSquares, start: Array) -> Array:
    u = np.append(start - loss.minimizer, 1.0)
    return np.kron(u, u)


def _expected_loss(loss: LeastSquares, moment: Array) -> float:
    r"""Return $\mathcal L^* + \frac12\mathrm{tr}(H\,E\,ee^\top)$."""
    return float(loss.value(loss.minimizer)) + 0.5 * _weighted_moment(loss, moment)


def _weighted_moment(loss: LeastSquares, moment: Array) -> float:
    r"""Return $\mathrm{tr}(H\,E\,ee^\top)$."""
    size = loss.inputs.shape[1] + 1
    return float(np.sum(_hessian(loss) * moment.reshape(size, size)[:-1, :-1]))


def _hessian(loss: LeastSquares) -> Array:
    return loss.inputs.T @ loss.inputs / len(loss.targets)
