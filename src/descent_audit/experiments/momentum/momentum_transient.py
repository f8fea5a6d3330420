r"""The heavy ball with the tuning that is best for quadratics: $\sqrt\kappa$ steps, after a peak of $\sqrt\kappa/e$."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import iterate, update_rule
from descent_audit.experiments.iteration_counts import blocks
from descent_audit.experiments.momentum.momentum_formulas import root_modulus
from descent_audit.experiments.momentum.momentum_runs import grid
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
Tuning = Literal["heavy_ball", "gradient_descent"]
START = np.ones(2)
DRAWN_STEPS = 10
"""The trajectory is drawn over so many times the root of the condition number."""


def optimal_transient(
    *,
    optimizer: str,
    tuning: Literal["heavy_ball", "gradient_descent"],
    condition_numbers: list[float],
    accuracy: float,
    steps_per_root: int,
    fit_condition_number: float,
    grid_condition_number: float,
    grid_momentum: list[float],
    grid_momentum_cells: int,
    grid_relative_rates: list[float],
    grid_rate_cells: int,
    drawn_condition_numbers: list[float],
) -> Observations:
    r"""Measure path, peak and steps to $\|x\| \le \varepsilon\|x_0\|$ on curvatures 1 and $1/\kappa$ from (1, 1).

    ``tuning`` is what is optimal for the heavy ball, $\eta = (1 + q)^2$ and $\beta = q^2$ with
    $q = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$ (Polyak 1964), or for gradient descent, $\eta = 2/(1 + 1/\kappa)$ and
    $\beta = 0$. A run has at most ``steps_per_root`` times $\sqrt\kappa$ steps; the exponent of the peak is fitted from
    ``fit_condition_number`` on. ``grid_momentum`` and ``grid_relative_rates`` hold the ends of the searched grid; with
    0 cells it is not searched.
    """
    runs = {
        kappa: _run(optimizer, tuning, kappa, round(steps_per_root * math.sqrt(kappa))) for kappa in condition_numbers
    }
    momentum = np.linspace(grid_momentum[0], grid_momentum[-1], grid_momentum_cells)
    rates = np.linspace(grid_relative_rates[0], grid_relative_rates[-1], grid_rate_cells)
    return Observations.of(
        [
            *(one for kappa, points in runs.items() for one in _comparison(tuning, kappa, points, accuracy)),
            *_peak_exponent({kappa: points for kappa, points in runs.items() if kappa >= fit_condition_number}),
            *_grid_optimum(grid_condition_number, momentum, rates),
        ],
        [
            *(
                one
                for kappa in runs
                if kappa in drawn_condition_numbers
                for one in _drawn_path(tuning, kappa, runs[kappa])
            ),
            *_drawn_counts(tuning, {kappa: first_below(points, accuracy) for kappa, points in runs.items()}),
        ],
    )


def optimal_tuning(tuning: Tuning, condition_number: ArrayLike) -> tuple[Array, Array]:
    r"""Return learning rate and momentum that minimise the asymptotic factor on curvatures from $1/\kappa$ to 1."""
    kappa = np.asarray(condition_number, dtype=float)
    if tuning == "gradient_descent":
        return 2.0 / (1.0 + 1.0 / kappa), np.zeros_like(kappa)
    q = (np.sqrt(kappa) - 1.0) / (np.sqrt(kappa) + 1.0)
    return (1.0 + q) ** 2, q * q


def path(tuning: Tuning, condition_number: float, steps: ArrayLike) -> Array:
    r"""Return $x_t$ of the steep and of the flat coordinate from rest at 1, of shape ``(steps, 2)``.

    Both roots are double: $(-q)^t(1 + t(1 + q))$ and $q^t(1 + t(1 - q))$; for gradient descent $(\mp r)^t$ with
    $r = (\kappa - 1)/(\kappa + 1)$.
    """
    t = np.asarray(steps, dtype=float)
    sign = 1.0 - 2.0 * np.mod(t, 2.0)
    if tuning == "gradient_descent":
        power = ((condition_number - 1.0) / (condition_number + 1.0)) ** t
        return np.stack([sign * power, power], axis=-1)
    root = math.sqrt(condition_number)
    q = (root - 1.0) / (root + 1.0)
    return np.stack([sign * q**t * (1.0 + t * (1.0 + q)), q**t * (1.0 + t * (1.0 - q))], axis=-1)


def steep_peak(tuning: Tuning, condition_number: float) -> float:
    r"""Return the largest $|x_t|$ of the steep coordinate over real $t \ge 0$.

    It is $q^{t^*}(1 + t^*(1 + q))$ at $t^* = -1/\ln q - 1/(1 + q)$, about $\sqrt\kappa/e$; 1 for gradient descent.
    """
    root = math.sqrt(condition_number)
    q = (root - 1.0) / (root + 1.0)
    at = -1.0 / math.log(q) - 1.0 / (1.0 + q) if q > 0 and tuning == "heavy_ball" else 0.0
    return q**at * (1.0 + at * (1.0 + q)) if at > 0 else 1.0


def first_below(points: Array, accuracy: float) -> int:
    r"""Return the first step with $\|x_t\| \le \varepsilon\|x_0\|$, or the number of points where there is none.

    ``points`` are those of steps 0, 1, ..., of shape ``(steps + 1, 2)``.
    """
    norms = np.linalg.norm(points, axis=-1)
    within = norms <= accuracy * norms[0]
    return int(within.argmax()) if within.any() else len(points)


def _run(optimizer: str, tuning: Tuning, kappa: float, steps: int) -> Array:
    """Return the points of steps 0 to ``steps`` from rest at (1, 1), of shape ``(steps + 1, 2)``."""
    rate, momentum = optimal_tuning(tuning, kappa)
    loss, rule = _loss(kappa), update_rule(optimizer, momentum=float(momentum))
    return np.concatenate([START[None], *blocks(iterate(loss.gradient, START, float(rate), steps, rule))])


def _loss(kappa: float) -> DiagonalQuadratic:
    return DiagonalQuadratic(np.array([1.0, 1.0 / kappa]))


def _comparison(tuning: Tuning, kappa: float, points: Array, accuracy: float) -> list[Observation]:
    formula = path(tuning, kappa, np.arange(len(points)))
    losses, peak, at = _loss(kappa).value(points), steep_peak(tuning, kappa), {"condition_number": kappa}
    error = np.abs(points - formula).max() / peak
    loss_peak = max(peak**2 / (1.0 + 1.0 / kappa), 1.0)
    return [
        Observation("trajectory_error", error, 0.0, at),
        Observation("iterations", first_below(points, accuracy), first_below(formula, accuracy), at),
        Observation("steep_peak", np.abs(points[:, 0]).max(), peak, at),
        Observation("loss_peak_ratio", losses.max() / losses[0], loss_peak, at),
    ]


def _peak_exponent(runs: dict[float, Array]) -> list[Observation]:
    """Fit the growth of the peak with the condition number; nothing where there is only one run."""
    if len(runs) < 2:
        return []
    slope = loglog_slope(list(runs), [np.abs(points[:, 0]).max() for points in runs.values()])
    return [Observation("peak_exponent", slope, 0.5, {"smallest_condition_number": min(runs)})]


def _grid_optimum(kappa: float, momentum: Array, rates: Array) -> list[Observation]:
    """Compare the grid point with the smallest factor of the slower of both modes with the closed form."""
    if not momentum.size * rates.size:
        return []
    h, beta = grid(rates, momentum)
    slower = np.maximum(root_modulus(beta, h), root_modulus(beta, h / kappa))
    best = np.unravel_index(np.argmin(slower), slower.shape)
    rate, optimal = optimal_tuning("heavy_ball", kappa)
    at = {"condition_number": kappa}
    return [
        Observation("grid_optimum", beta[best], float(optimal), {**at, "parameter": "momentum"}),
        Observation("grid_optimum", h[best], float(rate), {**at, "parameter": "learning_rate"}),
    ]


def _drawn_path(tuning: Tuning, kappa: float, points: Array) -> list[Curve]:
    last = min(round(DRAWN_STEPS * math.sqrt(kappa)), len(points) - 1)
    shown, line = sample_steps(last, 30, log=True), sample_steps(last, 150, log=True)
    series = rf"$\kappa$ = {kappa:g}"
    return [
        Curve("path", series, "measured", shown, np.abs(points[shown, 0])),
        Curve("path", series, "predicted", line, np.abs(path(tuning, kappa, line)[:, 0])),
    ]


def _drawn_counts(tuning: Tuning, counts: dict[float, int]) -> list[Curve]:
    """Draw the steps to the accuracy, and through the last of them the power of the condition number."""
    slope, label = (1.0, r"$\propto\kappa$") if tuning == "gradient_descent" else (0.5, r"$\propto\sqrt{\kappa}$")
    kappa, steps = np.array(list(counts)), np.array(list(counts.values()))
    return [
        Curve("count", "steps", "measured", kappa, steps),
        Curve("count", label, "guide", kappa, steps[-1] * (kappa / kappa[-1]) ** slope),
    ]
