"""The report on paper, as Typst that ``typeset`` makes a PDF of.

``python -m descent_audit.report.paper --scale full --results results/full --output results/full/audit.typ``. Pandoc
turns the report's Markdown into Typst. No figure has to be there yet: the source names them.
"""

from collections.abc import Sequence

import pypandoc

from descent_audit.claims.catalogue import ROOT
from descent_audit.report.content import CITED, TEMPLATES, WIDE, markdown, read_audit, report_context
from descent_audit.report.recipes import reports, write_pages
from descent_audit.report.wording import without_identifiers
from descent_audit.stages.programs import program, report_options
from descent_audit.stages.recipes import tabled


def typst_source(text: str) -> str:
    """Return a report in Markdown as Typst: a filter keeps the classes, CITATION.cff says who wrote it.

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


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the source; one line and exit code 1 for a fault."""
    options = report_options(__doc__, arguments)
    results, recipes = options.results, tabled(options.results, options.scale)
    text = markdown(report_context(read_audit(results), results, recipes.scale), "pdf")
    write_pages(results, reports(recipes)["paper"], {options.output: typst_source(text)})


if __name__ == "__main__":
    main()
