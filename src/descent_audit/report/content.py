"""What the report says, as Pandoc's Markdown: facts from the tables, in the prose of ``reports/audit.md.jinja``.

The prose holds no digit of a result. ``page`` makes one HTML file of it, ``paper`` and ``typeset`` one PDF.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pandas as pd

from descent_audit.claims.catalogue import (
    REFERENCES,
    ROOT,
    Claim,
    Statement,
    Text,
    load_text,
    read_claims,
    reading_order,
)
from descent_audit.claims.identifiers import counted
from descent_audit.claims.unbound import unbound_prose
from descent_audit.claims.validation import fault
from descent_audit.claims.verdicts import FORCES, VERDICTS
from descent_audit.records.storage import read_judgements
from descent_audit.report.upkeep import (
    calibration_rows,
    fault_counts,
    reason_counts,
    speed,
    verdicts_elsewhere,
)
from descent_audit.report.wording import bound, check_groups, escaped, filled_caption, shown_number, title
from descent_audit.results import Observed, frame, observed, read, read_sealed

TEMPLATES = ROOT / "reports"
PROSE = "audit.md.jinja"
REFERENCE = TEMPLATES / "reference"
BENCHMARKS = ROOT / "benchmarks" / "results"
VARIATIONS = {
    "process": "in one process, without the workflow",
    "threads": "with two BLAS threads",
    "single": "with points and states rounded to single precision after every update",
    "oldest": "with the oldest supported NumPy",
    "newest": "with the newest NumPy",
}
"""What a run for the table of stability did otherwise."""
CITED = ["--citeproc", f"--bibliography={REFERENCES}"]
"""Options with which Pandoc turns keys into citations and writes the list of references."""
WIDE = ["--columns=1", "--wrap=none"]
"""Options with which every table is as wide as the text, however short its rows are."""


class Audit(NamedTuple):
    """What a run has found: judgements of ``claims`` by name, rulings on statements by id, ``checks`` by claim."""

    claims: Mapping[str, Claim]
    text: Text
    judged: Mapping[str, Any]
    rulings: Mapping[str, Any]
    checks: Mapping[str, pd.DataFrame]


def read_audit(results: Path) -> Audit:
    """Return what a run has found. Raises ``ConfigurationError`` or ``StorageError``."""
    summary = read_judgements(results)
    checks = {str(name): table for name, table in read(results / "checks.csv").groupby("claim")}
    return Audit(read_claims(), load_text(), summary["claims"], summary["statements"], checks)


def corrections(audit: Audit) -> list[dict[str, Any]]:
    """Return the statements that need another wording, the text's findings first, then in its order.

    Each with the words that are false, the first observed arm that shows it, and what that arm shows.
    """
    against = [one for one in audit.text.statements if audit.rulings[one.id]["verdict"] in ("conditional", "refuted")]
    leading = {name: place for place, name in enumerate(audit.text.findings)}
    return [_correction(one, audit) for one in sorted(against, key=lambda one: leading.get(one.id, len(leading)))]


def _correction(statement: Statement, audit: Audit) -> dict[str, Any]:
    ruling = audit.rulings[statement.id]
    name, _, arm = (*ruling["refuted_by"], *ruling["contradicted_by"])[0].partition("/")
    claim = audit.claims[name]
    return {
        "id": statement.id,
        "better": statement.better,
        "words": {**claim.contradicts(arm), **claim.refutes(arm)}[statement.id],
        "claim": name,
        "arm": arm,
        "shows": claim.expect[arm].get("shows", ""),
    }


def ledger_entry(statement: Mapping[str, Any], audit: Audit) -> dict[str, Any]:
    """Return what the ledger adds to a statement.

    ``against`` and ``limits`` have for each arm its claim and what it shows; ``closest`` names the claim of the
    smallest ``margin`` in decades, which is ``None`` where no claim has one.
    """
    margins = {
        name: audit.judged[name]["worst_margin"] for name in statement["claims"].split(";") if name in audit.judged
    }
    found = {name: margin for name, margin in margins.items() if margin is not None}
    closest = min(found, key=lambda name: found[name], default="")
    ruling = audit.rulings[statement["id"]]
    return {
        "against": [_shown(place, audit) for place in (*ruling["refuted_by"], *ruling["contradicted_by"])],
        "limits": [_shown(place, audit) for place in ruling["limits"]],
        "closest": closest,
        "margin": found.get(closest),
    }


def _shown(place: str, audit: Audit) -> dict[str, str]:
    """Return the claim of an arm ``claim/arm`` and what the arm shows."""
    name, _, arm = place.partition("/")
    return {"claim": name, "shows": audit.claims[name].expect[arm].get("shows", "")}


def claim_context(
    claim: Claim,
    judgement: Mapping[str, Any] | None,
    checks: pd.DataFrame,
    rows: Sequence[Observed],
    scale: str,
    figure: Path,
) -> dict[str, Any]:
    """Return all that the report says about one claim."""
    groups = check_groups(checks)
    arms = claim.arms(scale)
    parameters = arms[0].parameters
    return {
        "name": claim.name,
        "choice": claim.choice,
        "file": claim.file,
        "title": title(claim.name),
        "claim": claim,
        "verdict": judgement["verdict"] if judgement else "not run",
        "reasons": judgement["reasons"] if judgement else [],
        "checks": [group for group in groups if group["arm"] == "claim"],
        "arms": [
            {
                "name": arm.name,
                "kind": arm.kind,
                "shows": claim.expect[arm.name].get("shows", ""),
                "fails": [entry["quantity"] for entry in claim.expect[arm.name].get("fails", [])],
                "contradicts": claim.contradicts(arm.name),
                "refutes": claim.refutes(arm.name),
                "limits": claim.limits(arm.name),
                "checks": [group for group in groups if group["arm"] == arm.name],
            }
            for arm in arms[1:]
        ],
        "caption": filled_caption(claim.figure["caption"], rows),
        "figure": figure,
        "strip": figure.with_name(f"{claim.name}_strip.svg") if "strip" in claim.figure else None,
        "parameters": parameters,
        "override": next(((k, v) for k, v in parameters.items() if isinstance(v, int | float)), None)
        or next(iter(parameters.items())),
    }


def report_context(audit: Audit, results: Path, scale: str) -> dict[str, Any]:
    """Return all that the template needs in every form. Raises ``StorageError``."""
    claims, text, judged, rulings, checks = audit
    rows = read(results / "statements.csv").to_dict("records")
    stability, faults = read(REFERENCE / "stability.csv"), read(REFERENCE / "faults.csv")
    calibration = read(REFERENCE / "calibration.csv")
    rows_of = {name: observed(read_sealed(results, "observations", name)) for name in judged}
    contexts = {
        name: claim_context(
            claims[name],
            judged.get(name),
            checks.get(name, frame("checks", ())),
            rows_of.get(name, []),
            scale,
            results / "figures" / f"{name}.svg",
        )
        for name in reading_order(claims, text)
    }
    return {
        "scale": scale,
        "statements": rows,
        "sections": [(section, list(group)) for section, group in groupby(rows, key=lambda row: row["section"])],
        "by_id": {row["id"]: row for row in rows},
        "ledger": {row["id"]: ledger_entry(row, audit) for row in rows},
        "text": text,
        "forces": FORCES,
        "counts": {verdict: sum(one["verdict"] == verdict for one in rulings.values()) for verdict in VERDICTS},
        "coverage": read(results / "coverage.csv").to_dict("records"),
        "calibration": calibration_rows(calibration, claims).to_dict("records"),
        "stability": stability.to_dict("records"),
        "faults": fault_counts(faults).to_dict("records"),
        "reasons": reason_counts(faults).to_dict("records"),
        "speed": speed(BENCHMARKS),
        "elsewhere": verdicts_elsewhere(stability),
        "variations": VARIATIONS,
        "claims": contexts,
        "run": len(judged),
        "controls": sum(
            arm["kind"] == "control" for one in contexts.values() if one["reasons"] is not None for arm in one["arms"]
        ),
        "corrections": corrections(audit),
        "verdicts": VERDICTS,
    }


def markdown(context: Mapping[str, Any], form: str) -> str:
    """Return the report as Pandoc's Markdown, for ``html`` or ``pdf``.

    Raises ``ConfigurationError`` where a digit stands in the template's own prose.
    """
    for digits in unbound_prose((TEMPLATES / PROSE).read_text(encoding="utf-8")):
        raise fault(f"reports/{PROSE}", "prose", f"the number {digits}", "numbers from tables, in expressions")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters.update(
        bound=bound, counted=_counted, escaped=escaped, title=title, number=shown_number, yaml=_flow
    )
    return environment.get_template(PROSE).render(**context, form=form)


def _counted(value: object, table: str, row: str, column: str) -> str:
    """Return a count as Markdown that carries its place in a table."""
    return bound(str(value), counted(table, row, column.replace(" ", "_")))


def _flow(value: object) -> str:
    """Return a parameter as Hydra reads it on the command line."""
    if isinstance(value, list):
        return "[" + ",".join(map(_flow, value)) + "]"
    return "true" if value is True else "false" if value is False else "null" if value is None else str(value)
