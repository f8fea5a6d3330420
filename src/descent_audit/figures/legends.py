"""Legends above the axes, in as many columns as fit: they never cover a curve."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath

from descent_audit.figures.maps import category_handles
from descent_audit.figures.panels import OPAQUE, is_line
from descent_audit.figures.roles import APART, dashes_of, shape

HANDLE = 3.6
"""Room for a legend's line and the gaps around it, in units of the font size."""
MOST_COLUMNS = 4
LOOK: dict[str, Any] = {
    "frameon": False, "alignment": "left", "borderaxespad": 0.2, "handlelength": 1.6, "columnspacing": 1.2,
    "labelspacing": 0.3,
}  # fmt: skip


def draw_legend(place: Axes | SubFigure, panel: Mapping[str, Any], handles: Sequence[Artist], width: float) -> None:
    """Put a legend above axes or outside those of a subfigure, ``width`` points wide at most."""
    where = {"loc": "outside upper left"} if isinstance(place, SubFigure) else {
        "loc": "lower left", "bbox_to_anchor": (0.0, 1.0)
    }  # fmt: skip
    if handles:
        columns = columns_that_fit([str(one.get_label()) for one in handles], width)
        place.legend(handles=handles, title=panel.get("title"), ncols=columns, **where, **LOOK)


def legend_handles(panel: Mapping[str, Any], drawn: pd.DataFrame) -> list[Artist]:
    """Return what the legend of a panel shows: categories, then a handle per label, then what roles look like.

    A role that is told apart stands behind its label or, where many have it, once at the end.
    """
    keys = drawn.drop_duplicates(["arm", "series", "role"])
    marked = keys[keys["role"].isin(APART)].drop_duplicates(["series", "role"])
    many = marked["role"].value_counts().loc[lambda count: count > 1].index
    apart = {(one.arm, one.series): one.role for one in keys.itertuples() if one.role in APART}
    looks: dict[tuple[str, str], dict[str, Any]] = {}
    for one in keys.itertuples():
        role = apart.get((one.arm, one.series), "")
        looks.setdefault((one.series, role), {}).update(_look(panel, one))
    entries = [
        Line2D([], [], **{"linestyle": "none", **look}, label=label if role in ("", *many) else f"{label} ({role})")
        for (label, role), look in looks.items()
    ]
    notes: list[Artist] = [Line2D([], [], linestyle="none", label=APART[role]) for role in many]
    if drawn["series"].isin(panel.get("replicates", [])).any():
        notes.append(Patch(facecolor="black", alpha=OPAQUE, linewidth=0, label="nine in ten"))
    return [*category_handles(panel), *entries, *notes]


def columns_that_fit(labels: Sequence[str], width: float) -> int:
    """Return the largest number of legend columns, filled downwards, whose labels and handles fit into a width."""
    font = FontProperties(family=mpl.rcParams["font.family"], size=mpl.rcParams["legend.fontsize"])
    size = font.get_size_in_points()
    widths = [TextPath((0, 0), label, prop=font).get_extents().width + HANDLE * size for label in labels]
    for columns in range(min(MOST_COLUMNS, len(labels)), 1, -1):
        if sum(max(group, default=0.0) for group in _downwards(widths, columns)) <= width:
            return columns
    return 1


def _downwards(widths: Sequence[float], columns: int) -> list[Sequence[float]]:
    """Return the widths of each column; the first ones hold one more where they do not come out even."""
    rows, longer = divmod(len(widths), columns)
    borders = [column * rows + min(column, longer) for column in range(columns + 1)]
    return [widths[first:last] for first, last in pairwise(borders)]


def _look(panel: Mapping[str, Any], one: Any) -> dict[str, Any]:
    """Return how a legend shows one role of a label."""
    thin = 0.6 * mpl.rcParams["lines.linewidth"]
    if is_line(panel, one.role, one.series):
        dashes = dashes_of(one.role, one.turn)
        width = {"linewidth": thin} if one.role == "guide" else {}
        return {"color": one.colour, "linestyle": dashes, **width}
    open_face = {"markerfacecolor": "white"} if one.role == "counterexample" else {}
    edge = {"markeredgewidth": 0} if one.role == "measured" else {}
    line = {"linestyle": "-", "linewidth": thin} if panel.get("joined") else {}
    return {"color": one.colour, "marker": shape(one.role, one.turn), **open_face, **edge, **line}
