"""Walkers under noisy schedules: scores, sums of rates, and which parameters are refused."""

import math

import pytest
from scipy.stats import chi2_contingency

from descent_audit.experiments.schedules.noisy_schedules import pearson_root, pooled_score, schedule_noise_exploration
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.0, "flat_width": 1.5, "flat_depth": 1.0, "second_schedule": "exponential",
    "same_sum": False, "learning_rate": 0.02, "final_ratio": 0.01, "steps": 60, "temperature": 0.3, "start": "sharp",
    "walkers": 400, "block_size": 200, "early_steps": 20, "exact_steps": 20, "drawn_temperatures": [0.3],
}  # fmt: skip


def report(**changed):
    return schedule_noise_exploration(**{**SETTING, **changed}).whole(Streams(3, "claim", "arm"))


def value(found, quantity, **at):
    (one,) = [one for one in found.measured if one.quantity == quantity and dict(one.at) == at]
    return one.value


@pytest.mark.parametrize(("first", "second", "n"), [(300, 200, 1000), (5, 20, 60), (17, 17, 40)])
def test_score_squared_is_the_statistic_of_a_two_by_two_table(first, second, n):
    table = [[first, n - first], [second, n - second]]
    score = pooled_score(first, second, n)
    assert score**2 == pytest.approx(chi2_contingency(table, correction=False).statistic, abs=1e-12)
    assert pearson_root(first, second, n) == pytest.approx(score, rel=1e-12)
    assert math.copysign(1.0, score) == (1.0 if first >= second else -1.0)


def test_score_of_all_or_none_is_zero():
    assert pooled_score(0, 0, 50) == pooled_score(50, 50, 50) == 0.0
    assert pearson_root(0, 0, 50) == pearson_root(50, 50, 50) == 0.0


def test_same_sum_raises_the_rates_of_the_second_schedule():
    def area(found, label):
        (curve,) = [one for one in found.curves if one.panel == "rates" and one.series.startswith(label)]
        return sum(curve.y)

    cosine, exponential = area(report(), "cosine"), area(report(), "exponential")
    assert area(report(same_sum=True), "exponential") == pytest.approx(cosine)
    assert exponential < cosine


def test_without_noise_nobody_moves_to_the_other_well():
    found = report(temperature=0.0, exact_steps=1)
    assert value(found, "flat_count_cosine", part="end") == 0
    assert value(found, "cosine_minus_exponential_z") == 0


def test_from_the_flat_start_all_are_there_at_first():
    assert value(report(start="flat", early_steps=1), "flat_count_cosine", part="early") == 400


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("early_steps", {"early_steps": 61}),
        ("exact_steps", {"exact_steps": 61}),
        ("learning_rate", {"learning_rate": 0.07}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(key, changed):
    with pytest.raises(OutOfRange) as refused:
        report(**changed)
    assert refused.value.key == key
