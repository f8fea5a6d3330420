"""One panel of a figure: every role of its curves is one kind of seaborn's plots, on axes that are labelled."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from descent_audit.figures import maps
from descent_audit.figures.roles import DEPTH, LINES, dashes_of, dressed, shape, without_repeats
from descent_audit.figures.theme import ON_A_MAP, PALETTE
from descent_audit.figures.ticks import tick

DENSE = 30
"""Marks of a series from which on their intervals are a band, and not bars."""
OPAQUE = 0.25
"""How much of what is below a band hides."""


def draw_panel(axis: Axes, panel: Mapping[str, Any], curves: pd.DataFrame) -> pd.DataFrame:
    """Draw curves on the axes of a panel; return them as they are drawn, with ``colour`` and ``turn``."""
    axis.set(xscale=panel.get("x_scale", "linear"), yscale=panel.get("y_scale", "linear"))
    on_a_map = panel.get("kind") == "map"
    cells = curves["series"].isin(curves.loc[curves["value"].notna(), "series"]) & on_a_map
    if cells.any():
        maps.draw_map(axis, panel, curves[cells])
    drawn = dressed(without_repeats(curves[~cells]), ON_A_MAP if on_a_map else PALETTE)
    rim = {"path_effects": [withStroke(linewidth=2.4 * mpl.rcParams["axes.linewidth"] + 1, foreground="white")]}
    draw_curves(axis, panel, drawn, rim if on_a_map else {})
    limits = {f"{one}lim": panel[f"{one}_limits"] for one in "xy" if f"{one}_limits" in panel}
    axis.set(xlabel=panel["x"], ylabel=panel["y"], **limits)
    if panel.get("equal_aspect"):
        axis.set_aspect("equal", adjustable="datalim")
    tick(axis, panel, curves)
    return drawn


def draw_curves(axis: Axes, panel: Mapping[str, Any], drawn: pd.DataFrame, rim: Mapping[str, Any]) -> None:
    """Draw dressed curves, each role and colour by one call."""
    spread = drawn["series"].isin(panel.get("replicates", []))
    for (role, colour, turn, replicated), own in drawn.groupby(["role", "colour", "turn", spread], sort=False):
        look = {"ax": axis, "zorder": DEPTH[role], "color": colour, "legend": False, **rim}
        if replicated:
            draw_replicates(own, {**look, "linestyle": dashes_of(role, turn)})
        elif role in LINES:
            draw_lines(own, {**look, "linestyle": shape(role, turn)}, thin=role == "guide")
        elif panel.get("kind") == "ecdf":
            draw_shares(own, {**look, "linestyle": dashes_of(role, turn)})
        else:
            if panel.get("joined"):
                draw_lines(own, look, thin=True)
            draw_intervals(axis, own, colour)
            draw_marks(own, role, turn, look)


def draw_lines(own: pd.DataFrame, look: Mapping[str, Any], *, thin: bool) -> None:
    """Draw lines, each with its own points in the order in which they stand."""
    width = mpl.rcParams["lines.linewidth"] * (0.6 if thin else 1.0)
    sns.lineplot(own, x="x", y="y", units="line", estimator=None, sort=False, linewidth=width, **look)


def draw_marks(own: pd.DataFrame, role: str, turn: int, look: Mapping[str, Any]) -> None:
    """Draw the marks of a role: filled discs, crosses, or diamonds that are open."""
    size, edge = mpl.rcParams["lines.markersize"], mpl.rcParams["lines.markeredgewidth"]
    faces = {
        "measured": {"edgecolor": "none"},
        "control": {"linewidth": edge},
        "counterexample": {"color": "white", "edgecolor": look["color"], "linewidth": edge},
    }
    sns.scatterplot(own, x="x", y="y", marker=shape(role, turn), s=size**2, **{**look, **faces[role]})


def draw_intervals(axis: Axes, own: pd.DataFrame, colour: str) -> None:
    """Draw the interval of every sampled mark, thin bars or, where marks are dense, a band."""
    for _, sampled in own.dropna(subset=["low", "high"]).groupby("line"):
        if len(sampled) < DENSE:
            width = mpl.rcParams["axes.linewidth"]
            axis.vlines(sampled["x"], sampled["low"], sampled["high"], colors=colour, linewidth=width, zorder=2)
        else:
            band = sampled.sort_values("x")
            axis.fill_between(band["x"], band["low"], band["high"], color=colour, alpha=OPAQUE, linewidth=0)


def draw_replicates(own: pd.DataFrame, look: Mapping[str, Any]) -> None:
    """Draw the median of all points at one place, and the band in which nine of ten lie."""
    sns.lineplot(own, x="x", y="y", estimator="median", errorbar=("pi", 90), err_kws={"linewidth": 0}, **look)


def draw_shares(own: pd.DataFrame, look: Mapping[str, Any]) -> None:
    """Draw the share of points up to ``x``, where a point counts ``y`` times."""
    for _, one in own.groupby(["arm", "series"], sort=False):
        sns.ecdfplot(one, x="x", weights="y", **look)


def is_line(panel: Mapping[str, Any], role: str, label: str) -> bool:
    """Say whether what has a role and a label is a line in a panel, and not marks."""
    return role in LINES or panel.get("kind") == "ecdf" or label in panel.get("replicates", [])
