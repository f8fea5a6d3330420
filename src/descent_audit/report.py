"""Tables, figures and prose in; one HTML file and one PDF out.

``python -m descent_audit.report --scale full --results results/full --output reports/full/audit.html``, or ``.pdf``.
The prose is ``reports/audit.md.jinja``; it holds no digit of a result. Pandoc turns it into HTML, and Typst into PDF.
"""

import argparse
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import pypandoc
import typst

from descent_audit import explore
from descent_audit.catalogue import (
    REFERENCES,
    ROOT,
    Claim,
    check_scale,
    load_statements,
    read_claims,
    reading_order,
)
from descent_audit.identifiers import counted
from descent_audit.inlining import inlined
from descent_audit.programs import program
from descent_audit.storage import (
    CURVE_COLUMNS,
    OBSERVATION_COLUMNS,
    Row,
    number,
    read_json,
    read_sealed,
    read_table,
    reading_manifest,
    write_bytes,
    write_text,
)
from descent_audit.thumbnail import thumbnail
from descent_audit.unbound import unbound_prose
from descent_audit.upkeep import committed, fault_counts, reason_counts, speed
from descent_audit.validation import fault
from descent_audit.verdicts import VERDICTS
from descent_audit.wording import (
    bound,
    check_groups,
    escaped,
    filled_caption,
    shown_number,
    title,
    with_short_identifiers,
    without_identifiers,
)

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
SHORT = re.compile(r'class="bound" title="(\d+)"')
FINDINGS = 3


def findings(
    claims: Mapping[str, Claim], judged: Mapping[str, Any], verdicts: Mapping[str, str], checks: Sequence[Row]
) -> list[dict[str, Any]]:
    """Return the most surprising findings: refuted claims first, then counterexamples by margin, one per claim."""
    refuted = [(math.inf, name, "claim") for name, judgement in judged.items() if judgement["verdict"] == "refuted"]
    shown = [
        (judgement["margins"].get(arm, 0.0), name, arm)
        for name, judgement in judged.items()
        if judgement["verdict"] == "conditional"
        for arm in judgement["shown"]
    ]
    best: dict[str, dict[str, Any]] = {}
    for _, name, arm in sorted([*refuted, *shown], key=lambda entry: (-entry[0], *entry[1:])):
        best.setdefault(name, _finding(claims[name], arm, verdicts, checks))
    return list(best.values())[:FINDINGS]


def _finding(claim: Claim, arm: str, verdicts: Mapping[str, str], checks: Sequence[Row]) -> dict[str, Any]:
    statements = claim.audits if arm == "claim" else claim.bears_on(arm)
    groups = check_groups([row for row in checks if (row["claim"], row["arm"]) == (claim.name, arm)])
    return {
        "claim": claim.name,
        "arm": arm,
        "statement": next((one for one in statements if verdicts[one] in ("conditional", "refuted")), statements[0]),
        "shows": claim.statement if arm == "claim" else claim.expect[arm].get("shows", ""),
        "check": next(iter(groups), None),
    }


def contradicting(statement: Row, claims: Mapping[str, Claim], judged: Mapping[str, Any]) -> list[str]:
    """Return the claims that contradict a statement as worded, in its order: refuted, or by a counterexample."""
    return [
        name
        for name in statement["claims"].split(";")
        if name in judged
        if judged[name]["verdict"] == "refuted"
        or any(statement["id"] in claims[name].bears_on(arm) for arm in judged[name]["shown"])
    ]


