import math

import pytest
from conftest import SENTENCES, row
from hypothesis import assume, given
from hypothesis import strategies as st

from descent_audit import judge
from descent_audit.claims.catalogue import parse_claim

FINITE = st.floats(-1e6, 1e6)


def verdict_of(claim, rows):
    return judge.judge_claim(claim, "full", rows)[1]


def expectation(relation, **keys):
    return {"quantity": "final_distance", "relation": relation, "because": "a reason", **keys}


def claim_with(document, *expectations):
    document["expect"]["claim"] = list(expectations)
    return parse_claim("gradient_descent/small", document, SENTENCES)


def one_check(relation, cells, **keys):
    (check,) = judge.compare(expectation(relation, **keys), row(**cells))
    return check


@pytest.mark.parametrize(
    ("relation", "keys", "value", "predicted", "met"),
    [
        ("close", {"absolute": 0.1}, 1.0999, 1.0, True),
        ("close", {"absolute": 0.1}, 1.1001, 1.0, False),
        ("close", {"relative": 0.1}, -10.9, -10.0, True),
        ("close", {"relative": 0.1}, -11.1, -10.0, False),
        ("close", {"absolute": 0.1, "relative": 0.1}, 11.05, 10.0, True),
        ("close", {"absolute": 0.1, "value": 2.0}, 2.05, math.nan, True),
        ("equal", {}, 3.0, 3.0, True),
        ("equal", {}, 3.0000000000000004, 3.0, False),
        ("equal", {"value": 0}, 0.0, 5.0, True),
        ("at_most", {"value": 2.0}, 2.0, math.nan, True),
        ("at_most", {"value": 2.0}, 2.0000001, math.nan, False),
        ("at_least", {"value": 2.0}, 2.0, math.nan, True),
        ("at_least", {"value": 2.0}, 1.9999999, math.nan, False),
    ],
)
def test_relation_decides_at_its_bound(relation, keys, value, predicted, met):
    check = one_check(relation, {"value": value, "predicted": predicted}, **keys)
    assert check.met is met
    assert check.missed is not met
    assert (check.margin >= 0) is met


@pytest.mark.parametrize(("value", "met"), [(1.0, [True, True]), (-0.1, [False, True]), (2.1, [True, False])])
def test_between_is_two_bounds(value, met):
    checks = judge.compare(expectation("between", lower=0.0, upper=2.0), row(value=value))
    assert [check.relation for check in checks] == ["at_least", "at_most"]
    assert [check.met for check in checks] == met


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("relation", "keys"), [("close", {"absolute": 1e9}), ("at_most", {"value": 1e300}), ("at_least", {"value": -1e300})]
)
def test_no_relation_is_met_or_missed_by_a_number_that_is_not_finite(value, relation, keys):
    check = one_check(relation, {"value": value, "predicted": 0.0}, **keys)
    assert not check.met
    assert not check.missed
    assert math.isnan(check.margin)


def test_close_without_a_prediction_is_not_met():
    assert not one_check("close", {"value": 1.0}, absolute=1e9).met


@given(value=FINITE, error=st.floats(0.001, 10), bound=FINITE)
def test_interval_decides_only_where_all_of_it_agrees(value, error, bound):
    check = one_check("at_most", {"value": value, "standard_error": error}, value=bound)
    width = 4.8916384757 * error
    assume(abs(abs(value - bound) - width) > 1e-6 * width)
    assert check.met == (bound - value > width)
    assert check.missed == (value - bound > width)


@given(tests=st.integers(1, 1000))
def test_interval_widens_with_the_number_of_tests(tests):
    few, many = (
        judge.compare(expectation("at_most", value=0.0), row(standard_error=1.0), n)[0] for n in (1, tests + 1)
    )
    assert many.upper > few.upper


@pytest.mark.parametrize(
    ("relation", "values", "met"),
    [
        ("increasing", [1.0, 2.0, 3.0], True),
        ("increasing", [1.0, 1.0, 3.0], False),
        ("decreasing", [3.0, 2.0, 1.0], True),
        ("decreasing", [3.0, 2.0, 2.5], False),
    ],
)
def test_order_is_strict_and_follows_the_parameter_not_the_table(relation, values, met):
    rows = [row(value=value, at=f"n={n}") for n, value in zip((2, 10, 100), values, strict=True)]
    assert judge.monotone(relation, "n", rows[::-1]).met is met
    assert judge.monotone(relation, "n", rows).missed is not met


def test_order_needs_two_rows_and_the_parameter():
    assert not judge.monotone("increasing", "n", [row(at="n=1")]).met
    assert not judge.monotone("increasing", "n", [row(at="m=1"), row(value=2.0, at="m=2")]).met
    assert not judge.monotone("increasing", "n", [row(at="n=1"), row(value=math.nan, at="n=2")]).met


