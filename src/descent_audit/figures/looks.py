"""What a figure is made of, and how each role looks.

Measured numbers are marks and predictions are lines of the same colour; controls are grey crosses, counterexamples
open diamonds, guides thin and dashed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from descent_audit.figures.styles import Style

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Palette of Okabe and Ito (2008), safe for the common forms of colour blindness."""
GREY = "#6b6b6b"
TYPE = {
    "font.size": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}
"""Sizes of text at one column, in points."""
LINES = {"axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "lines.markersize": 3.4}
FIXED: dict[Any, Any] = {
    "figure.dpi": 72,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "mathtext.fontset": "dejavusans",
    "axes.formatter.limits": (-3, 4),
    "savefig.format": "svg",
    "svg.hashsalt": "descent-audit",
    "pdf.fonttype": 42,
    "figure.constrained_layout.h_pad": 0.06,
    **{f"font.{family}": ["DejaVu Sans"] for family in ("serif", "sans-serif", "cursive", "fantasy", "monospace")},
}
"""Settings of every style. One font, which comes with Matplotlib: the same figures whatever fonts a machine has; and
figures are laid out with the measures of text of an SVG."""
ROLES: dict[str, dict[str, Any]] = {
    "measured": {"linestyle": "none", "marker": "o", "markeredgewidth": 0},
    "predicted": {"linestyle": "-", "linewidth": 1.1},
    "control": {"linestyle": "none", "marker": "x", "markeredgewidth": 0.9, "color": GREY},
    "counterexample": {"linestyle": "none", "marker": "D", "markerfacecolor": "white", "markeredgewidth": 0.9},
    "guide": {"linestyle": (0, (4, 2)), "linewidth": 0.7, "color": GREY},
}
WIDTHS = ("linewidth", "markeredgewidth")
POINT = ("x", "y", "value")
LISTED = len(COLOURS)
"""Series that a palette tells apart; more than that are drawn along a sequential map."""


@dataclass(frozen=True, eq=False)
class Series:
    """One curve as it is drawn: its role is ``counterexample`` where its arm is one; arrays of shape ``(points,)``."""

    arm: str
    panel: str
    label: str
    role: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    value: NDArray[np.float64]


def read_series(curves: pd.DataFrame, kinds: Mapping[str, str]) -> list[Series]:
    """Return the series of a curves table in its order."""
    return [
        Series(
            arm, panel, label, _drawn_role(role, kinds[arm]), *(group[key].to_numpy() for key in ("x", "y", "value"))
        )
        for (arm, panel, label, role), group in curves.groupby(["arm", "panel", "series", "role"], sort=False)
    ]


def settings(style: Style) -> dict[Any, Any]:
    """Return Matplotlib's settings for a style."""
    text, lines = (
        {key: by * size for key, size in sizes.items()} for sizes, by in ((TYPE, style.type), (LINES, style.lines))
    )
    return {**FIXED, **text, **lines}


def without_repeats(series: Sequence[Series]) -> list[Series]:
    """Return the series without a guide that an earlier arm has drawn: dashes on top of dashes look solid."""
    guides = {(one.label, one.x.tobytes(), one.y.tobytes()): one for one in reversed(series) if one.role == "guide"}
    return [one for one in series if one.role != "guide" or one in guides.values()]


def looks_of(series: Sequence[Series], *, joined: bool, lines: float = 1.0) -> list[dict[str, Any]]:
    """Return the look of each series: its role's, in a colour that belongs to its label; controls are grey."""
    controls = {one.arm for one in series if one.role == "control"}
    labels = list(dict.fromkeys(one.label for one in series if one.role != "guide" and one.arm not in controls))
    many = [mpl.colormaps["viridis"](position) for position in np.linspace(0.0, 0.9, max(len(labels), 1))]
    colour = dict(zip(labels, COLOURS if len(labels) <= LISTED else many, strict=False))
    line = {"linestyle": "-", "linewidth": 0.5} if joined else {}
    looks = [
        {
            "color": GREY if one.arm in controls else colour.get(one.label, GREY),
            **ROLES[one.role],
            **(line if "marker" in ROLES[one.role] else {}),
        }
        for one in series
    ]
    return [{key: lines * value if key in WIDTHS else value for key, value in look.items()} for look in looks]


def legend_entries(series: Sequence[Series], looks: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return one look per label: that of its marks and that of its line together, where it has both."""
    apart = {(one.arm, one.label): one.role for one in series if one.role in ("control", "counterexample")}
    merged: dict[str, dict[str, Any]] = {}
    for one, look in zip(series, looks, strict=True):
        role = apart.get((one.arm, one.label))
        label = f"{one.label} ({role})" if role else one.label
        entry = merged.setdefault(label, {})
        drawn = {key: value for key, value in look.items() if (key, value) != ("linestyle", "none")}
        entry.update(drawn if entry else look)
    return merged


def _drawn_role(role: str, kind: str) -> str:
    return "counterexample" if role == "measured" and kind == "counterexample" else role
