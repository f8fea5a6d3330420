"""Typst in, PDF out: ``python -m descent_audit.report.typeset results/full/audit.typ reports/full/audit.pdf``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

from descent_audit.records.storage import StorageError, read_text, write_bytes
from descent_audit.stages.programs import program

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    source = read_text(options.source)
    if not source.endswith(f"{END}\n"):
        raise StorageError(f"{options.source}: found no last line {END!r} (truncated); remove it and run again")
    try:
        made = pdf(source, Path.cwd())
    except typst.TypstError as error:
        raise StorageError(f"{options.source}: cannot be typeset ({error.message})") from None
    write_bytes(options.output, made)


if __name__ == "__main__":
    main()
