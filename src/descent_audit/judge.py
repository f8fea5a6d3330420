"""Observations and expectations in, checks and verdicts out: the only place that compares.

``python -m descent_audit.judge --scale full --results results/full`` judges every claim.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from descent_audit.claims.catalogue import Claim
from descent_audit.measurement.null_laws import LAWS, Sample, p_value, two_sided_level
from descent_audit.measurement.statistics import FALSE_ALARM, half_width
from descent_audit.records.made import write_made
from descent_audit.records.storage import json_text, plain
from descent_audit.results import Observed, csv_text, frame, observed, read_sealed
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import Recipes, found
from descent_audit.stages.sentences import rule

Expectation = Mapping[str, Any]
DECADES = 16.0
"""Margin of a check that is met or missed by an infinite factor: the decades that double precision resolves."""


@dataclass(frozen=True)
class Check:
    """One comparison of one measured number.

    ``lower`` and ``upper`` enclose the measured value (they equal it where it has no sampling error); under a null
    law they enclose the predictions that its test does not reject. ``tolerance`` is the deviation from ``predicted``
    that ``close`` allows, the bound itself of ``at_most`` and ``at_least``, and under a null law the error of the
    reference. ``met`` is true only where the whole interval satisfies the relation, ``missed`` only where none of it
    does; in between the check is undecided. ``margin`` says in decades by which factor.
    """

    arm: str
    quantity: str
    at: str
    relation: str
    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    predicted: float = math.nan
    tolerance: float = math.nan
    met: bool = False
    missed: bool = False
    margin: float = math.nan

    @property
    def finite(self) -> bool:
        """Say whether there is a number to compare, and one to compare it with."""
        return all(map(math.isfinite, (self.value, self.lower, self.upper, self.tolerance)))


class Decision(NamedTuple):
    """Whether a relation holds on a whole interval, on none of it, and by how many decades."""

    met: bool
    missed: bool
    margin: float


@dataclass(frozen=True)
class Judgement:
    """What follows from all checks of one claim.

    ``margins`` holds the smallest margin per arm in decades, over what the arm must show; ``shown`` the
    counterexamples that were observed; ``reasons`` a line for everything that is not as it should be.
    """

    claim: str
    verdict: str
    worst_quantity: str
    worst_margin: float | None
    control_failed: bool
    counterexample_shown: bool | None
    margins: dict[str, float]
    shown: tuple[str, ...]
    reasons: tuple[str, ...]


# Relations


def below(upper_bound: float, lower: float, upper: float) -> Decision:
    """Decide ``at_most`` for a value that lies in [lower, upper]."""
    return Decision(upper <= upper_bound, lower > upper_bound, decades(upper_bound, upper))


def above(lower_bound: float, lower: float, upper: float) -> Decision:
    """Decide ``at_least`` for a value that lies in [lower, upper]."""
    return Decision(lower >= lower_bound, upper < lower_bound, decades(lower, lower_bound))


def near(predicted: float, tolerance: float, lower: float, upper: float) -> Decision:
    """Decide ``close`` (and ``equal``, whose tolerance is zero) for a value that lies in [lower, upper]."""
    furthest = max(abs(lower - predicted), abs(upper - predicted))
    nearest = max(lower - predicted, predicted - upper, 0.0)
    return Decision(furthest <= tolerance, nearest > tolerance, decades(tolerance, furthest))


def decades(allowed: float, found: float) -> float:
    """Return log10(allowed / found), or the limit of double precision where the ratio has no logarithm."""
    if allowed > 0 and found > 0:
        return math.log10(allowed) - math.log10(found)
    if allowed < 0 and found < 0:
        return decades(-found, -allowed)
    return DECADES if allowed >= found else -DECADES


def under_law(expectation: Expectation, row: Observed, tests: int = 1) -> Check:
    """Return the check of a sampled number against its null law, at level ``FALSE_ALARM / tests``.

    ``value`` replaces the prediction and ``bound`` the level, by that of a wider normal score. ``uncertainty`` is the
    error of the reference (of the probability, under the binomial law): the most favourable prediction within it
    decides.
    """
    law, predicted = expectation["relation"], float(expectation.get("value", row.predicted))
    sample = Sample(row.value, predicted, row.standard_error, row.replicates)
    check = Check(row.arm, row.quantity, row.at, law, sample.value, predicted=sample.predicted)
    spread = sample.standard_error if law in ("normal", "student") else 1.0
    if not all(map(math.isfinite, (sample.value, sample.predicted, spread))) or spread <= 0:
        return check
    level = two_sided_level(expectation["bound"]) if "bound" in expectation else FALSE_ALARM / max(tests, 1)
    slack = expectation.get("uncertainty", 0.0) * (sample.replicates if law == "binomial" else 1.0)
    lower, upper = LAWS[law].interval(sample, level)
    met = lower - slack <= sample.predicted <= upper + slack
    favourable = sample._replace(predicted=min(max(sample.value, sample.predicted - slack), sample.predicted + slack))
    margin = decades(p_value(law, favourable), level)
    decision = Decision(met, not met, margin)
    return Check(**{**vars(check), "lower": lower, "upper": upper, "tolerance": slack, **decision._asdict()})


def compare(expectation: Expectation, row: Observed, tests: int = 1) -> list[Check]:
    """Return the checks of one expectation on one observation: one, or two for ``between``.

    ``tests`` is the number of comparisons in the claim, for the width of the interval around a sampled value.
    """
    if expectation["relation"] in LAWS:
        return [under_law(expectation, row, tests)]
    if expectation["relation"] == "between":
        bounds = {"at_least": expectation["lower"], "at_most": expectation["upper"]}
        return [
            _compared({**expectation, "relation": name, "value": bound}, row, tests) for name, bound in bounds.items()
        ]
    return [_compared(expectation, row, tests)]


def _compared(expectation: Expectation, row: Observed, tests: int) -> Check:
    value, predicted, bound = row.value, row.predicted, expectation.get("value")
    width = 0.0 if math.isnan(row.standard_error) else half_width(row.standard_error, tests)
    lower, upper = value - width, value + width
    match expectation["relation"]:
        case "at_most":
            tolerance = float(expectation["value"])
            decision = below(tolerance, lower, upper)
        case "at_least":
            tolerance = float(expectation["value"])
            decision = above(tolerance, lower, upper)
        case "close" | "equal":
            predicted = predicted if bound is None else float(bound)
            tolerance = expectation.get("absolute", 0.0) + expectation.get("relative", 0.0) * abs(predicted)
            decision = near(predicted, tolerance, lower, upper)
        case relation:
            raise ValueError(f"relation: found {relation!r}")
    check = Check(row.arm, row.quantity, row.at, expectation["relation"], value, lower, upper, predicted, tolerance)
    return Check(**{**vars(check), **decision._asdict()}) if check.finite else check


def monotone(relation: str, along: str, rows: Sequence[Observed], tests: int = 1) -> Check:
    """Return the check that values rise (or fall) strictly along a parameter, each step beyond its uncertainty.

    The value of the check is the smallest step in the wanted direction, which must be above zero; its interval
    comes from the standard errors of the two neighbours. It is not finite where a row lacks the parameter.
    """
    ordered = sorted(rows, key=lambda row: _numeric(point(row.at).get(along, "")))
    sign = 1.0 if relation == "increasing" else -1.0
    values = [row.value for row in ordered]
    errors = [0.0 if math.isnan(row.standard_error) else row.standard_error for row in ordered]
    check = Check(rows[0].arm, rows[0].quantity, f"along={along}", relation)
    placed = [_numeric(point(row.at).get(along, "")) for row in rows]
    if len(values) < 2 or not all(map(math.isfinite, [*values, *placed])):
        return check
    steps = [sign * (after - before) for before, after in pairwise(values)]
    widths = [half_width(math.hypot(*pair), tests) for pair in pairwise(errors)]
    step, width = min(zip(steps, widths, strict=True), key=lambda entry: entry[0] - entry[1])
    lower, upper = step - width, step + width
    decision = Decision(lower > 0, upper <= 0, decades(lower, 0.0) if lower else -DECADES)
    return Check(
        **{**vars(check), "value": step, "lower": lower, "upper": upper, "tolerance": 0.0, **decision._asdict()}
    )


# Arms


def point(at: str) -> dict[str, str]:
    """Return the parameter point of a row as a mapping of texts."""
    return dict(part.split("=", 1) for part in at.split(";") if part)


def covers(where: Mapping[str, Any], at: str) -> bool:
    """Say whether a parameter point has, for each key of ``where``, the value or one of the values given."""
    found = point(at)
    wanted = {key: values if isinstance(values, list) else [values] for key, values in where.items()}
    return all(key in found and any(_same(found[key], plain(value)) for value in wanted[key]) for key in wanted)


def sampled(expectations: Iterable[Expectation], rows: Sequence[Observed]) -> int:
    """Return how many comparisons of an arm have a sampling error: what the false-alarm rate is shared among."""
    return sum(
        expectation["relation"] in LAWS or not math.isnan(row.standard_error)
        for expectation in expectations
        for row in rows
        if row.quantity == expectation["quantity"] and covers(expectation.get("where", {}), row.at)
    )


def check_arm(expectations: Iterable[Expectation], rows: Sequence[Observed], arm: str, tests: int) -> list[Check]:
    """Return the checks of expectations on the rows of one arm; a missing quantity is a check without a number."""
    checks: list[Check] = []
    for expectation in expectations:
        quantity, relation, where = expectation["quantity"], expectation["relation"], expectation.get("where", {})
        covered = [row for row in rows if row.quantity == quantity and covers(where, row.at)]
        if not covered:
            checks.append(Check(arm, quantity, "", relation))
        elif relation in ("increasing", "decreasing"):
            checks.append(monotone(relation, expectation["along"], covered, tests))
        else:
            checks += [check for row in covered for check in compare(expectation, row, tests)]
    return checks


def check_failure(
    failure: Expectation, claimed: Iterable[Expectation], rows: Sequence[Observed], arm: str, tests: int
) -> list[Check]:
    """Return the checks that a control must miss: the claim's own on one quantity, at the points that are named."""
    chosen = [row for row in rows if covers(failure.get("where", {}), row.at)]
    wanted = [expectation for expectation in claimed if expectation["quantity"] == failure["quantity"]]
    checks = check_arm(wanted, chosen, arm, tests)
    return [check for check in checks if check.finite] or checks[:1]