def ledger_entry(
    statement: Row, claims: Mapping[str, Claim], judged: Mapping[str, Any], thumbnails: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the ledger adds to a statement.

    ``holds_when`` is the condition of the first claim that contradicts it, empty where none does; ``pictured`` names
    that claim, or the first of the others, that has a thumbnail; ``closest`` names the claim of the smallest
    ``margin`` in decades, which is ``None`` where no claim has one.
    """
    against, names = contradicting(statement, claims, judged), statement["claims"].split(";")
    margins = {name: judged[name]["worst_margin"] for name in names if name in judged}
    found = {name: margin for name, margin in margins.items() if margin is not None}
    closest = min(found, key=lambda name: found[name], default="")
    return {
        "holds_when": claims[against[0]].condition if against else "",
        "pictured": next((name for name in [*against, *names] if thumbnails.get(name)), ""),
        "closest": closest,
        "margin": found.get(closest),
    }


def claim_context(
    claim: Claim,
    judgement: Mapping[str, Any] | None,
    checks: Sequence[Row],
    rows: Sequence[Row],
    scale: str,
    figure: Path,
) -> dict[str, Any]:
    """Return all that the report says about one claim."""
    groups = check_groups(checks)
    arms = claim.arms(scale)
    parameters = arms[0].parameters
    return {
        "name": claim.name,
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
                "bears_on": claim.bears_on(arm.name) if arm.kind == "counterexample" else (),
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


def calibration_rows(rows: Sequence[Row], claims: Iterable[str]) -> list[dict[str, Any]]:
    """Return the table of runs under many seeds, for claims that still exist, with numbers as readers see them."""
    return [{**row, "uniform": shown_number(number(row["adjusted_p"]), 2)} for row in rows if row["claim"] in claims]


def verdicts_elsewhere(rows: Iterable[Row]) -> dict[str, dict[str, str]]:
    """Return by claim, then by variation, the verdicts that are not those of the reference run."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        for claim, _, verdict in (entry.partition("=") for entry in row["changed"].split(";") if entry):
            found.setdefault(claim, {})[row["variation"]] = verdict
    return found


def report_context(results: Path, scale: str) -> dict[str, Any]:
    """Return all that the template needs. Raises ``ConfigurationError`` or ``StorageError``."""
    claims, statements = read_claims(), load_statements()
    summary = read_json(results / "judgements.json")
    judged, verdicts = summary["claims"], summary["statements"]
    checks, rows = read_table(results / "checks.csv"), read_table(results / "statements.csv")
    stability, faults = committed(REFERENCE, "stability"), committed(REFERENCE, "faults")
    own_checks = {name: [row for row in checks if row["claim"] == name] for name in claims}
    observed = {name: read_sealed(results, "observations", name, OBSERVATION_COLUMNS) for name in judged}
    thumbnails = {
        name: thumbnail(claims[name], read_sealed(results, "curves", name, CURVE_COLUMNS), own_checks[name])
        for name in judged
    }
    contexts = {
        name: claim_context(
            claims[name],
            judged.get(name),
            own_checks[name],
            observed.get(name, []),
            scale,
            results / "figures" / f"{name}.svg",
        )
        for name in reading_order(claims, statements)
    }
    return {
        "scale": scale,
        "statements": rows,
        "sections": [(section, list(group)) for section, group in groupby(rows, key=lambda row: row["section"])],
        "by_id": {row["id"]: row for row in rows},
        "ledger": {row["id"]: ledger_entry(row, claims, judged, thumbnails) for row in rows},
        "thumbnails": thumbnails,
        "planned": {statement.id: statement.claims for statement in statements},
        "counts": {verdict: sum(found == verdict for found in verdicts.values()) for verdict in VERDICTS},
        "coverage": read_table(results / "coverage.csv"),
        "calibration": calibration_rows(committed(REFERENCE, "calibration"), claims),
        "stability": stability,
        "faults": fault_counts(faults),
        "reasons": reason_counts(faults),
        "speed": speed(BENCHMARKS),
        "elsewhere": verdicts_elsewhere(stability),
        "variations": VARIATIONS,
        "claims": contexts,
        "explore": explore.blocks([claims[name] for name in judged], results, scale),
        "run": len(judged),
        "controls": sum(
            arm["kind"] == "control" for one in contexts.values() if one["reasons"] is not None for arm in one["arms"]
        ),
        "findings": findings(claims, judged, verdicts, checks),
        "verdicts": VERDICTS,
        "provenance": provenance(read_json(results / "manifest.json")),
    }


def provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every number of a claim follows from, as the page shows it: seed, and digests by claim.

    Raises ``StorageError`` for a manifest that another version has written.
    """
    with reading_manifest():
        digests = {name: [made["config_digest"], made["code"]] for name, made in manifest["claims"].items()}
        return {"scale": manifest["scale"], "seed": manifest["seed"], "digests": digests}


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


def write_html(text: str, output: Path) -> None:
    """Write one HTML file that needs nothing else: formulas as MathML; pictures, style and scripts inside."""
    options = ["--standalone", "--mathml", "--section-divs", "--shift-heading-level-by=1", "--toc", "--toc-depth=3"]
    files = [f"--template={TEMPLATES / 'audit.html'}", f"--lua-filter={TEMPLATES / 'audit.lua'}"]
    short, identifiers = with_short_identifiers(text)
    arguments = [*CITED, *WIDE, *options, *files, "--metadata=lang:en"]
    page = pypandoc.convert_text(short, "html5", "markdown", extra_args=arguments)
    page = SHORT.sub(lambda match: f'class="bound" title="{escape(identifiers[int(match[1])])}"', page)
    page = page.replace("</head>", f"{explore.page_head()}</head>", 1)
    write_text(output, inlined(page, TEMPLATES))


def typst_source(text: str) -> str:
    """Return the report for print as Typst: a filter keeps the classes, CITATION.cff says who wrote it.

    What a number is bound to has no place on paper.
    """
    options = [
        *CITED,
        *WIDE,
        "--standalone",
        f"--template={TEMPLATES / 'audit.typ'}",
        f"--lua-filter={TEMPLATES / 'print.lua'}",
        f"--metadata-file={ROOT / 'CITATION.cff'}",
    ]
    return pypandoc.convert_text(without_identifiers(text), "typst", "markdown", extra_args=options)


def write_pdf(text: str, output: Path) -> None:
    """Write the same report as PDF, with the fonts that Typst carries, so that no machine's own are looked for.

    Paths of figures are relative to the folder that the pipeline runs in.
    """
    source: Any = typst_source(text).encode("utf-8")
    write_bytes(output, typst.compile(source, root=Path.cwd(), ignore_system_fonts=True))


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report in the form that the name of the output asks for; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    options = parser.parse_args(arguments)
    context = report_context(options.results, check_scale(options.scale))
    form = options.output.suffix.removeprefix(".")
    write = {"html": write_html, "pdf": write_pdf}[form]
    write(markdown(context, form), options.output)


def _counted(value: object, table: str, row: str, column: str) -> str:
    """Return a count as Markdown that carries its place in a table."""
    return bound(str(value), counted(table, row, column.replace(" ", "_")))


def _flow(value: object) -> str:
    """Return a parameter as Hydra reads it on the command line."""
    if isinstance(value, list):
        return "[" + ",".join(map(_flow, value)) + "]"
    return "true" if value is True else "false" if value is False else "null" if value is None else str(value)


if __name__ == "__main__":
    main()
