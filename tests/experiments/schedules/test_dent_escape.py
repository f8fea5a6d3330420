import math

import numpy as np
import pytest

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.schedules.dent_escape import IntervalHull, dent_escape
from descent_audit.landscapes.dented_bowl import DentedBowl
from descent_audit.optimizers.gradient_descent import GradientDescent

BOWL = DentedBowl(0.2, 0.5, 2.0, 0.2)
SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "bowl_curvature": 0.2,
    "depth": 0.5,
    "centre": 2.0,
    "width": 0.2,
    "stability_bracket_relative_rates": [1.0, 4.0],
    "stability_halvings": 20,
    "stability_steps": 500,
    "offset": 1e-6,
    "unstable_distance": 1e-5,
    "exit_bracket_relative_rates": [1.0, 12.0],
    "exit_halvings": 14,
    "exit_steps": 150,
    "start_radius": 1e-3,
    "starts": 301,
    "hull_points": 301,
    "drawn_relative_rates": [2.0, 6.0],
    "drawn_points": 5,
    "drawn_starts": 21,
}


@pytest.fixture(scope="module")
def report():
    return dent_escape(**SMALL)


def values(report):
    return {one.quantity: one.value for one in report.measured}


def leaves(x, relative, steps):
    """Say whether one run at a multiple of the inverse curvature ever passes the border."""
    rate, border = relative / float(BOWL.curvature(BOWL.sharp_minimum)), BOWL.border
    for _ in range(steps):
        x -= rate * (0.2 * x + 12.5 * (x - 2) * math.exp(-((x - 2) ** 2) / 0.08))
        if x < border:
            return True
    return False


def test_stability_is_lost_when_growth_over_the_run_reaches_the_cut(report):
    """The deviation grows by |1 - c| a step: tenfold in 500 steps."""
    assert values(report)["stability_rate"] == pytest.approx(1 + 10 ** (1 / 500), rel=1e-4)


def test_exit_rate_separates_kept_starts_from_lost_ones(report):
    found, starts = values(report)["exit_rate"], BOWL.sharp_minimum + 1e-3 * np.linspace(-1, 1, 301)
    assert not any(leaves(x, found * 0.995, 150) for x in starts)
    assert any(leaves(x, found * 1.005, 150) for x in starts)


def test_no_run_leaves_before_its_hull(report):
    (rate,) = (one for one in report.measured if one.quantity == "exit_rate")
    assert values(report)["exit_beyond_hull"] == rate.value - rate.predicted >= -1e-4


def test_dent_is_left_long_after_stability(report):
    found = values(report)
    assert found["exit_over_stability"] == pytest.approx(found["exit_rate"] / found["stability_rate"])
    assert found["exit_over_stability"] > 1.5


def test_hull_holds_every_run_that_starts_within():
    rate, low, high = 0.35, 1.9, 2.05
    hull = iterate(BOWL.gradient, np.linspace(low, high, 801), rate, 12, IntervalHull(GradientDescent()))
    runs = iterate(BOWL.gradient, np.linspace(low, high, 57), rate, 12)
    for interval, x in zip(hull, runs, strict=True):
        assert interval.min() <= x.min() + 1e-9
        assert interval.max() >= x.max() - 1e-9


def test_hull_of_an_affine_step_is_exact():
    x = np.linspace(-1.0, 3.0, 5)
    found, _ = IntervalHull(GradientDescent()).update(x, x, None, 0.5)
    np.testing.assert_allclose(found, np.linspace(-0.5, 1.5, 5))


def test_drawn_share_is_zero_below_the_exit_rate(report):
    curve = next(one for one in report.curves if one.role == "measured")
    below = np.asarray(curve.x) < values(report)["exit_rate"] - 0.05
    assert np.all(np.asarray(curve.y)[below] == 0)
    assert np.all(np.asarray(curve.y)[~below] > 0.5)
