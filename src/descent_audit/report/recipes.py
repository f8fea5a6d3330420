"""What the pages of a report are made of, and the checks before any of them is written."""

from collections.abc import Mapping
from pathlib import Path

from descent_audit.figures.styles import DRAWN, REPORT
from descent_audit.records.made import Recipe, beside, check_made, write_made
from descent_audit.stages.recipes import Recipes, code_of, files_of, tabled

PAGE = ("reports/*.*", "reports/explore/**/*.*")
PAPER = ("audit.md.jinja", "ledger.html.jinja", "audit.typ", "print.lua", "references.json")
GALLERY = ("figures.html.jinja", "audit.css")
CITATION = "CITATION.cff"
EVIDENCE = (
    *(f"reports/reference/{name}.csv" for name in ("calibration", "stability", "faults")),
    "benchmarks/results/*.json",
)
"""What the report shows of other runs than its own."""


def reports(recipes: Recipes) -> dict[str, Recipe]:
    """Return what page, source of the paper, paper, gallery and crate are made of, by name."""
    figures = {name: recipes.drawing(name, REPORT, DRAWN).digest for name in recipes.selected}
    tables, manifest = {"tables": recipes.tables.digest}, {"manifest": recipes.manifest.digest}
    page = _recipe("page", **tables, **manifest, figures=figures, files=files_of(*PAGE, *EVIDENCE))
    paper = _recipe("paper", **tables, files=files_of(*_sources(PAPER), CITATION, *EVIDENCE))
    typeset = _recipe("typeset", source=paper.digest, figures=figures)
    gallery = _recipe("gallery", **tables, figures=figures, files=files_of(*_sources(GALLERY)))
    pages = {"page": page.digest, "typeset": typeset.digest, "gallery": gallery.digest}
    crate = _recipe("crate", **manifest, report=pages, figures=figures, files=files_of(CITATION))
    return {"page": page, "paper": paper, "typeset": typeset, "gallery": gallery, "crate": crate}


def drawn(results: Path, scale: str) -> Recipes:
    """Return the recipes of a run whose figures are drawn, after holding tables and figures against their records.

    Raises ``ConfigurationError`` or ``StorageError``.
    """
    recipes = tabled(results, scale)
    for name in recipes.selected:
        check_made(results, recipes.drawing(name, REPORT, DRAWN))
    return recipes


def write_pages(results: Path, recipe: Recipe, pages: Mapping[Path, str | bytes]) -> None:
    """Write pages, wherever they lie, with the record of what they are made of. Raises ``StorageError``."""
    write_made(results, recipe, {beside(results, path): content for path, content in pages.items()})


def _recipe(name: str, **parts: object) -> Recipe:
    return Recipe(f"stages/{name}", {**parts, "code": code_of(f"report.{name}")})


def _sources(names: tuple[str, ...]) -> list[str]:
    return [f"reports/{name}" for name in names]
