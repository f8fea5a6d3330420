"""Tables, figures and prose in; one HTML file and one PDF out.

``python -m descent_audit.report --scale full --results results/full --output reports/full/audit.html``, or ``.pdf``.
The prose is ``reports/audit.md.jinja``; it holds no digit of a result. Pandoc turns it into HTML, and Typst into PDF.
"""

import argparse
import base64
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import pypandoc
import typst

from descent_audit.catalogue import ROOT, Claim, ConfigurationError, check_scale, load_claims, load_statements
from descent_audit.storage import (
    OBSERVATION_COLUMNS,
    Row,
    StorageError,
    number,
    read_json,
    read_sealed,
    read_table,
    write_bytes,
    write_text,
)
from descent_audit.verdicts import VERDICTS

TEMPLATES = ROOT / "reports"
RELATIONS = {
    "close": "within", "equal": "exactly", "at_most": "at most", "at_least": "at least",
    "increasing": "increasing", "decreasing": "decreasing",
}  # fmt: skip
PLACEHOLDER = re.compile(r"\{(?:(\w+)/)?(\w+)(?:\[([^\]]*)\])?(?:\|(predicted|max|min))?\}")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#$|~^])")
FINDINGS = 3


def shown_number(value: float, digits: int = 6) -> str:
    """Return a number as Markdown: plain where that is short, else a power of ten as mathematics."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits}g}".replace("-", "−")
    mantissa, exponent = f"{value:.{min(digits, 3) - 1}e}".split("e")
    return rf"${float(mantissa):g}\times10^{{{int(exponent)}}}$"


def escaped(text: str) -> str:
    """Return plain text with the characters escaped that Markdown would take as markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def title(name: str) -> str:
    """Return a claim's name as a heading."""
    return name.replace("_", " ").capitalize()


def filled_caption(caption: str, rows: Sequence[Row]) -> str:
    """Return a caption with its placeholders replaced by measured (or predicted) numbers.

    ``{quantity}``, ``{arm/quantity}``, ``{quantity[key=value]}``, with ``|predicted``, ``|max`` or ``|min``. A number
    that was not observed, or of which there are several without ``max`` or ``min``, becomes a dash.
    """

    def found(match: re.Match[str]) -> str:
        arm, quantity, point, kind = match.groups()
        wanted = set((point or "").split(";")) - {""}
        column = "predicted" if kind == "predicted" else "value"
        values = {
            number(row[column])
            for row in rows
            if row["arm"] == (arm or "claim") and row["quantity"] == quantity and wanted <= set(row["at"].split(";"))
        }
        if not values or (len(values) > 1 and kind not in ("max", "min")):
            return "–"
        return shown_number(min(values) if kind == "min" else max(values), 4)

    pieces, end = [], 0
    for match in PLACEHOLDER.finditer(caption):
        pieces += [escaped(f"x{caption[end : match.start()]}x")[1:-1], found(match)]
        end = match.end()
    return "".join([*pieces, escaped(f"x{caption[end:]}x")[1:-1]])