def test_order_within_the_noise_is_undecided():
    rows = [row(value=1.0, at="n=1", standard_error=1.0), row(value=2.0, at="n=2", standard_error=1.0)]
    check = judge.monotone("increasing", "n", rows)
    assert not check.met
    assert not check.missed


@given(allowed=st.floats(1e-12, 1e12), factor=st.floats(1e-6, 1e6))
def test_margin_is_the_logarithm_of_the_factor(allowed, factor):
    assert judge.decades(allowed, allowed / factor) == pytest.approx(math.log10(factor), abs=1e-9)
    assert judge.decades(-allowed, -allowed * factor) == pytest.approx(math.log10(factor), abs=1e-9)


@pytest.mark.parametrize(
    ("allowed", "found", "margin"), [(0.0, 0.0, 16), (0.0, 1.0, -16), (1.0, 0.0, 16), (-1.0, 1.0, -16)]
)
def test_margin_without_a_ratio_is_the_limit_of_double_precision(allowed, found, margin):
    assert judge.decades(allowed, found) == margin


def test_covers_compares_numbers_as_numbers():
    assert judge.covers({"steps": 100, "rate": [0.5, 1.5]}, "rate=1.5;steps=100")
    assert judge.covers({"rate": 1}, "rate=1.0")
    assert not judge.covers({"steps": 100}, "rate=1.5")
    assert not judge.covers({"name": "huber"}, "name=cosine")


def test_supported_when_all_is_met_and_no_counterexample_is_declared(document, good_rows):
    del document["arms"]["counterexamples"], document["expect"]["odd"]
    judged = verdict_of(parse_claim("gradient_descent/small", document, SENTENCES), good_rows[:2])
    assert judged.verdict == "supported"
    assert judged.control_failed is True
    assert judged.counterexample_shown is None
    assert judged.reasons == ()


def test_supported_when_the_counterexample_shows(claim, good_rows):
    judged = verdict_of(claim, good_rows)
    assert (judged.verdict, judged.counterexample_shown, judged.shown) == ("supported", True, ("odd",))
    assert judged.worst_quantity == "final_distance"
    assert judged.worst_margin == pytest.approx(math.log10(2.0))


def test_refuted_when_the_claim_misses(claim, good_rows):
    judged = verdict_of(claim, [row(value=1.5), *good_rows[1:]])
    assert judged.verdict == "refuted"
    assert judged.worst_margin < 0


def test_inconclusive_when_the_interval_straddles_the_bound(claim, good_rows):
    assert verdict_of(claim, [row(value=0.9, standard_error=0.1), *good_rows[1:]]).verdict == "inconclusive"


def test_refuted_outweighs_undecided(document, good_rows):
    claim = claim_with(document, expectation("at_most", value=1.0), expectation("at_least", value=5.0))
    rows = [row(value=0.9, standard_error=0.1), row("calm", value=7.0, standard_error=0.1), good_rows[2]]
    assert verdict_of(claim, rows).verdict == "refuted"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_void_when_the_claim_is_not_finite(claim, good_rows, value):
    assert verdict_of(claim, [row(value=value), *good_rows[1:]]).verdict == "void"


def test_void_when_the_control_passes(claim, good_rows):
    judged = verdict_of(claim, [good_rows[0], row("calm", value=0.9), good_rows[2]])
    assert (judged.verdict, judged.control_failed) == ("void", False)
    assert judged.reasons == ("control calm: final_distance does not fail",)


@pytest.mark.parametrize("cells", [{"value": math.nan}, {"value": math.inf}, {"value": 1.2, "standard_error": 0.5}])
def test_void_when_the_control_fails_by_no_finite_and_clear_value(claim, good_rows, cells):
    assert verdict_of(claim, [good_rows[0], row("calm", **cells), good_rows[2]]).control_failed is False


def test_void_when_the_control_passes_at_one_of_its_points(claim, good_rows):
    rows = [good_rows[0], row("calm", value=7.0, at="n=1"), row("calm", value=0.1, at="n=2"), good_rows[2]]
    assert verdict_of(claim, rows).verdict == "void"


def test_control_is_held_to_the_points_that_are_named(document, good_rows):
    document["expect"]["calm"] = {"fails": [{"quantity": "final_distance", "where": {"n": 1}}]}
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    rows = [good_rows[0], row("calm", value=7.0, at="n=1"), row("calm", value=0.1, at="n=2"), good_rows[2]]
    assert verdict_of(claim, rows).verdict == "supported"


def test_control_fails_where_it_misses_one_of_two_expectations_on_a_quantity(document, good_rows):
    claim = claim_with(document, expectation("at_most", value=1.0), expectation("at_least", value=0.0))
    assert verdict_of(claim, good_rows).control_failed is True


def test_void_when_the_control_does_not_report(claim, good_rows):
    assert verdict_of(claim, [good_rows[0], good_rows[2]]).control_failed is False


def test_void_when_the_control_is_not_as_it_must_be(document, good_rows):
    document["expect"]["calm"]["observes"] = [expectation("at_least", value=100.0)]
    judged = verdict_of(parse_claim("gradient_descent/small", document, SENTENCES), good_rows)
    assert (judged.verdict, judged.control_failed) == ("void", True)


