"""Where runs end, against scalar loops of each method."""

import math

import numpy as np
import pytest

from descent_audit.experiments.adaptive_rates.cyclic_gradients import period_drift
from descent_audit.experiments.adaptive_rates.cyclic_nonconvergence import (
    cyclic_nonconvergence,
    knife_edge_share,
    long_periods,
)
from descent_audit.measurement.randomness import Streams


def report(**changes):
    settings = {
        "methods": ["adam", "adam_uncorrected"],
        "adam_optimizer": "adam.Adam",
        "amsgrad_optimizer": "amsgrad.AMSGrad",
        "baseline_optimizer": "gradient_descent.GradientDescent",
        "first_decay": 0.0,
        "learning_rate": 0.5,
        "period": 3,
        "showcase_gradient": 3.0,
        "showcase_second_decay": 0.1,
        "showcase_steps": 600,
        "critical_gradients": [3.0, 10.0],
        "critical_second_decays": [1e-3, 0.999],
        "halvings": 16,
        "burn_in": 40.0,
        "trials": 8,
        "trial_gradients": [2.05, 12.0],
        "trial_second_decays": [0.02, 0.995],
        "knife_edge": 0.2,
        "trial_steps": 1500,
        "drawn_cells": 1,
        "streams": Streams(3, "adam_cyclic_nonconvergence", "claim"),
    }
    return cyclic_nonconvergence(**{**settings, **changes})


def values(observations, quantity):
    return {tuple(one.at.values()): one.value for one in observations.measured if one.quantity == quantity}


def run_by_hand(method, large, decay, steps):
    """Return the last point and the average regret, with scalars and the regret summed before each step."""
    x, v, largest, regret = 0.0, 0.0, 0.0, 0.0
    for t in range(1, steps + 1):
        g = large if t % 3 == 1 else -1.0
        regret += g * (x + 1)
        v = decay * v + (1 - decay) * g * g
        largest = max(largest, v)
        denominator = {
            "adam": math.sqrt(v / (1 - decay**t)),
            "adam_uncorrected": math.sqrt(v),
            "amsgrad": math.sqrt(largest),
            "gradient_descent": 1.0,
        }[method]
        x = min(1.0, max(-1.0, x - 0.5 / math.sqrt(t) * g / denominator))
    return x, regret / steps


@pytest.mark.parametrize("method", ["adam", "adam_uncorrected", "amsgrad", "gradient_descent"])
@pytest.mark.parametrize("decay", [0.1, 0.99])
def test_showcase_agrees_with_a_scalar_loop(method, decay):
    quick = {"critical_gradients": [3.0], "halvings": 1, "trials": 1, "trial_steps": 3}
    found = report(methods=[method], showcase_second_decay=decay, **quick)
    end, regret = run_by_hand(method, 3.0, decay, 600)
    assert values(found, "final_point")[(method,)] == pytest.approx(end, abs=1e-9)
    assert values(found, "average_regret")[(method,)] == pytest.approx(regret, rel=1e-9)


def test_only_adam_with_a_short_memory_ends_at_the_wrong_end():
    ends = {method: run_by_hand(method, 3.0, 0.1, 3000)[0] for method in ("adam", "amsgrad", "gradient_descent")}
    assert ends["adam"] > 0.9
    assert ends["amsgrad"] < -0.9
    assert ends["gradient_descent"] < -0.9


def test_critical_constant_lies_in_the_last_bracket():
    for one in report().measured:
        if one.quantity == "critical_beta2":
            assert one.value == pytest.approx(one.predicted, abs=0.998 / 2**16)


def test_cells_are_counted_whole():
    found = report()
    (mismatches,) = (one for one in found.measured if one.quantity == "cell_mismatches")
    (excluded,) = (one for one in found.measured if one.quantity == "excluded_cells")
    assert mismatches.value == 0
    assert mismatches.replicates + excluded.value == excluded.replicates == 8


def test_knife_edge_holds_the_share_of_random_pairs_that_are_close_to_it():
    rng, edge, trials = np.random.default_rng(5), 0.2, 40_000
    large, decay = rng.uniform(2.05, 12.0, trials), rng.uniform(0.02, 0.995, trials)
    found = np.mean([abs(period_drift(one, other, 3)) < edge for one, other in zip(large, decay, strict=True)])
    assert knife_edge_share([2.05, 12.0], [0.02, 0.995], edge, 3) == pytest.approx(
        found, abs=5 * 0.5 / math.sqrt(trials)
    )


def test_trials_notice_a_run_that_is_too_short_to_drift():
    short = report(trial_steps=1, trials=40, knife_edge=0.0)
    (mismatches,) = (one.value for one in short.measured if one.quantity == "cell_mismatches")
    assert mismatches > 0


def test_map_is_drawn_on_a_grid_with_the_boundary():
    curves = {curve.series: curve for curve in report(drawn_cells=4, trial_steps=30).curves if curve.panel == "map"}
    assert len(curves["final point"].value) == 16
    assert curves[r"critical $\beta_2$"].value is None


def test_long_periods_agree_with_the_mean_square_iterated_by_hand():
    found = long_periods(
        adam_optimizer="adam.Adam",
        first_decay=0.0,
        second_decays=[0.9],
        excess=1.1,
        longest_period=50,
        burn_in=40.0,
        learning_rate=0.5,
        period=3,
        showcase_gradient=3.0,
        showcase_second_decay=0.1,
        showcase_steps=30,
    )
    for one in (one for one in found.measured if one.quantity == "period_drift"):
        period, v = one.at["period"], 0.0
        for _ in range(200):
            total = 0.0
            for gradient in [1.1 * (period - 1)] + [-1.0] * (period - 1):
                v = 0.9 * v + 0.1 * gradient**2
                total -= gradient / math.sqrt(v)
        assert one.value == pytest.approx(total, abs=1e-12)
        assert (one.value > 0) == (one.at["outcome"] == "fails")
