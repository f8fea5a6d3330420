"""How all figures look: seaborn's theme at the sizes of a style, and nothing of a user's own settings."""

import contextlib
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import seaborn as sns

from descent_audit.figures.styles import Style

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Palette of Okabe and Ito (2008), safe for the common forms of colour blindness."""
ON_A_MAP = ("#000000", "#D55E00", "#CC79A7", "#0072B2")
"""Colours of lines and marks over a map, each with a white rim."""
CATEGORIES = ("#F2F2F2", "#A6D0EE", "#E69F00", "#0072B2", "#000000")
"""Colours of a map of categories, from light to dark."""
GREY = "#6b6b6b"
TEXT = 5 / 6
"""Scale of the text of seaborn's context for papers: 8 points at an axis, in a column of a journal."""
LINES = {
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.4,
    "lines.markeredgewidth": 0.9,
    **{f"{axis}tick.{kind}.width": 0.6 for axis in "xy" for kind in ("major", "minor")},
    **{f"{axis}tick.major.size": 3.0 for axis in "xy"},
    **{f"{axis}tick.minor.size": 1.6 for axis in "xy"},
}
"""Sizes of lines and marks at one column, in points."""
FIXED: dict[str, Any] = {
    "figure.dpi": 72,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "mathtext.fontset": "dejavusans",
    "svg.hashsalt": "descent-audit",
    "pdf.fonttype": 42,
    "figure.constrained_layout.h_pad": 0.06,
    **{f"font.{family}": ["DejaVu Sans"] for family in ("serif", "sans-serif", "cursive", "fantasy", "monospace")},
}
"""Settings of every style. One font, which comes with Matplotlib: the same figures whatever fonts a machine has; and
figures are laid out with the measures of text of an SVG."""


@contextlib.contextmanager
def themed(style: Style) -> Iterator[None]:
    """Set Matplotlib to a style, from its own defaults, and set it back."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(settings(style))
        yield


def settings(style: Style) -> dict[Any, Any]:
    """Return what a style sets."""
    lines = {key: style.lines * size for key, size in LINES.items()}
    return {**sns.axes_style("ticks"), **sns.plotting_context("paper", style.type * TEXT), **FIXED, **lines}
