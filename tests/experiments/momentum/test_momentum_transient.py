"""The optimally tuned heavy ball against matrix powers, scalar loops and SciPy's maximiser."""

import numpy as np
import pytest
from scipy import optimize

from descent_audit.experiments.momentum import momentum_transient
from descent_audit.experiments.momentum.momentum_transient import (
    first_below,
    optimal_transient,
    optimal_tuning,
    path,
    steep_peak,
)
from descent_audit.optimizers.heavy_ball import HeavyBall

PARAMETERS = {
    "optimizer": "heavy_ball.HeavyBall",
    "tuning": "heavy_ball",
    "condition_numbers": [9.0, 50.0, 400.0],
    "accuracy": 1e-6,
    "steps_per_root": 60,
    "fit_condition_number": 40.0,
    "grid_condition_number": 50.0,
    "grid_momentum": [0.4, 0.8],
    "grid_momentum_cells": 41,
    "grid_relative_rates": [2.0, 3.8],
    "grid_rate_cells": 37,
    "drawn_condition_numbers": [50.0],
}


def values(quantity, **changes):
    report = optimal_transient(**{**PARAMETERS, **changes})
    return {tuple(one.at.values()): one for one in report.measured if one.quantity == quantity}


def walk(kappa, rate, momentum, steps):
    """Return the points of a scalar run of the steep and the flat coordinate."""
    points = [[1.0, 1.0]]
    speed = [0.0, 0.0]
    for _ in range(steps):
        speed = [momentum * v - rate * c * x for v, c, x in zip(speed, (1.0, 1 / kappa), points[-1], strict=True)]
        points.append([x + v for x, v in zip(points[-1], speed, strict=True)])
    return np.array(points)


@pytest.mark.parametrize("tuning", ["heavy_ball", "gradient_descent"])
def test_path_is_that_of_matrix_powers(tuning):
    kappa = 30.0
    rate, momentum = (float(one) for one in optimal_tuning(tuning, kappa))
    for coordinate, curvature in enumerate((1.0, 1 / kappa)):
        step = np.array([[1 - rate * curvature, momentum], [-rate * curvature, momentum]])
        powers = [(np.linalg.matrix_power(step, t) @ [1.0, 0.0])[0] for t in (0, 1, 2, 7, 30)]
        assert path(tuning, kappa, [0, 1, 2, 7, 30])[:, coordinate] == pytest.approx(powers, rel=1e-6)


@pytest.mark.parametrize("kappa", [9.0, 100.0, 3000.0])
def test_peak_is_the_maximum_that_scipy_finds(kappa):
    q = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    found = optimize.minimize_scalar(
        lambda t: -(q**t) * (1 + t * (1 + q)),
        bounds=(0, 5 * np.sqrt(kappa)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert steep_peak("heavy_ball", kappa) == pytest.approx(-found.fun, rel=1e-9)
    assert steep_peak("gradient_descent", kappa) == 1.0


def test_tuning_is_the_optimum_that_scipy_finds():
    kappa = 20.0

    def slower(parameters):
        rate, momentum = parameters
        return max(max(abs(np.roots([1.0, -(1 + momentum - rate * c), momentum]))) for c in (1.0, 1 / kappa))

    found = optimize.minimize(slower, [2.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    rate, momentum = optimal_tuning("heavy_ball", kappa)
    assert slower([float(rate), float(momentum)]) <= found.fun + 1e-9
    assert found.x == pytest.approx([float(rate), float(momentum)], abs=5e-3)


@pytest.mark.parametrize("tuning", ["heavy_ball", "gradient_descent"])
def test_counts_and_peaks_are_those_of_a_scalar_run(tuning):
    kappas = {"condition_numbers": [9.0, 50.0], "tuning": tuning, "steps_per_root": 100}
    counts, peaks, losses = (values(name, **kappas) for name in ("iterations", "steep_peak", "loss_peak_ratio"))
    for kappa in kappas["condition_numbers"]:
        points = walk(kappa, *(float(one) for one in optimal_tuning(tuning, kappa)), 700)
        norms = np.hypot(*points.T)
        assert counts[(kappa,)].value == np.argmax(norms <= 1e-6 * norms[0]) == counts[(kappa,)].predicted
        assert peaks[(kappa,)].value == pytest.approx(abs(points[:, 0]).max(), rel=1e-12)
        loss = points[:, 0] ** 2 + points[:, 1] ** 2 / kappa
        assert losses[(kappa,)].value == pytest.approx(loss.max() / loss[0], rel=1e-12)


def test_first_below_counts_beyond_the_run_where_nothing_is_near():
    points = np.array([[3.0, 4.0], [1.0, 0.0], [0.1, 0.0]])
    assert first_below(points, 0.2) == 1
    assert first_below(points, 0.02) == 2
    assert first_below(points, 1e-9) == 3


def test_exponent_is_fitted_from_the_named_condition_number_on():
    ((at, one),) = values("peak_exponent").items()
    peaks = [steep_peak("heavy_ball", kappa) for kappa in (50.0, 400.0)]
    assert at == (50.0,)
    assert one.value == pytest.approx(np.log(peaks[1] / peaks[0]) / np.log(8.0), abs=0.01)
    assert not values("peak_exponent", condition_numbers=[50.0])


def test_grid_optimum_is_next_to_the_formula():
    for (_, name), one in values("grid_optimum").items():
        assert one.value == pytest.approx(one.predicted, abs={"momentum": 0.0101, "learning_rate": 0.0501}[name])
    assert not values("grid_optimum", grid_momentum_cells=0)


def test_trajectory_error_shows_another_rule(monkeypatch):
    assert max(one.value for one in values("trajectory_error").values()) < 1e-12
    monkeypatch.setattr(momentum_transient, "update_rule", lambda name, momentum: HeavyBall(0.99 * momentum))
    assert min(one.value for one in values("trajectory_error").values()) > 1e-3
