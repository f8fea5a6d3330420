"""Curves in, vector figures out; what is drawn already is drawn once.

``python -m descent_audit.figures.draw --scale full --results results/full --claims a,b``, with ``--style slides
--formats svg,pdf,png`` for figures to take along. Every drawing is kept below ``kept/`` of
the results, and drawn again when its curves, its panels in the claim file, the code or a library is another.
"""

import argparse
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from descent_audit.claims.catalogue import Claim, canonical
from descent_audit.claims.sources import PACKAGE, code_digest, import_closure
from descent_audit.figures.kept import FOLDER, keep, recall
from descent_audit.figures.styles import DRAWN, REPORT, STYLES, asked_formats, check_formats, check_style, drawing
from descent_audit.records.made import write_made
from descent_audit.records.storage import digest, sealed_text
from descent_audit.results import read_sealed
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import Recipes, found

LIBRARIES = ("fonttools", "kiwisolver", "matplotlib", "numpy", "pandas", "pillow", "pyparsing", "scipy", "seaborn")
"""What sets, lays out and writes a figure."""


def write_figures(results: Path, recipes: Recipes, style: str, formats: Sequence[str]) -> None:
    """Write the drawings of each selected claim in one style, and its strip where the report shows it.

    Raises ``StorageError``.
    """
    tools = drawing_tools()
    for claim in (recipes.claims[name] for name in recipes.selected):
        made_of = origin(results, claim, style, tools)
        wanted = drawings(claim, style, formats)
        kept = {path: content for path in wanted if (content := recall(results / FOLDER / path, made_of)) is not None}
        new = dict(drawn(results, claim, style, [path for path in wanted if path not in kept]))
        for path, content in new.items():
            keep(results / FOLDER / path, made_of, content)
        write_made(results, recipes.drawing(claim.name, style, formats), kept | new)


def origin(results: Path, claim: Claim, style: str, tools: Sequence[str]) -> str:
    """Return the digest of all that the drawings of a claim in a style are made of. Raises ``StorageError``."""
    return digest(canonical([tools, style, claim.figure_slice(), sealed_text(results, "curves", claim.name)]).encode())


def taken_along(results: Path, claims: Mapping[str, Claim]) -> list[str]:
    """Return which drawings beside those of every run are there, of the present curves. Raises ``StorageError``."""
    tools = drawing_tools()
    return [
        path
        for claim in claims.values()
        for style in STYLES
        for path in (drawing(claim.name, style, form) for form in asked_formats(style))
        if (results / path).is_file() and recall(results / FOLDER / path, origin(results, claim, style, tools))
    ]


def drawing_tools() -> list[str]:
    """Return what all drawings depend on: the code, the kind of processor, the versions of Python and ``LIBRARIES``."""
    code = code_digest(import_closure([f"{PACKAGE}.figures.draw"]))
    return [code, platform.machine(), platform.python_version(), *map(version, LIBRARIES)]


def drawings(claim: Claim, style: str, formats: Sequence[str]) -> list[str]:
    """Return the files of a claim, relative to the results."""
    strip = "strip" in claim.figure and style == REPORT and "svg" in formats
    return [*(drawing(claim.name, style, form) for form in formats), *([strip_path(claim)] if strip else [])]


def strip_path(claim: Claim) -> str:
    """Return the file of a claim's strip, relative to the results."""
    return drawing(f"{claim.name}_strip", REPORT, "svg")


def drawn(results: Path, claim: Claim, style: str, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield those of a claim's files that are to be drawn, with what is in them. Raises ``StorageError``."""
    if not paths:
        return
    from descent_audit.figures import drawing  # seaborn takes two seconds, which what is kept does not need

    curves = read_sealed(results, "curves", claim.name)
    figure = drawing.draw(claim, curves, STYLES[style])
    for path in paths:
        if path == strip_path(claim):
            yield path, drawing.rendered(drawing.draw_strip(claim, curves), "svg", f"{claim.name}, strip")
        else:
            yield path, drawing.rendered(figure, Path(path).suffix[1:], claim.name, STYLES[style])


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figures of some claims, by default those of the report; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    parser.add_argument("--style", default=REPORT, help="by default that of the report, with its strips")
    parser.add_argument("--formats", default=",".join(DRAWN), help="comma-separated")
    options = parser.parse_args(arguments)
    style, formats = check_style(options.style), check_formats(options.formats)
    write_figures(options.results, found(options.results, options.scale, options.claims), style, formats)


if __name__ == "__main__":
    main()
