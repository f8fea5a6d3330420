"""Figures and captions in; one HTML page of all figures out, each with a caption to copy and the files to take.

``python -m descent_audit.report.gallery --scale full --results results/full --output reports/full/figures.html`` also
writes ``captions/<claim>.rst`` below the results folder, the captions of Snakemake's own report.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from descent_audit.claims.catalogue import ROOT, Claim, Text, reading_order
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.figures.styles import REPORT, drawing
from descent_audit.records.storage import read_judgements
from descent_audit.report.inlining import inlined
from descent_audit.report.recipes import drawn, reports, write_pages
from descent_audit.report.wording import filled_caption, plain, title
from descent_audit.results import observed, read_sealed
from descent_audit.stages.programs import program, report_options

TEMPLATES = ROOT / "reports"
MARKUP = re.compile(r"([\\`*|_])")


def entry(claim: Claim, section: str, verdict: str, results: Path) -> dict[str, Any]:
    """Return what the page says about the figure of a claim. Raises ``StorageError``."""
    rows = observed(read_sealed(results, "observations", claim.name))
    return {
        "name": claim.name,
        "title": title(claim.name),
        "section": section,
        "statement": " ".join(claim.statement.split()),
        "condition": " ".join(claim.condition.split()),
        "verdict": verdict,
        "caption": plain(filled_caption(claim.figure["caption"], rows)),
        "picture": str(results / drawing(claim.name, REPORT, "svg")),
        "file": drawing(claim.name, REPORT, "svg"),
    }


def entries(claims: Mapping[str, Claim], text: Text, judged: Mapping[str, Any], results: Path) -> list[dict[str, Any]]:
    """Return an entry per claim that was run, in the chapter's order. Raises ``StorageError``."""
    sections = {statement.id: statement.section for statement in text.statements}
    return [
        entry(claims[name], sections[claims[name].audits[0]], judged[name]["verdict"], results)
        for name in reading_order(claims, text)
        if name in judged
    ]


def page(shown: Sequence[Mapping[str, Any]], scale: str, results: Path) -> str:
    """Return the page: its style, pictures and script are inside, so that it needs no other file.

    Raises ``StorageError`` where a picture cannot be read.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = [(section, list(group)) for section, group in groupby(shown, key=lambda one: one["section"])]
    template = environment.get_template("figures.html.jinja")
    return inlined(template.render(sections=sections, scale=scale, folder=str(results), verdicts=VERDICTS), TEMPLATES)


def caption_text(one: Mapping[str, Any]) -> str:
    """Return the caption of a figure in Snakemake's report, as reStructuredText that holds nothing to fill in."""
    symbol = VERDICTS[one["verdict"]].symbol
    texts = [f"{symbol} {one['verdict']}. {one['statement']}", f"Condition: {one['condition']}", one["caption"]]
    return "{% raw %}\n" + "\n\n".join(MARKUP.sub(r"\\\1", text) for text in texts) + "\n{% endraw %}\n"


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page and the captions; one line and exit code 1 for a fault."""
    options = report_options(__doc__, arguments)
    results, recipes = options.results, drawn(options.results, options.scale)
    claims = {name: recipes.claims[name] for name in recipes.selected}
    shown = entries(claims, recipes.text, read_judgements(results)["claims"], results)
    captions: dict[Path, str] = {results / "captions" / f"{one['name']}.rst": caption_text(one) for one in shown}
    gallery = page(shown, recipes.scale, results)
    write_pages(results, reports(recipes)["gallery"], {**captions, options.output: gallery})


if __name__ == "__main__":
    main()
