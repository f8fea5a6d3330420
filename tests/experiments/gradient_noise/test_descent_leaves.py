"""Descent out of a lopsided well against steps by hand; at small rates it stays."""

import itertools

import pytest

from descent_audit.experiments.gradient_noise.lopsided_well import descent_leaves
from descent_audit.measurement.parameters import OutOfRange

SETTINGS = {
    "optimizer": "gradient_descent.GradientDescent",
    "smoothness": 1.0,
    "barrier": 2.0,
    "relative_starts": [2.5],
    "relative_rates": [0.9, 1.5],
    "steps": 200,
    "seen_loss": 1e-20,
    "halvings": 20,
}


def by_hand(start, rate, steps):
    x, losses = start, []
    for _ in range(steps):
        losses.append(x * x if x <= 1 else 2 - (x - 2) ** 2 if x <= 3 else (x - 4) ** 2)
        x -= rate * (x if x <= 1 else 2 - x if x <= 3 else x - 4)
    return x, losses


def test_runs_are_those_by_hand_and_only_the_large_rate_leaves():
    found = {(one.quantity, one.at.get("relative_rate")): one for one in descent_leaves(**SETTINGS).measured}
    for rate, crosses in [(0.9, 0.0), (1.5, 1.0)]:
        end, losses = by_hand(-5.0, rate, 200)
        assert found["end", rate].value == pytest.approx(end, abs=1e-12)
        assert found["crosses", rate].value == crosses
        ratios = [new / old for old, new in itertools.pairwise(losses) if old > 2e-20]
        assert found["largest_loss_ratio", rate].value == pytest.approx(max(ratios))
        assert max(ratios) < 1
    assert found["leaving_rate", None].value == pytest.approx(1.4, abs=1e-5)


def test_a_loss_that_rises_is_seen():
    found = descent_leaves(**SETTINGS | {"relative_rates": [2.05], "steps": 5}).measured
    assert max(one.value for one in found if one.quantity == "largest_loss_ratio") > 1


@pytest.mark.parametrize("start", [0.5, 6.0])
def test_start_from_which_no_run_leaves_or_one_comes_back_is_an_error(start):
    with pytest.raises(OutOfRange, match="relative_starts"):
        descent_leaves(**SETTINGS | {"relative_starts": [start]})
