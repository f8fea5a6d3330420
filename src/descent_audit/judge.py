"""Observations and expectations in, checks and verdicts out: the only place that compares.

``python -m descent_audit.judge --scale full --results results/full`` judges every claim.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from descent_audit.catalogue import Claim, ConfigurationError, check_scale, load_claims, load_statements, select_claims
from descent_audit.observations import plain
from descent_audit.statistics import half_width
from descent_audit.storage import (
    OBSERVATION_COLUMNS,
    Row,
    StorageError,
    json_text,
    number,
    read_sealed,
    table_text,
    write_text,
)

CHECK_COLUMNS = (
    "claim",
    "arm",
    "quantity",
    "at",
    "relation",
    "value",
    "lower",
    "upper",
    "predicted",
    "tolerance",
    "met",
)
MONOTONE = ("increasing", "decreasing")
DECADES = 16.0
"""Margin of a check that is met or missed by an infinite factor: the decades that double precision resolves."""


@dataclass(frozen=True)
class Check:
    """One comparison of one measured number.

    ``lower`` and ``upper`` enclose the measured value (they equal it where it has no sampling error).
    ``tolerance`` is the deviation from ``predicted`` that ``close`` allows, and the bound itself of ``at_most``
    and ``at_least``. ``met`` is true only where the whole interval satisfies the relation, ``missed`` only
    where none of it does; in between the check is undecided. ``margin`` says in decades by which factor.
    """

    arm: str
    quantity: str
    at: str
    relation: str
    value: float
    lower: float
    upper: float
    predicted: float
    tolerance: float
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
    control_failed: bool | None
    counterexample_shown: bool | None
    margins: dict[str, float]
    shown: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def compare(expectation: Mapping[str, Any], row: Row, tests: int = 1) -> list[Check]:
    """Return the checks of one expectation on one observation: one, or two for ``between``.

    ``tests`` is the number of comparisons in the claim, for the width of the interval around a sampled value.
    """
    value, predicted = number(row["value"]), number(row["predicted"])
    width = half_width(number(row["standard_error"]), tests) if row["standard_error"] else 0.0
    bounds = {
        "between": [("at_least", expectation.get("lower")), ("at_most", expectation.get("upper"))],
    }.get(expectation["relation"], [(expectation["relation"], expectation.get("value"))])
    return [_one_check(relation, bound, expectation, row, (value, width, predicted)) for relation, bound in bounds]


def _one_check(
    relation: str, bound: float | None, expectation: Mapping[str, Any], row: Row, measured: tuple[float, float, float]
) -> Check:
    value, width, predicted = measured
    lower, upper = value - width, value + width
    match relation:
        case "at_most":
            tolerance = float(bound)  # type: ignore[arg-type]
            met, missed, margin = upper <= tolerance, lower > tolerance, decades(tolerance, upper)
        case "at_least":
            tolerance = float(bound)  # type: ignore[arg-type]
            met, missed, margin = lower >= tolerance, upper < tolerance, decades(lower, tolerance)
        case "close" | "equal":
            predicted = predicted if bound is None else float(bound)
            tolerance = expectation.get("absolute", 0.0) + expectation.get("relative", 0.0) * abs(predicted)
            furthest = max(abs(lower - predicted), abs(upper - predicted))
            nearest = max(lower - predicted, predicted - upper, 0.0)
            met, missed, margin = furthest <= tolerance, nearest > tolerance, decades(tolerance, furthest)
        case _:
            raise ValueError(f"relation: found {relation!r}")
    finite = math.isfinite(value) and math.isfinite(width) and math.isfinite(tolerance)
    return Check(
        row["arm"], row["quantity"], row["at"], relation, value, lower, upper, predicted, tolerance,
        met=finite and met, missed=finite and missed, margin=margin if finite else math.nan,
    )  # fmt: skip


def decades(allowed: float, found: float) -> float:
    """Return log10(allowed / found), or the limit of double precision where the ratio has no logarithm."""
    if allowed > 0 and found > 0:
        return max(-400.0, min(400.0, math.log10(allowed) - math.log10(found)))
    if allowed < 0 and found < 0:
        return decades(-found, -allowed)
    return math.copysign(DECADES, allowed - found) if allowed != found else DECADES


def monotone(relation: str, along: str, rows: Sequence[Row], tests: int = 1) -> Check:
    """Return the check that values rise (or fall) strictly along a parameter, each step beyond its uncertainty.

    The value of the check is the smallest step in the wanted direction, which must be above zero; its interval
    comes from the standard errors of the two neighbours. Rows without the parameter are not finite.
    """
    ordered = sorted(rows, key=lambda row: _numeric(point(row["at"]).get(along, "")))
    sign = 1.0 if relation == "increasing" else -1.0
    values = [number(row["value"]) for row in ordered]
    errors = [number(row["standard_error"]) if row["standard_error"] else 0.0 for row in ordered]
    steps = [
        (sign * (after - before), half_width(math.hypot(first, second), tests))
        for before, after, first, second in zip(values, values[1:], errors, errors[1:], strict=False)
    ]
    placed = all(math.isfinite(_numeric(point(row["at"]).get(along, ""))) for row in rows)
    finite = placed and len(values) > 1 and all(map(math.isfinite, values))
    step, width = min(steps, key=lambda entry: entry[0] - entry[1]) if finite else (math.nan, 0.0)
    return Check(
        rows[0]["arm"], rows[0]["quantity"], f"along={along}", relation, step, step - width, step + width, math.nan, 0.0,
        met=step - width > 0, missed=step + width <= 0, margin=decades(step - width, 0.0) if finite else math.nan,
    )  # fmt: skip


def point(at: str) -> dict[str, str]:
    """Return the parameter point of a row as a mapping of texts."""
    return dict(part.split("=", 1) for part in at.split(";") if part)


def covers(where: Mapping[str, Any], at: str) -> bool:
    """Say whether a parameter point has, for each key of ``where``, the value or one of the values given."""
    found = point(at)
    return all(
        key in found
        and any(_same(found[key], plain(wanted)) for wanted in (values if isinstance(values, list) else [values]))
        for key, values in where.items()
    )


def check_arm(expectations: Iterable[Mapping[str, Any]], rows: Sequence[Row], arm: str, tests: int) -> list[Check]:
    """Return the checks of all expectations on the rows of one arm; a missing quantity is a check that is not met."""
    checks: list[Check] = []
    for expectation in expectations:
        covered = [
            row
            for row in rows
            if row["quantity"] == expectation["quantity"] and covers(expectation.get("where", {}), row["at"])
        ]
        relation = expectation["relation"]
        if not covered:
            nothing = (math.nan,) * 5
            checks.append(
                Check(arm, expectation["quantity"], "", relation, *nothing, met=False, missed=False, margin=math.nan)
            )
        elif relation in MONOTONE:
            checks.append(monotone(relation, expectation["along"], covered, tests))
        else:
            checks += [check for row in covered for check in compare(expectation, row, tests)]
    return checks


def judge_claim(claim: Claim, scale: str, rows: Sequence[Row]) -> tuple[list[Check], Judgement]:
    """Return the checks and the judgement of one claim from the rows that its simulation wrote."""
    expectations = claim.expectations(scale)
    tests = len(rows)
    by_arm = {arm: [row for row in rows if row["arm"] == arm] for arm in claim.kinds}
    own = {arm: check_arm(expectations[arm]["observes"], by_arm[arm], arm, tests) for arm in claim.kinds}
    named = {
        arm: [
            _failures(entry, expectations["claim"]["observes"], by_arm[arm], arm, tests)
            for entry in expectations[arm]["fails"]
        ]
        for arm in claim.kinds
    }
    checks = [check for arm in claim.kinds for check in [*own[arm], *(one for group in named[arm] for one in group)]]
    return checks, _judgement(claim, rows, own, named)


def _failures(
    entry: Mapping[str, Any], claimed: Iterable[Mapping[str, Any]], rows: Sequence[Row], arm: str, tests: int
) -> list[Check]:
    """Return the checks that a control must miss: the claim's expectations on one quantity, at the points named."""
    chosen = [row for row in rows if covers(entry.get("where", {}), row["at"])]
    wanted = [expectation for expectation in claimed if expectation["quantity"] == entry["quantity"]]
    found = [check for one in wanted for check in check_arm([one], chosen, arm, tests) if not math.isnan(check.value)]
    if found:
        return found
    return check_arm([{"quantity": entry["quantity"], "relation": wanted[0]["relation"]}], [], arm, tests)


