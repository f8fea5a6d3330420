"""Panels of a claim as figures, drawn by one small grammar of roles (``looks``)."""

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath
from matplotlib.ticker import LogFormatterSciNotation
from numpy.typing import NDArray

from descent_audit.claims.claims import Claim
from descent_audit.figures import fonts
from descent_audit.figures.looks import COLOURS, GREY, TYPE, Series, legend_entries, looks_of, settings, without_repeats
from descent_audit.figures.styles import RAISED, REPORT, STYLES, Style

PAPER = STYLES[REPORT]
BESIDE = {"lines": 0.72, "map": 1.5}
"""What a legend leaves free of its column, in inches: the labels of the axis, and on a map the bar of its colours."""
HANDLE = 3.6
"""Room for a legend's line and the gaps around it, in units of the font size."""
FRAMES = 3
FRAME_WIDTH = 2.2
"""Frames of a strip in a row, and the width of each in inches."""
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
"""What a file would otherwise say about its making, left out."""


def draw(claim: Claim, series: Sequence[Series], style: Style = PAPER) -> Figure:
    """Return the figure of a claim: its panels row by row, in the order of the claim file."""
    panels = claim.figure["panels"]
    with _in_style(style):
        layout = ConstrainedLayoutEngine()
        figure = Figure(figsize=style.size(len(panels)), layout=layout)
        rows, columns = style.grid(len(panels))
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis, panel in zip(axes, panels, strict=False):
            arms = panel.get("arms", claim.kinds)
            own = [one for one in series if one.panel == panel["name"] and one.arm in arms]
            _draw_panel(axis, panel, own, style, style.width / columns)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        layout.execute(figure)
        figure.set_layout_engine(None)  # else every file of it is drawn twice, once to lay it out
        for column in range(columns):
            _fix_labels(list(axes[column : len(panels) : columns]))
        return figure


@contextlib.contextmanager
def _in_style(style: Style) -> Iterator[None]:
    """Set Matplotlib to a style, and let text cost what it costs once a process."""
    with mpl.rc_context(settings(style)), fonts.of_glyphs_alone(), fonts.one_parser():
        yield


def _fix_labels(column: Sequence[Axes]) -> None:
    """Keep the labels of axes in a column where they stand, those at the left one below the other.

    Else every file looks for their places again, past all ticks.
    """
    for axis in column:
        axis.apply_aspect()
        for ticks in (axis.xaxis, axis.yaxis):
            ticks.get_tightbbox()
    left = min(axis.yaxis.label.get_position()[0] for axis in column)
    for axis in column:
        to_axes = axis.transAxes.inverted()
        axis.xaxis.set_label_coords(0.5, to_axes.transform(axis.xaxis.label.get_position())[1])
        axis.yaxis.set_label_coords(to_axes.transform((left, 0.0))[0], 0.5)


