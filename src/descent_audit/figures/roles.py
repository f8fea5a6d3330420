"""What each role looks like, as columns beside a table of curves.

Measured numbers are marks and predictions are lines of the same colour; controls are grey crosses, counterexamples
open diamonds, guides thin and dashed.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import seaborn as sns

from descent_audit.figures.theme import GREY, PALETTE

MARKS = {"measured": ("o",), "control": ("x", "+", "1", "2"), "counterexample": ("D",)}
"""Markers of roles that are marks; controls of different names take turns."""
LINES: dict[str, tuple[str | tuple[int, tuple[float, ...]], ...]] = {
    "predicted": ("-",),
    "guide": ((0, (4, 2)), (0, (1, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (2, 1))),
}
"""Dashes of roles that are lines; guides of different names take turns."""
DEPTH = {"guide": 1, "measured": 2, "control": 2, "counterexample": 2, "predicted": 3}
"""What lies on top of what."""
APART = {"control": "grey: controls", "counterexample": "open: counterexamples"}
"""Roles that a legend names, and how it names many of them at once."""


def of_claim(curves: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return curves of a claim with a column ``line``, and what is measured in a counterexample as a role of its own.

    Rows of one label that follow each other are one line, as far as no number is missing.
    """
    keys = curves[["arm", "panel", "series", "role"]]
    begins = keys.ne(keys.shift()).any(axis=1) | curves[["x", "y"]].isna().any(axis=1)
    odd = curves["role"].eq("measured") & curves["arm"].map(dict(kinds)).eq("counterexample")
    return curves.assign(line=begins.cumsum(), role=curves["role"].mask(odd, "counterexample"))


def without_repeats(curves: pd.DataFrame) -> pd.DataFrame:
    """Return curves without a line that an earlier arm has drawn: dashes on top of dashes look solid."""
    same = ["role", "series", "x", "y"]
    lines = curves[curves["role"].isin(LINES)].groupby(["line", "role", "series"])[["x", "y"]]
    points = lines.agg(lambda one: one.to_numpy().tobytes()).reset_index()
    return curves[~curves["line"].isin(points.loc[points.duplicated(same), "line"])]


def dressed(curves: pd.DataFrame, colours: Sequence[str] = PALETTE) -> pd.DataFrame:
    """Return curves with the columns ``colour``, which belongs to a label, and ``turn``, the place of a shape.

    What belongs to a control is grey. More labels than there are colours are drawn along a sequential map.
    """
    controls = curves.loc[curves["role"].eq("control"), "arm"].unique()
    grey = curves["role"].eq("guide") | curves["arm"].isin(controls)
    labels = curves.loc[~grey, "series"].unique()
    palette = colours if len(labels) <= len(colours) else sns.color_palette("viridis", len(labels)).as_hex()
    colour = curves["series"].map(dict(zip(labels, palette, strict=False))).mask(grey, GREY)
    turn = curves.groupby("role")["series"].transform(lambda own: pd.factorize(own)[0])
    return curves.assign(colour=colour, turn=turn)


def dashes_of(role: str, turn: int) -> str | tuple[int, tuple[float, ...]]:
    """Return the dashes of what is measured where a panel draws it as a line: those of guides for what is grey."""
    return shape("predicted" if role == "measured" else "guide", turn) if role not in LINES else shape(role, turn)


def shape(role: str, turn: int) -> str | tuple[int, tuple[float, ...]]:
    """Return the marker of a role that is marks, the dashes of one that is lines."""
    shapes = MARKS.get(role) or LINES[role]
    return shapes[turn % len(shapes)]
