"""Measured against predicted in a picture of a line's height: an SVG element that takes its colours from the page.

Both axes map their range onto the frame linearly, after the scale of the claim's own figure:
``X = pad + (s(x) - min s) / (max s - min s) (width - 2 pad)``. Marks are measured, the line is predicted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from descent_audit.claims.claims import Claim

Points = NDArray[np.float64]
WIDTH, HEIGHT, PAD = 240, 72, 6
"""The frame in units of the drawing, which a page shows at half that many pixels."""
SERIES, MARKS, VERTICES = 3, 24, 48
"""Series that such a picture has room for, marks of each, and vertices of each line."""
LINES = {"predicted": "the line is predicted", "guide": "the dashed line is a guide"}
SCALES: dict[str, Callable[[Points], Points]] = {
    "linear": np.asarray,
    "log": lambda values: np.log10(np.where(values > 0, values, np.nan)),
    "symlog": np.arcsinh,
}
MARKUP = re.compile(r"\\(?:math\w+|rm|hat|tilde|bar|,|;)|[${}]")
UNPAIRED = ("increasing", "decreasing")
"""Relations between neighbours, which no single number is required for."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """What is drawn: arrays of shape ``(points, 2)`` in the coordinates of the axes, already scaled.

    ``role`` is that of the lines, and ``text`` says in words what the picture shows.
    """

    measured: Sequence[Points]
    lines: Sequence[Points]
    role: str
    text: str


def thumbnail(claim: Claim, curves: pd.DataFrame, checks: pd.DataFrame) -> str:
    """Return the picture of a claim as one line of SVG, empty where nothing finite was measured.

    It is the first panel of the claim's figure with both marks and predicted lines; where there is none, the first
    with marks and guides; else the checks, each number over the one that is required.
    """
    own = curves[curves["arm"].eq("claim")]
    sketches = (
        panel_sketch(claim.figure["panels"], own, "predicted"),
        panel_sketch(claim.figure["panels"], own, "guide"),
        check_sketch(checks[checks["arm"].eq("claim")]),
    )
    return next((drawn(sketch) for sketch in sketches if sketch), "")


def panel_sketch(panels: Sequence[Mapping[str, Any]], curves: pd.DataFrame, role: str) -> Sketch | None:
    """Return the first panel in which there are marks and lines of a role, or none.

    Marks belong to the predicted line of their own series, or to the only one, and to any guide.
    """
    for panel in panels:
        own = curves[curves["panel"].eq(panel["name"]) & (panel.get("kind") != "map")]
        measured, lines = _series(panel, own, "measured"), _series(panel, own, role)
        if role == "guide" or len(measured) == len(lines) == 1:
            marks, beside = list(measured), list(lines)
        else:
            marks = beside = [label for label in measured if label in lines]
        if marks and beside:
            text = f"{_words(panel['y'])} against {_words(panel['x'])}: dots are measured, {LINES[role]}"
            shown = [_spread(labels, SERIES) for labels in (marks, beside)]
            return Sketch([measured[one] for one in shown[0]], [lines[one] for one in shown[1]], role, text)
    return None


def check_sketch(checks: pd.DataFrame) -> Sketch | None:
    """Return sizes of measured over those of required numbers, both logarithmic, or none where they are too few."""
    paired = checks[~checks["relation"].isin(UNPAIRED)]
    bounds = paired["relation"].isin(("at_most", "at_least"))
    required = paired["tolerance"].where(bounds, paired["predicted"])  # the bound itself, else the prediction
    points = SCALES["log"](np.abs(np.column_stack([required, paired["value"]])))
    points = np.unique(points[np.isfinite(points).all(axis=1)], axis=0)
    if len(points) < 2:
        return None
    ends = np.array([points.min(), points.max()])
    text = "Sizes of all compared numbers: dots are measured, on the line they equal what is required"
    return Sketch([points], [np.column_stack([ends, ends])], "predicted", text)


def drawn(sketch: Sketch) -> str:
    """Return a sketch as an SVG element; its classes are the roles, and the style of the page gives them colours."""
    points = np.concatenate([*sketch.measured, *sketch.lines])
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    low, span = np.where(span > 0, low, low - 0.5), np.where(span > 0, span, 1.0)
    size = np.array([WIDTH, HEIGHT]) - 2 * PAD

    def places(series: Points, most: int) -> list[tuple[int, int]]:
        x, y = np.rint(PAD + (series - low) / span * size).astype(int).T
        return _spread([place for place, _ in groupby(zip(x.tolist(), (HEIGHT - y).tolist(), strict=True))], most)

    marks = "".join(f"M{x} {y}h0" for series in sketch.measured for x, y in places(series, MARKS))
    lines = "".join("M" + "L".join(f"{x} {y}" for x, y in places(series, VERTICES)) for series in sketch.lines)
    return (
        f'<svg class="thumbnail" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(sketch.text)}">'
        f'<path class="measured" d="{marks}"/><path class="{sketch.role}" d="{lines}"/></svg>'
    )


def _series(panel: Mapping[str, Any], curves: pd.DataFrame, role: str) -> dict[str, Points]:
    """Return the points of each series of a role that lie on the axes of a panel, by its label."""
    series = curves[curves["role"].eq(role)].groupby("series", sort=False)
    shown = {str(label): _on_axes(panel, group[["x", "y"]].to_numpy()) for label, group in series}
    return {label: points for label, points in shown.items() if len(points)}


def _on_axes(panel: Mapping[str, Any], points: Points) -> Points:
    """Return points after the scales of a panel, without those that are not finite there or beyond its limits."""
    limits = np.array([panel.get(f"{axis}_limits", (-np.inf, np.inf)) for axis in "xy"], dtype=np.float64)
    inside = points[((points >= limits[:, 0]) & (points <= limits[:, 1])).all(axis=1)]
    scales = [SCALES[panel.get(f"{axis}_scale", "linear")] for axis in "xy"]
    scaled = np.column_stack([scale(column) for scale, column in zip(scales, inside.T, strict=True)])
    return scaled[np.isfinite(scaled).all(axis=1)]


def _spread(items: list[Any], most: int) -> list[Any]:
    """Return at most so many items, evenly spaced and with both ends."""
    if len(items) <= most:
        return items
    return [items[round(index)] for index in np.linspace(0, len(items) - 1, most)]


def _words(label: str) -> str:
    """Return an axis label as plain text, its letters by their names."""
    return " ".join(MARKUP.sub("", label).replace("\\", " ").split())