def fails(checks: Sequence[Check]) -> bool:
    """Say whether a control failed as named: at every point at least one check is missed, by a finite value."""
    return all(any(check.missed for check in checks if check.at == at) for at in {check.at for check in checks})


# Verdicts


def judge_claim(claim: Claim, scale: str, rows: Sequence[Observed]) -> tuple[list[Check], Judgement]:
    """Return the checks and the judgement of one claim from the rows that its simulation wrote."""
    expectations = claim.expectations(scale)
    by_arm = {arm: [row for row in rows if row.arm == arm] for arm in claim.kinds}
    tests = sum(sampled(expectations[arm]["observes"], by_arm[arm]) for arm in claim.kinds)
    own = {arm: check_arm(expectations[arm]["observes"], by_arm[arm], arm, tests) for arm in claim.kinds}
    named = {
        arm: [check_failure(one, expectations["claim"]["observes"], by_arm[arm], arm, tests) for one in rule["fails"]]
        for arm, rule in expectations.items()
    }
    checks = [check for arm in claim.kinds for group in (own[arm], *named[arm]) for check in group]
    return checks, _judgement(claim, own, named, _faults(claim, rows, own))


def _judgement(
    claim: Claim, own: Mapping[str, list[Check]], named: Mapping[str, list[list[Check]]], faults: list[str]
) -> Judgement:
    passing = [
        f"control {arm}: {checks[0].quantity} does not fail"
        for arm in named
        for checks in named[arm]
        if not fails(checks)
    ]
    unseen = {arm: next((check for check in own[arm] if not check.met), None) for arm in claim.kinds if arm != "claim"}
    absent = [
        f"{claim.kinds[arm]} {arm}: {check.quantity} is not as it must be" for arm, check in unseen.items() if check
    ]
    counterexamples = [arm for arm, kind in claim.kinds.items() if kind == "counterexample"]
    shown = [arm for arm in counterexamples if unseen[arm] is None]
    missed = [f"{check.quantity} is missed at {check.at}" for check in own["claim"] if check.missed]
    undecided = [f"{check.quantity} is undecided at {check.at}" for check in own["claim"] if not check.met]
    compared = sorted((check for check in own["claim"] if check.finite), key=lambda check: check.margin)
    margins = {arm: [check.margin for check in own[arm] if check.finite] for arm in claim.kinds}
    return Judgement(
        claim=claim.name,
        verdict=verdict([*faults, *passing, *absent], missed, undecided),
        worst_quantity=compared[0].quantity if compared else "",
        worst_margin=compared[0].margin if compared else None,
        control_failed=not passing,
        counterexample_shown=len(shown) == len(counterexamples) if counterexamples else None,
        margins={arm: min(found) for arm, found in margins.items() if found},
        shown=tuple(shown),
        reasons=tuple([*faults, *passing, *absent] or missed or undecided),
    )


