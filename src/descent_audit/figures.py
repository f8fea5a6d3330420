"""Curves in, vector figures out, drawn by one small grammar of roles.

Measured numbers are marks and predictions are lines of the same colour; controls are grey crosses, counterexamples
open diamonds, guides thin and dashed. ``python -m descent_audit.figures --results results/full --claims a,b``, with
``--style slides --formats svg,pdf,png`` for figures to take along.
"""

import argparse
import contextlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
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

from descent_audit import fonts
from descent_audit.catalogue import Claim, read_claims, select_claims
from descent_audit.programs import program
from descent_audit.storage import CURVE_COLUMNS, Row, number, read_sealed, write_bytes
from descent_audit.styles import DRAWN, REPORT, STYLES, Style, check_formats, check_style, drawing
from descent_audit.wording import RAISED

PAPER = STYLES[REPORT]
BESIDE = {"lines": 0.72, "map": 1.5}
"""What a legend leaves free of its column, in inches: the labels of the axis, and on a map the bar of its colours."""
HANDLE = 3.6
"""Room for a legend's line and the gaps around it, in units of the font size."""
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
FRAMES = 3
FRAME_WIDTH = 2.2
"""Frames of a strip in a row, and the width of each in inches."""
LISTED = len(COLOURS)
"""Series that a palette tells apart; more than that are drawn along a sequential map."""
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
"""What a file would otherwise say about its making, left out."""


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


def read_series(rows: Iterable[Row], kinds: Mapping[str, str]) -> list[Series]:
    """Return the series of a curves table in its order."""
    keys = ("arm", "panel", "series", "role")
    return [
        Series(arm, panel, label, _drawn_role(role, kinds[arm]), *_columns(list(group)))
        for (arm, panel, label, role), group in groupby(rows, key=lambda row: tuple(row[key] for key in keys))
    ]


def settings(style: Style) -> dict[Any, Any]:
    """Return Matplotlib's settings for a style."""
    text, lines = (
        {key: by * size for key, size in sizes.items()} for sizes, by in ((TYPE, style.type), (LINES, style.lines))
    )
    return {**FIXED, **text, **lines}


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


def write_figures(results: Path, claims: Mapping[str, Claim], style: str, formats: Sequence[str]) -> None:
    """Write the drawings of each claim in one style. Raises ``StorageError``."""
    for name, claim in claims.items():
        figure = draw(claim, _stored(results, claim), STYLES[style])
        for form in formats:
            write_bytes(results / drawing(name, style, form), rendered(figure, form, name, STYLES[style]))


def write_strips(results: Path, claims: Mapping[str, Claim]) -> None:
    """Write the strip of each claim that has one, as SVG for the report. Raises ``StorageError``."""
    for name, claim in claims.items():
        if "strip" in claim.figure:
            strip = rendered(draw_strip(claim, _stored(results, claim)), "svg", f"{name}, strip")
            write_bytes(results / "figures" / f"{name}_strip.svg", strip)


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figures of some claims, by default those of the report; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    parser.add_argument("--style", default=REPORT, help="by default that of the report, with its strips")
    parser.add_argument("--formats", default=",".join(DRAWN), help="comma-separated")
    options = parser.parse_args(arguments)
    style, formats = check_style(options.style), check_formats(options.formats)
    claims = read_claims(select_claims(options.claims))
    write_figures(options.results, claims, style, formats)
    if style == REPORT and "svg" in formats:
        write_strips(options.results, claims)


def _stored(results: Path, claim: Claim) -> list[Series]:
    return read_series(read_sealed(results, "curves", claim.name, CURVE_COLUMNS), claim.kinds)


def _drawn_role(role: str, kind: str) -> str:
    return "counterexample" if role == "measured" and kind == "counterexample" else role


def _columns(rows: Sequence[Row]) -> list[NDArray[np.float64]]:
    return [np.array([number(row[column]) for row in rows]) for column in ("x", "y", "value")]


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
    series = _without_repeats(series)
    looks = _looks(series, joined=panel.get("joined", False), lines=style.lines)
    for one, look in zip(series, looks, strict=True):
        axis.plot(one.x, one.y, zorder=1 if one.role == "guide" else 3 if one.role == "predicted" else 2, **look)
    axis.set(**{limits: panel[key] for key, limits in (("x_limits", "xlim"), ("y_limits", "ylim")) if key in panel})
    label_powers(axis)
    if panel.get("equal_aspect"):
        axis.set_aspect("equal", adjustable="datalim")
    if panel.get("legend") != "none" and series:
        width = 72 * (column - BESIDE[panel.get("kind", "lines")] * style.type)
        _draw_legend(axis, panel.get("title"), _legend_entries(series, looks), width)


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


def _without_repeats(series: Sequence[Series]) -> list[Series]:
    """Return the series without a guide that an earlier arm has drawn: dashes on top of dashes look solid."""
    guides = {(one.label, one.x.tobytes(), one.y.tobytes()): one for one in reversed(series) if one.role == "guide"}
    return [one for one in series if one.role != "guide" or one in guides.values()]


def _looks(series: Sequence[Series], *, joined: bool, lines: float = 1.0) -> list[dict[str, Any]]:
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


def _legend_entries(series: Sequence[Series], looks: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
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


if __name__ == "__main__":
    main()
