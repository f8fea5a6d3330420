"""The report on a screen: one HTML file that needs nothing else.

``python -m descent_audit.report.page --scale full --results results/full --output reports/full/audit.html``. Pandoc
turns the report's Markdown into HTML. Small pictures, widgets and the chain behind every number are here and not on
paper.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pypandoc

from descent_audit.claims.catalogue import Claim
from descent_audit.records.made import check_made
from descent_audit.records.storage import read_json, reading_manifest
from descent_audit.report import explore
from descent_audit.report.content import (
    CITED,
    TEMPLATES,
    WIDE,
    Audit,
    markdown,
    read_audit,
    report_context,
)
from descent_audit.report.inlining import inlined
from descent_audit.report.recipes import drawn, reports, write_pages
from descent_audit.report.thumbnail import thumbnail
from descent_audit.report.wording import with_short_identifiers
from descent_audit.results import frame, read_sealed
from descent_audit.stages.programs import program, report_options

SHORT = re.compile(r'class="bound" title="(\d+)"')


def page_context(audit: Audit, results: Path, scale: str) -> dict[str, Any]:
    """Return all that the template needs for a page. Raises ``StorageError``."""
    context = report_context(audit, results, scale)
    thumbnails = {
        name: thumbnail(
            audit.claims[name],
            read_sealed(results, "curves", name),
            audit.checks.get(name, frame("checks", ())),
        )
        for name in audit.judged
    }
    return context | {
        "thumbnails": thumbnails,
        "pictured": {
            row["id"]: pictured(row, context["ledger"][row["id"]], thumbnails) for row in context["statements"]
        },
        "explore": explore.blocks([audit.claims[name] for name in audit.judged], results, scale),
        "provenance": provenance(read_json(results / "manifest.json"), audit.claims),
    }


def pictured(statement: Mapping[str, Any], entry: Mapping[str, Any], thumbnails: Mapping[str, str]) -> str:
    """Return the claim whose picture the ledger shows: the first that speaks against the statement, or else of all.

    It is empty where none of them has a picture.
    """
    names = [*(one["claim"] for one in entry["against"]), *statement["claims"].split(";")]
    return next((name for name in names if thumbnails.get(name)), "")


def provenance(manifest: Mapping[str, Any], claims: Mapping[str, Claim]) -> dict[str, Any]:
    """Return what every number of a claim follows from, as the page shows it: seed, and by claim its file and digests.

    Raises ``StorageError`` for a manifest that another version has written.
    """
    with reading_manifest():
        origins = {
            name: {"file": claims[name].file, "parameters": made["config_digest"], "code": made["code"]}
            for name, made in manifest["claims"].items()
        }
        return {"scale": manifest["scale"], "seed": manifest["seed"], "origins": origins}


def html(text: str) -> str:
    """Return the page of a report in Markdown: formulas as MathML; pictures, style and scripts inside.

    Raises ``StorageError`` where a picture is missing.
    """
    options = ["--standalone", "--mathml", "--section-divs", "--shift-heading-level-by=1", "--toc", "--toc-depth=3"]
    files = [f"--template={TEMPLATES / 'audit.html'}", f"--lua-filter={TEMPLATES / 'audit.lua'}"]
    short, identifiers = with_short_identifiers(text)
    arguments = [*CITED, *WIDE, *options, *files, "--metadata=lang:en"]
    page = pypandoc.convert_text(short, "html5", "markdown", extra_args=arguments)
    page = SHORT.sub(lambda match: f'class="bound" title="{escape(identifiers[int(match[1])])}"', page)
    page = page.replace("</head>", f"{explore.page_head()}</head>", 1)
    return inlined(page, TEMPLATES)


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page; one line and exit code 1 for a fault."""
    options = report_options(__doc__, arguments)
    results, recipes = options.results, drawn(options.results, options.scale)
    check_made(results, recipes.manifest)
    text = markdown(page_context(read_audit(results), results, recipes.scale), "html")
    write_pages(results, reports(recipes)["page"], {options.output: html(text)})


if __name__ == "__main__":
    main()