def _judgement(
    claim: Claim, rows: Sequence[Row], own: Mapping[str, list[Check]], named: Mapping[str, list[list[Check]]]
) -> Judgement:
    kinds = claim.kinds
    controls = [arm for arm, kind in kinds.items() if kind == "control"]
    counterexamples = [arm for arm, kind in kinds.items() if kind == "counterexample"]
    passing = [
        f"control {arm}: {group[0].quantity} does not fail"
        for arm in controls
        for group in named[arm]
        if not _all_missed(group)
    ]
    absent = [arm for arm in kinds if kinds[arm] in ("case", "control") and not all(check.met for check in own[arm])]
    shown = [arm for arm in counterexamples if all(check.met for check in own[arm])]
    at_fault = [
        *_not_comparable(claim, rows, own),
        *passing,
        *(f"{kinds[arm]} {arm}: not observed ({_first_unmet(own[arm])})" for arm in absent),
        *(
            f"counterexample {arm}: not observed ({_first_unmet(own[arm])})"
            for arm in counterexamples
            if arm not in shown
        ),
    ]
    claimed = own["claim"]
    missed = [f"{check.quantity} {check.at}: missed".replace(" :", ":") for check in claimed if check.missed]
    undecided = [
        f"{check.quantity} {check.at}: undecided".replace(" :", ":")
        for check in claimed
        if not check.met and not check.missed
    ]
    worst = min(
        (check for check in claimed if not math.isnan(check.margin)), key=lambda check: check.margin, default=None
    )
    verdict = (
        "void" if at_fault else "refuted" if missed else "inconclusive" if undecided
        else "conditional" if counterexamples else "supported"
    )  # fmt: skip
    return Judgement(
        claim.name,
        verdict,
        worst.quantity if worst else "",
        worst.margin if worst else None,
        not passing,
        len(shown) == len(counterexamples) if counterexamples else None,
        {arm: min(finite) for arm in kinds if (finite := [c.margin for c in own[arm] if not math.isnan(c.margin)])},
        tuple(shown),
        tuple(at_fault or missed or undecided),
    )