def verdict(at_fault: Sequence[str], missed: Sequence[str], undecided: Sequence[str]) -> str:
    """Return the verdict of a claim from what is at fault, missed and undecided.

    A claim is our law in its true form: that it has counterexamples to a sentence makes it no less supported.
    """
    if at_fault:
        return "void"
    if missed:
        return "refuted"
    return "inconclusive" if undecided else "supported"


def _faults(claim: Claim, rows: Sequence[Observed], own: Mapping[str, list[Check]]) -> list[str]:
    """Return what is doubled, missing or not finite, a line each: no verdict can rest on such a table."""
    places = Counter((row.arm, row.quantity, row.at) for row in rows)
    doubled = [f"{arm}: {quantity} is reported {n} times at {at}" for (arm, quantity, at), n in places.items() if n > 1]
    empty = [f"{arm}: nothing is reported" for arm in claim.kinds if not any(row.arm == arm for row in rows)]
    holes = [check for checks in own.values() for check in checks if not check.finite]
    return [
        *doubled,
        *empty,
        *(f"{hole.arm}: {hole.quantity} is missing or not finite {hole.at}".strip() for hole in holes),
    ]


# Files


def judge(results: Path, recipes: Recipes) -> tuple[pd.DataFrame, dict[str, Judgement]]:
    """Return the checks and the judgement of every selected claim from its observations. Raises ``StorageError``."""
    table: list[dict[str, object]] = []
    judgements = {}
    for name in recipes.selected:
        rows = observed(read_sealed(results, "observations", name))
        checks, judgements[name] = judge_claim(recipes.claims[name], recipes.scale, rows)
        table += [{"claim": name, **vars(check)} for check in sorted(checks, key=_table_order)]
    return frame("checks", table), judgements