def check_groups(checks: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a row per arm, quantity and relation, with the point that is nearest to failing."""
    keys = ("arm", "quantity", "relation")
    groups = groupby(
        sorted(checks, key=lambda row: [row[key] for key in keys]), key=lambda row: [row[key] for key in keys]
    )
    return [_check_group(list(group)) for _, group in groups]


def _check_group(group: Sequence[Row]) -> dict[str, Any]:
    worst = max(group, key=_excess)
    value, predicted, tolerance = (number(worst[key]) for key in ("value", "predicted", "tolerance"))
    half = (number(worst["upper"]) - number(worst["lower"])) / 2
    relation = worst["relation"]
    bound = "" if relation in ("equal", "increasing", "decreasing") else f" {shown_number(tolerance, 3)}"
    target = {"close": f" of {shown_number(predicted)}", "equal": f" {shown_number(predicted)}"}.get(relation, "")
    ordered = relation in ("increasing", "decreasing")
    return {
        "arm": worst["arm"],
        "quantity": worst["quantity"],
        "points": len(group),
        "met": sum(row["met"] == "true" for row in group),
        "at": worst["at"].replace(";", ", "),
        "measured": ("steps from " if ordered else "")
        + shown_number(value)
        + (f" ± {shown_number(half, 2)}" if half > 0 else ""),
        "predicted": shown_number(predicted),
        "deviation": shown_number(abs(value - predicted), 2) if relation in ("close", "equal") else "",
        "allowed": RELATIONS[relation] + bound,
        "required": RELATIONS[relation] + bound + target,
    }


def _excess(row: Row) -> float:
    """Return how far a check is from being met, in units of its tolerance; larger is worse, missing is worst."""
    value, predicted, tolerance = (number(row[key]) for key in ("value", "predicted", "tolerance"))
    match row["relation"]:
        case "close" | "equal":
            excess = abs(value - predicted) / tolerance if tolerance else abs(value - predicted)
        case "at_most":
            excess = value - tolerance
        case "at_least":
            excess = tolerance - value
        case _:
            excess = -value
    return math.inf if math.isnan(excess) else excess


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


def holds_when(statement: Row, claims: Mapping[str, Claim], judged: Mapping[str, Any]) -> str:
    """Return the condition of the first claim that contradicts a statement as worded; empty where none does."""
    return next(
        (
            claims[name].condition
            for name in statement["claims"].split(";")
            if name in judged
            if judged[name]["verdict"] == "refuted"
            or any(statement["id"] in claims[name].bears_on(arm) for arm in judged[name]["shown"])
        ),
        "",
    )


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
        "parameters": parameters,
        "override": next(((k, v) for k, v in parameters.items() if isinstance(v, int | float)), None)
        or next(iter(parameters.items())),
    }


def report_context(results: Path, scale: str) -> dict[str, Any]:
    """Return all that the template needs. Raises ``ConfigurationError`` or ``StorageError``."""
    claims, statements = load_claims(), load_statements()
    summary = read_json(results / "judgements.json")
    judged, verdicts = summary["claims"], summary["statements"]
    checks, rows = read_table(results / "checks.csv"), read_table(results / "statements.csv")
    observed = {name: read_sealed(results, "observations", name, OBSERVATION_COLUMNS) for name in judged}
    contexts = {
        name: claim_context(
            claims[name],
            judged.get(name),
            [row for row in checks if row["claim"] == name],
            observed.get(name, []),
            scale,
            results / "figures" / f"{name}.svg",
        )
        for name in _reading_order(claims, statements)
    }
    return {
        "scale": scale,
        "statements": rows,
        "sections": [(section, list(group)) for section, group in groupby(rows, key=lambda row: row["section"])],
        "by_id": {row["id"]: row for row in rows},
        "holds_when": {row["id"]: holds_when(row, claims, judged) for row in rows},
        "planned": {statement.id: statement.claims for statement in statements},
        "counts": {verdict: sum(found == verdict for found in verdicts.values()) for verdict in VERDICTS},
        "coverage": read_table(results / "coverage.csv"),
        "claims": contexts,
        "run": len(judged),
        "controls": sum(
            arm["kind"] == "control" for one in contexts.values() if one["reasons"] is not None for arm in one["arms"]
        ),
        "findings": findings(claims, judged, verdicts, checks),
        "verdicts": VERDICTS,
    }


def markdown(context: Mapping[str, Any], form: str) -> str:
    """Return the report as Pandoc's Markdown, for ``html`` or ``pdf``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters.update(escaped=escaped, title=title, number=shown_number, yaml=_flow)
    return environment.get_template("audit.md.jinja").render(**context, form=form)


def write_html(text: str, output: Path) -> None:
    """Write one HTML file that needs nothing else: formulas as MathML, pictures and style inside.

    Pictures are put in here and not by Pandoc, whose memory grows with several times their size.
    """
    options = ["--standalone", "--mathml", "--section-divs", "--css=audit.css", "--metadata=lang:en"]
    page = pypandoc.convert_text(text, "html5", "markdown", extra_args=options)
    style = (TEMPLATES / "audit.css").read_text(encoding="utf-8")
    page = page.replace('<link rel="stylesheet" href="audit.css" />', f"<style>\n{style}</style>")
    write_text(output, re.sub(r'src="([^":]+\.svg)"', lambda match: f'src="{_data_link(Path(match[1]))}"', page))


def _data_link(picture: Path) -> str:
    try:
        return f"data:image/svg+xml;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    except OSError as error:
        raise StorageError(f"{picture}: cannot be read ({error.strerror})") from None


def write_pdf(text: str, output: Path) -> None:
    """Write the same report as PDF. Paths of figures are relative to the folder that the pipeline runs in."""
    options = ["--standalone", f"--template={TEMPLATES / 'audit.typ'}"]
    source = pypandoc.convert_text(text, "typst", "markdown", extra_args=options)
    write_bytes(output, typst.compile(source.encode("utf-8"), root=Path.cwd()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report in the form that the name of the output asks for; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    options = parser.parse_args(arguments)
    try:
        context = report_context(options.results, check_scale(options.scale))
        form = options.output.suffix.removeprefix(".")
        write = {"html": write_html, "pdf": write_pdf}[form]
        write(markdown(context, form), options.output)
    except (ConfigurationError, StorageError) as error:
        sys.exit(str(error))


def _reading_order(claims: Mapping[str, Claim], statements: Iterable[Any]) -> list[str]:
    """Return the claims in the order in which the chapter's statements first name them."""
    order = [statement.id for statement in statements]
    return sorted(claims, key=lambda name: (order.index(claims[name].audits[0]), name))


def _flow(value: object) -> str:
    """Return a parameter as Hydra reads it on the command line."""
    if isinstance(value, list):
        return "[" + ",".join(map(_flow, value)) + "]"
    return "true" if value is True else "false" if value is False else "null" if value is None else str(value)


if __name__ == "__main__":
    main()
