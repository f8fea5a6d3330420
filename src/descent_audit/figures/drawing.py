"""Panels of a claim as figures: laid out once, drawn by ``panels``, written as the same bytes at every call."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import SubplotSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine

from descent_audit.claims.claims import Claim
from descent_audit.figures.legends import draw_legend, legend_handles
from descent_audit.figures.panels import draw_panel
from descent_audit.figures.roles import of_claim
from descent_audit.figures.styles import REPORT, STYLES, Style
from descent_audit.figures.theme import themed

PAPER = STYLES[REPORT]
BESIDE = {"map": 1.5}
"""What a legend leaves free of its column, in inches: the labels of the axis, and on a map the bar of its colours."""
MARGIN = 0.72
FACETS = 3
"""Small axes beside each other."""
FACET_HEIGHT, AROUND_FACETS = 0.7, 0.4
"""Height of a row of them, and of what is around them, in those of a plain panel."""
STRIP = Style(width=6.6, height=PAPER.height)
PLACES = 6
"""Decimal places of the bounds of axes, in shares of the figure."""
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
"""What a file would otherwise say about its making, left out."""


def draw(claim: Claim, curves: pd.DataFrame, style: Style = PAPER) -> Figure:
    """Return the figure of a claim: its panels row by row, in the order of the claim file."""
    return draw_panels(claim.figure["panels"], of_claim(curves, claim.kinds), style)


def draw_strip(claim: Claim, curves: pd.DataFrame) -> Figure:
    """Return the frames of a strip: one per measured series, in order, each over the same guides."""
    return draw_panels([{**claim.figure["strip"], "facets": "series"}], of_claim(curves, claim.kinds), STRIP)


def rendered(figure: Figure, form: str, title: str, style: Style = PAPER) -> bytes:
    """Return the figure as SVG, PDF or PNG, the same bytes at every call: no date, fixed identifiers.

    Text is outlines in SVG, and in PDF it is text in TrueType fonts that the file carries.
    """
    buffer = io.BytesIO()
    with themed(style):
        figure.savefig(buffer, format=form, metadata={**METADATA[form], "Title": title}, dpi=style.dpi)
    return buffer.getvalue()


def draw_panels(panels: Sequence[Mapping[str, Any]], curves: pd.DataFrame, style: Style) -> Figure:
    """Return a figure of panels, of curves that have a line and the role in which they are drawn."""
    shown = [_curves_of(panel, curves) for panel in panels]
    heights = [_height(panel, own) for panel, own in zip(panels, shown, strict=True)]
    rows, columns = style.grid(len(panels))
    row_heights = [max(heights[row * columns : (row + 1) * columns]) for row in range(rows)]
    with themed(style):
        layout = ConstrainedLayoutEngine()
        figure = Figure(figsize=style.size(row_heights), layout=layout)
        cells = figure.add_gridspec(rows, columns, height_ratios=row_heights)
        width = style.width / columns
        plain = [
            _draw_cell(figure, cells[divmod(place, columns)], panel, own, width, style)
            for place, (panel, own) in enumerate(zip(panels, shown, strict=True))
        ]
        figure.align_ylabels([axis for axis in plain if axis])
        layout.execute(figure)
        figure.set_layout_engine("none")  # else every file of it is drawn twice, once to lay it out
        _round_places(figure)
        return figure


def _round_places(figure: Figure) -> None:
    """Round where axes are: the solver of the layout is a rounding error away from itself from one run to the next."""
    for place in figure.subfigs:
        place.bbox_relative.set_points(np.round(place.bbox_relative.get_points(), PLACES))
    for axis in figure.axes:
        axis.set_position(np.round(axis.get_position().bounds, PLACES))


def _curves_of(panel: Mapping[str, Any], curves: pd.DataFrame) -> pd.DataFrame:
    arms = panel.get("arms", curves["arm"].unique())
    return curves[curves["panel"].eq(panel["name"]) & curves["arm"].isin(arms)]


def _facets(panel: Mapping[str, Any], own: pd.DataFrame) -> list[str]:
    """Return the labels that have small axes of their own; guides are in all of them."""
    return list(own.loc[own["role"].ne("guide"), "series"].unique()) if panel.get("facets") else []


def _height(panel: Mapping[str, Any], own: pd.DataFrame) -> float:
    """Return the height of a panel, that of a plain one being 1."""
    rows = -(-len(_facets(panel, own)) // FACETS)
    return AROUND_FACETS + rows * FACET_HEIGHT if rows else 1.0


def _draw_cell(
    figure: Figure, cell: SubplotSpec, panel: Mapping[str, Any], own: pd.DataFrame, width: float, style: Style
) -> Axes | None:
    """Draw a panel into a cell of a figure; return its axes, or none where it has several small ones."""
    free = 72 * (width - BESIDE.get(panel.get("kind", ""), MARGIN) * style.type)
    if labels := _facets(panel, own):
        _draw_facets(figure.add_subfigure(cell), panel, own, labels, free)
        return None
    axis = figure.add_subplot(cell)
    drawn = draw_panel(axis, panel, own)
    if panel.get("legend") != "none":
        draw_legend(axis, panel, legend_handles(panel, drawn), free)
    return axis


def _draw_facets(
    place: SubFigure, panel: Mapping[str, Any], own: pd.DataFrame, labels: Sequence[str], width: float
) -> None:
    """Draw small axes with one scale, one for each label, under one legend of what they share."""
    guides = own["role"].eq("guide")
    rows, columns = -(-len(labels) // FACETS), min(FACETS, len(labels))
    axes = place.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    drawn = [
        draw_panel(axis, {**panel, "x": "", "y": ""}, own[guides | own["series"].eq(label)])
        for axis, label in zip(axes.flat, labels, strict=False)
    ]
    for axis, label in zip(axes.flat, labels, strict=False):
        axis.set_title(label, loc="left", fontsize=mpl.rcParams["legend.fontsize"], pad=2.0)
    for axis in axes.flat[len(labels) :]:
        axis.set_visible(False)
    place.supxlabel(panel["x"], fontsize="medium")
    place.supylabel(panel["y"], fontsize="medium")
    if panel.get("legend") != "none":
        every = pd.concat(drawn).drop_duplicates(["arm", "series", "role"])
        shared = [one for one in legend_handles(panel, every) if one.get_label() not in labels]
        draw_legend(place, panel, shared, width)
