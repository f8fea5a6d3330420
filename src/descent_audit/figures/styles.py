"""How figures look, as data: for one column of a paper, for two, and for slides."""

from collections.abc import Sequence
from dataclasses import dataclass

from descent_audit.claims.validation import unknown


@dataclass(frozen=True)
class Style:
    """The sizes of a figure.

    ``width`` and ``height`` are in inches, the height that of a row of panels or, where ``whole``, of the figure.
    Up to ``columns`` panels stand beside each other. ``type`` and ``lines`` multiply the sizes of text and of lines
    and marks; ``dpi`` is the resolution of pixels.
    """

    width: float
    height: float
    columns: int = 1
    whole: bool = False
    type: float = 1.0
    lines: float = 1.0
    dpi: int = 300

    def grid(self, panels: int) -> tuple[int, int]:
        """Return the rows and columns in which so many panels stand."""
        columns = min(self.columns, panels)
        return -(-panels // columns), columns

    def size(self, rows: Sequence[float]) -> tuple[float, float]:
        """Return the width and height in inches of a figure whose rows are so high, in those of a plain panel."""
        return self.width, self.height if self.whole else self.height * sum(rows)


STYLES = {
    "paper": Style(width=3.4, height=2.1),
    "paper-wide": Style(width=7.0, height=2.4, columns=2),
    "slides": Style(width=10.0, height=5.625, columns=3, whole=True, type=1.4, lines=2.0, dpi=192),
}
"""The styles of ``figure_style``: one column of a journal, two columns, and slides of 16 to 9."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""How the digits of an exponent are written as text."""
REPORT = "paper"
"""The style of the figures in the report, whatever others are drawn."""
FORMATS = ("svg", "pdf", "png")
DRAWN = FORMATS[:1]
"""What every run draws in the report's style; the rest is drawn where it is asked for."""


def asked_formats(style: str) -> list[str]:
    """Return the formats of a style that are drawn where they are asked for, and by no other run."""
    return [form for form in FORMATS if style != REPORT or form not in DRAWN]


def check_style(name: str) -> str:
    """Return the name of a style. Raises ``ConfigurationError`` where there is no such style."""
    if name not in STYLES:
        raise unknown("--config", "figure_style", name, STYLES)
    return name


def check_formats(names: str) -> list[str]:
    """Return the formats of a comma-separated list. Raises ``ConfigurationError`` for one that is not written."""
    for name in names.split(","):
        if name not in FORMATS:
            raise unknown("--formats", "", name, FORMATS)
    return names.split(",")


def drawing(claim: str, style: str, form: str) -> str:
    """Return the path of a drawing below a results folder; each style but the report's has a folder of its own."""
    folder = "figures" if style == REPORT else f"figures/{style}"
    return f"{folder}/{claim}.{form}"