def draw_strip(claim: Claim, series: Sequence[Series]) -> Figure:
    """Return the frames of a strip: one per measured series, in order, each over the same guides."""
    strip = claim.figure["strip"]
    own = [one for one in series if one.panel == strip["name"]]
    frames, guides = ([one for one in own if (one.role == "guide") is guide] for guide in (False, True))
    with _in_style(PAPER):
        size = (FRAME_WIDTH * FRAMES, PAPER.height * -(-len(frames) // FRAMES))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(-(-len(frames) // FRAMES), FRAMES, sharex=True, sharey=True, squeeze=False).ravel()
        for axis, one in zip(axes, frames, strict=False):
            for guide in guides:
                axis.plot(guide.x, guide.y, linestyle="-", linewidth=0.7, color=GREY)
            axis.plot(one.x, one.y, linestyle="none", marker="o", markersize=2.5, color=COLOURS[0], alpha=0.6)
            axis.set_title(one.label, loc="left")
        for axis in axes[len(frames) :]:
            axis.set_visible(False)
        figure.supxlabel(strip["x"], fontsize=TYPE["axes.labelsize"])
        figure.supylabel(strip["y"], fontsize=TYPE["axes.labelsize"])
        return figure


def rendered(figure: Figure, form: str, title: str, style: Style = PAPER) -> bytes:
    """Return the figure as SVG, PDF or PNG, the same bytes at every call: no date, fixed identifiers.

    Text is outlines in SVG, and in PDF it is text in TrueType fonts that the file carries.
    """
    buffer = io.BytesIO()
    with _in_style(style):
        figure.savefig(buffer, format=form, metadata={**METADATA[form], "Title": title}, dpi=style.dpi)
    return buffer.getvalue()


def _draw_panel(axis: Axes, panel: Mapping[str, Any], series: Sequence[Series], style: Style, column: float) -> None:
    axis.set(
        xlabel=panel["x"],
        ylabel=panel["y"],
        xscale=panel.get("x_scale", "linear"),
        yscale=panel.get("y_scale", "linear"),
    )
    if panel.get("kind") == "map":
        _draw_map(axis, panel, [one for one in series if not np.isnan(one.value).all()])
        series = [one for one in series if np.isnan(one.value).all()]
    series = without_repeats(series)
    looks = looks_of(series, joined=panel.get("joined", False), lines=style.lines)
    for one, look in zip(series, looks, strict=True):
        axis.plot(one.x, one.y, zorder=1 if one.role == "guide" else 3 if one.role == "predicted" else 2, **look)
    axis.set(**{limits: panel[key] for key, limits in (("x_limits", "xlim"), ("y_limits", "ylim")) if key in panel})
    label_powers(axis)
    if panel.get("equal_aspect"):
        axis.set_aspect("equal", adjustable="datalim")
    if panel.get("legend") != "none" and series:
        width = 72 * (column - BESIDE[panel.get("kind", "lines")] * style.type)
        _draw_legend(axis, panel.get("title"), legend_entries(series, looks), width)


def label_powers(axis: Axes) -> None:
    """Write the powers of ten at logarithmic axes as text."""
    for ticks in (axis.xaxis, axis.yaxis):
        if ticks.get_scale() in ("log", "symlog"):
            ticks.set_major_formatter(_Powers())
        if ticks.get_scale() == "log":
            ticks.set_minor_formatter(_Powers())


class _Powers(LogFormatterSciNotation):
    """Powers of ten as text, 10⁻³: it is set in a tenth of the time that a formula takes."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        formula = re.sub(r"[${}]|\\mathdefault", "", super().__call__(x, pos))
        base, _, exponent = formula.replace(r"\times", "×").partition("^")
        return base.replace("-", "−") + exponent.translate(RAISED)


def _draw_legend(axis: Axes, title: str | None, entries: Mapping[str, dict[str, Any]], width: float) -> None:
    """Put the legend above the axes, in as many columns as fit: it never covers a curve."""
    axis.legend(
        handles=[Line2D([], [], **look, label=label) for label, look in entries.items()],
        title=title, ncols=_columns_that_fit(list(entries), width), loc="lower left", bbox_to_anchor=(0.0, 1.0),
        frameon=False, alignment="left", borderaxespad=0.2, handlelength=1.6, columnspacing=1.2, labelspacing=0.3,
    )  # fmt: skip


def _columns_that_fit(labels: Sequence[str], width: float) -> int:
    """Return the largest number of legend columns, filled downwards, whose labels and handles fit into a width."""
    font = FontProperties(size=mpl.rcParams["legend.fontsize"])
    measured = TextToPath()
    sizes = [measured.get_text_width_height_descent(label, font, is_math_text(label)) for label in labels]
    widths = [text + HANDLE * font.get_size_in_points() for text, _, _ in sizes]
    for columns in (3, 2):
        if sum(max(group, default=0.0) for group in np.array_split(widths, columns)) <= width:
            return columns
    return 1


def _draw_map(axis: Axes, panel: Mapping[str, Any], cells: Sequence[Series]) -> None:
    """Draw measured values on a grid of cells, pixels of an image inside the vector figure."""
    for one in cells:
        (x, column), (y, row) = np.unique(one.x, return_inverse=True), np.unique(one.y, return_inverse=True)
        grid = np.full((len(y), len(x)), np.nan)
        grid[row, column] = one.value
        low, high = panel.get("value_limits", (None, None))
        edges = _edges(x, panel.get("x_scale")), _edges(y, panel.get("y_scale"))
        mesh = axis.pcolormesh(*edges, grid, cmap="cividis", vmin=low, vmax=high, rasterized=True, zorder=0)
        bar = axis.figure.colorbar(
            mesh, ax=axis, label=panel.get("value", ""), pad=0.02, extend="max" if high else "neither"
        )
        bar.outline.set_linewidth(0.4)


def _edges(centres: NDArray[np.float64], scale: str | None) -> NDArray[np.float64]:
    """Return the borders between cells, half-way between their centres on the axis' own scale."""
    at = np.log(centres) if scale == "log" else centres
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    inner = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2 * at[0] - inner[0]], inner, [2 * at[-1] - inner[-1]]])
    return np.exp(edges) if scale == "log" else edges