def _not_comparable(claim: Claim, rows: Sequence[Row], own: Mapping[str, list[Check]]) -> list[str]:
    """Return what is missing, doubled or not finite, a line each: no verdict can rest on such a table."""
    places = Counter((row["arm"], row["quantity"], row["at"]) for row in rows)
    doubled = [
        f"{arm}: {quantity} {at} is reported {count} times"
        for (arm, quantity, at), count in places.items()
        if count > 1
    ]
    empty = [f"{arm}: nothing is reported" for arm in claim.kinds if not any(row["arm"] == arm for row in rows)]
    holes = [
        f"{arm}: {check.quantity} {check.at} is missing or not finite"
        for arm, checks in own.items()
        for check in checks
        if not (math.isfinite(check.value) and math.isfinite(check.upper) and math.isfinite(check.tolerance))
    ]
    return [*doubled, *empty, *holes]


def _all_missed(group: Sequence[Check]) -> bool:
    """Say whether a control failed as named: at every point at least one check is missed, by a finite value.

    Several expectations may speak of one quantity; the control breaks the expectation where it misses any.
    """
    points = {check.at for check in group}
    return all(any(check.missed for check in group if check.at == at) for at in points)


def _first_unmet(checks: Sequence[Check]) -> str:
    check = next(check for check in checks if not check.met)
    return f"{check.quantity} {check.at}".strip()


def statement_verdict(verdicts: Sequence[str], contradicted: bool) -> str:
    """Return the verdict of a statement from those of its claims; ``contradicted`` says that a counterexample bears on it.

    Refuted, void or inconclusive if any claim is, in this order; then conditional if it is contradicted. A claim that
    was not run adds nothing; where none was run there is no verdict, where no claim exists the statement is not audited.
    """
    run = [verdict for verdict in verdicts if verdict != "not run"]
    if not run:
        return "not run" if verdicts else "not audited"
    worst = next((verdict for verdict in ("refuted", "void", "inconclusive") if verdict in run), None)
    return worst or ("conditional" if contradicted else "supported")


def judge_statements(
    claims: Mapping[str, Claim], judgements: Mapping[str, Judgement], ids: Iterable[str]
) -> dict[str, str]:
    """Return the verdict of every statement by its id."""
    verdicts = {}
    for statement in ids:
        auditing = [name for name, claim in claims.items() if statement in claim.audits]
        contradicted = any(
            statement in claims[name].bears_on(arm)
            for name in auditing
            if name in judgements
            for arm in judgements[name].shown
        )
        found = [judgements[name].verdict if name in judgements else "not run" for name in auditing]
        verdicts[statement] = statement_verdict(found, contradicted)
    return verdicts


def judge(results: Path, scale: str, names: Sequence[str]) -> tuple[str, str]:
    """Return ``checks.csv`` and ``judgements.json`` as text from the observations of the named claims."""
    claims = load_claims()
    rows = {name: read_sealed(results, "observations", name, OBSERVATION_COLUMNS) for name in names}
    judged = {name: judge_claim(claims[name], scale, rows[name]) for name in names}
    table = [
        {"claim": name, **asdict(check)}
        for name, (checks, _) in judged.items()
        for check in sorted(checks, key=_table_order)
    ]
    judgements = {name: judgement for name, (_, judgement) in judged.items()}
    statements = judge_statements(claims, judgements, [statement.id for statement in load_statements()])
    summary = {"claims": {name: asdict(judgement) for name, judgement in judgements.items()}, "statements": statements}
    return table_text(CHECK_COLUMNS, table), json_text(summary)


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge the claims of a run and write both files; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    options = parser.parse_args(arguments)
    try:
        checks, judgements = judge(options.results, check_scale(options.scale), select_claims(options.claims))
        write_text(options.results / "checks.csv", checks)
        write_text(options.results / "judgements.json", judgements)
    except (ConfigurationError, StorageError) as error:
        sys.exit(str(error))


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
