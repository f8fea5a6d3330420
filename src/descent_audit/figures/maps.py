"""Numbers or categories on a grid of cells, pixels of an image inside a vector figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from numpy.typing import NDArray

from descent_audit.figures.theme import CATEGORIES


def draw_map(axis: Axes, panel: Mapping[str, Any], cells: pd.DataFrame) -> None:
    """Draw measured values on a grid of cells, numbers with a bar of colours."""
    grid = cells.pivot_table(index="y", columns="x", values="value", aggfunc="last", dropna=False)
    edges = [cell_edges(one.to_numpy(), panel.get(scale)) for one, scale in
             ((grid.columns, "x_scale"), (grid.index, "y_scale"))]  # fmt: skip
    axis.spines[["top", "right"]].set_visible(True)
    if names := panel.get("categories"):
        colours = ListedColormap(CATEGORIES[: len(names)])
        axis.pcolormesh(*edges, grid, cmap=colours, vmin=-0.5, vmax=len(names) - 0.5, rasterized=True, zorder=0)
        return
    low, high = panel.get("value_limits", (None, None))
    mesh = axis.pcolormesh(*edges, grid, cmap="cividis", vmin=low, vmax=high, rasterized=True, zorder=0)
    bar = axis.figure.colorbar(
        mesh, ax=axis, label=panel.get("value", ""), pad=0.02, extend="max" if high else "neither"
    )
    bar.outline.set_linewidth(axis.spines["left"].get_linewidth())


def category_handles(panel: Mapping[str, Any]) -> list[Patch]:
    """Return what a legend shows of a map's categories."""
    return [
        Patch(facecolor=colour, edgecolor="black", linewidth=0.4, label=name)
        for name, colour in zip(panel.get("categories", []), CATEGORIES, strict=False)
    ]


def cell_edges(centres: NDArray[np.float64], scale: str | None) -> NDArray[np.float64]:
    """Return the borders between cells, half-way between their centres on the axis' own scale."""
    at = np.log(centres) if scale == "log" else centres
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    inner = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2 * at[0] - inner[0]], inner, [2 * at[-1] - inner[-1]]])
    return np.exp(edges) if scale == "log" else edges
