"""Ticks: powers of ten as text, whole numbers where all points are whole, and names where an axis has some."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    AutoLocator,
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from descent_audit.figures.styles import RAISED

FEW = 2.0
"""Decades below which a logarithmic axis has numbers in between."""
NARROW = 0.8
"""Decades below which its ticks are evenly spaced."""


def tick(axes: Axes, panel: Mapping[str, Any], curves: pd.DataFrame) -> None:
    """Set the ticks of both axes of a panel, in which everything is drawn."""
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if names := panel.get(f"{name}_labels"):
            axis.set_major_locator(FixedLocator(range(len(names))))
            axis.set_major_formatter(FuncFormatter(lambda at, _, names=names: names[round(at)]))
        elif axis.get_scale() == "log":
            _tick_decades(axis)
        elif axis.get_scale() == "symlog":
            axis.set_major_formatter(FuncFormatter(power_of_ten))
        elif _whole(curves[name]):
            axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))


def _tick_decades(axis: Axis) -> None:
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low)
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(power_of_ten if decades >= FEW else plain_number))
    if decades < NARROW:
        axis.set_major_locator(AutoLocator())
        axis.set_minor_locator(NullLocator())
    elif decades < FEW:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))


def power_of_ten(value: float, _: int | None = None) -> str:
    """Return a power of ten as text, 10⁻³, with its factor where it has one, 2×10⁻³."""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    factor = f"{abs(value) / 10.0**exponent:.3g}×"
    return f"{'−' if value < 0 else ''}{factor if factor != '1×' else ''}10{str(exponent).translate(RAISED)}"


def plain_number(value: float, _: int | None = None) -> str:
    """Return a number as people write it, as a power of ten where it is very small or large."""
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e4 else power_of_ten(value)


def _whole(numbers: pd.Series) -> bool:
    """Say whether all numbers that there are are whole: a tick at a fraction would mislead."""
    finite = numbers[np.isfinite(numbers)]
    return len(finite) > 0 and bool((finite == finite.round()).all())
