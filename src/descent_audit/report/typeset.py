"""Typst in, PDF out.

``python -m descent_audit.report.typeset --scale full --results results/full --output reports/full/audit.pdf`` typesets
``audit.typ`` of the results.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

from descent_audit.records.made import check_made
from descent_audit.records.storage import StorageError, read_text
from descent_audit.report.recipes import drawn, reports, write_pages
from descent_audit.stages.programs import program, report_options

END = "// End of the report."
"""The last line of a whole source."""


def pdf(source: str, root: Path) -> bytes:
    """Return the PDF of a source, set in the fonts that Typst carries: no machine's own are looked for.

    Paths of figures are relative to ``root``. Raises ``TypstError``.
    """
    encoded: Any = source.encode("utf-8")
    return typst.compile(encoded, root=root, ignore_system_fonts=True)


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the PDF, with figures at paths from here; one line and exit code 1 for a fault."""
    options = report_options(__doc__, arguments)
    recipes = reports(drawn(options.results, options.scale))
    check_made(options.results, recipes["paper"])
    path = options.results / "audit.typ"
    source = read_text(path)
    if not source.endswith(f"{END}\n"):
        raise StorageError(f"{path}: found no last line {END!r} (truncated); remove it and run again")
    try:
        made = pdf(source, Path.cwd())
    except typst.TypstError as error:
        raise StorageError(f"{path}: cannot be typeset ({error.message})") from None
    write_pages(options.results, recipes["typeset"], {options.output: made})


if __name__ == "__main__":
    main()