def write_judgements(results: Path, recipes: Recipes) -> dict[str, Judgement]:
    """Write ``checks.csv`` and ``judgements.json``, and return the judgements. Raises ``StorageError``."""
    checks, judgements = judge(results, recipes)
    judged = {name: (one.verdict, one.shown) for name, one in judgements.items()}
    rulings = {one.id: asdict(rule(one, recipes.claims, judged)) for one in recipes.text.statements}
    summary = {"claims": {name: asdict(one) for name, one in judgements.items()}, "statements": rulings}
    contents = {"checks.csv": csv_text(checks), "judgements.json": json_text(summary)}
    write_made(results, recipes.judging, contents)
    return judgements


def said(judgement: Judgement) -> str:
    """Return the verdict in a line, with what decided it where it is not as it should be."""
    return "; ".join([f"{judgement.claim}: {judgement.verdict}", *judgement.reasons])


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Judge the claims of a run, write both files and print the verdicts; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    options = parser.parse_args(arguments)
    judgements = write_judgements(options.results, found(options.results, options.scale, options.claims))
    print("\n".join(said(judgement) for judgement in judgements.values()))


def _numeric(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _same(found: str, wanted: str) -> bool:
    return found == wanted or _numeric(found) == _numeric(wanted)


def _table_order(check: Check) -> tuple[str, str, str, str]:
    return check.arm, check.quantity, check.at, check.relation


if __name__ == "__main__":
    main()