def test_void_when_the_counterexample_does_not_show(claim, good_rows):
    judged = verdict_of(claim, [*good_rows[:2], row("odd", "escape_step", 1.0)])
    assert (judged.verdict, judged.counterexample_shown, judged.shown) == ("void", False, ())


def test_void_when_a_further_case_is_not_observed(document, good_rows):
    document["arms"]["cases"] = {"outside": {"steps": 3}}
    document["expect"]["outside"] = [expectation("at_least", value=100.0)]
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    assert verdict_of(claim, [*good_rows, row("outside", value=5.0)]).verdict == "void"
    assert verdict_of(claim, [*good_rows, row("outside", value=500.0)]).verdict == "supported"


def test_void_when_a_quantity_is_missing(claim, good_rows):
    judged = verdict_of(claim, [row(quantity="escape_step"), *good_rows[1:]])
    assert judged.verdict == "void"
    assert "final_distance is missing" in judged.reasons[0]


def test_void_when_no_row_is_where_the_expectation_looks(document, good_rows):
    claim = claim_with(document, expectation("at_most", value=1.0, where={"steps": 7}))
    assert verdict_of(claim, good_rows).verdict == "void"


def test_void_when_the_table_is_empty(claim):
    judged = verdict_of(claim, [])
    assert judged.verdict == "void"
    assert judged.worst_margin is None


def test_void_when_a_row_is_doubled(claim, good_rows):
    judged = verdict_of(claim, [good_rows[0], *good_rows])
    assert judged.verdict == "void"
    assert "reported 2 times" in judged.reasons[0]


@pytest.mark.parametrize(
    ("law", "cells", "met"),
    [
        ("binomial", {"value": 300, "predicted": 310.0, "replicates": 1000}, True),
        ("binomial", {"value": 300, "predicted": 400.0, "replicates": 1000}, False),
        ("binomial", {"value": 0, "predicted": 0.0, "replicates": 1000}, True),
        ("binomial", {"value": 0, "predicted": 5.0, "replicates": 1000}, True),
        ("binomial", {"value": 0, "predicted": 50.0, "replicates": 1000}, False),
        ("chi_square", {"value": 1050.0, "predicted": 1000}, True),
        ("chi_square", {"value": 1300.0, "predicted": 1000}, False),
        ("normal", {"value": 4.8, "predicted": 0, "standard_error": 1}, True),
        ("normal", {"value": 5.0, "predicted": 0, "standard_error": 1}, False),
        ("student", {"value": 5.0, "predicted": 0, "standard_error": 1, "replicates": 20}, True),
        ("kolmogorov", {"value": 0.05, "predicted": 0, "replicates": 1000}, True),
        ("kolmogorov", {"value": 0.1, "predicted": 0, "replicates": 1000}, False),
    ],
)
def test_null_law_decides_at_the_false_alarm_rate(law, cells, met):
    check = one_check(law, cells)
    assert (check.met, check.missed) == (met, not met)
    assert (check.margin > 0) is met
    assert check.finite


def test_null_law_shares_the_false_alarm_rate_among_the_sampled_comparisons(document):
    rows = [row(at=f"point={n}", value=4.95, predicted=0.0, standard_error=1.0) for n in range(2)]
    rows += [row("calm", value=9.0, predicted=0.0, standard_error=1.0), row("odd", "escape_step", 30.0)]
    claim = claim_with(document, expectation("normal"))
    assert verdict_of(claim, [*rows[1:2], *rows[2:]]).verdict == "refuted"
    assert verdict_of(claim, rows).verdict == "supported"


def test_bound_replaces_the_level_of_the_normal_law():
    cells = {"value": 5.5, "predicted": 0, "standard_error": 1}
    assert not one_check("normal", cells).met
    assert one_check("normal", cells, bound=5.6).met


def test_uncertainty_of_the_reference_is_in_the_prediction_s_favour():
    cells = {"value": 400, "predicted": 300.0, "replicates": 1000}
    assert not one_check("binomial", cells).met
    assert one_check("binomial", cells, uncertainty=0.1).met
    assert one_check("binomial", cells, uncertainty=0.1).margin > 0


@pytest.mark.parametrize(
    ("law", "cells"),
    [
        ("normal", {"value": 1.0, "predicted": 1.0}),
        ("normal", {"value": 1.0, "predicted": 1.0, "standard_error": 0}),
        ("student", {"value": math.nan, "predicted": 1.0, "standard_error": 1, "replicates": 9}),
        ("binomial", {"value": 3, "replicates": 10}),
        ("chi_square", {"value": math.inf, "predicted": 3}),
    ],
)
def test_null_law_without_its_numbers_is_neither_met_nor_missed(law, cells):
    check = one_check(law, cells)
    assert not check.finite
    assert not check.met
    assert not check.missed
