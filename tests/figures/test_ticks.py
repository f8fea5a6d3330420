import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from descent_audit.figures.ticks import plain_number, power_of_ten, tick

EMPTY = pd.DataFrame({"x": [0.5], "y": [0.5]})


def labels(limits, scale, points=EMPTY, **panel):
    axes = Figure(figsize=(7, 7)).subplots()
    axes.set_yscale(**scale)
    axes.set_ylim(*limits)
    tick(axes, panel, points)
    low, high = limits
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    minor = [label.get_text() for label in axes.get_yticklabels(minor=True)]
    return [label.get_text() for at, label in ticks if low <= at <= high] + [text for text in minor if text]


@pytest.mark.parametrize(
    ("scale", "limits", "shown"),
    [
        ({"value": "log"}, (1e-12, 1e3), {"10⁻¹²", "10⁻¹⁰", "10⁰"}),
        ({"value": "log"}, (0.3, 12.0), {"0.5", "1", "2", "5", "10"}),
        ({"value": "log"}, (2.0, 6.0), {"2", "3", "4", "5", "6"}),
        ({"value": "symlog", "linthresh": 1.0}, (-1e3, 1e3), {"−10³", "0", "10⁰"}),
    ],
)
def test_powers_of_ten_are_text_and_short_axes_have_plain_numbers(scale, limits, shown):
    assert shown <= set(labels(limits, scale))


@pytest.mark.parametrize("exponent", range(-30, 31))
def test_power_of_ten_reads_back(exponent):
    back = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    assert power_of_ten(10.0**exponent).translate(back) == f"10{exponent}"
    assert power_of_ten(-3 * 10.0**exponent).translate(back) == f"-3×10{exponent}"


def test_small_and_large_numbers_are_powers_and_others_are_plain():
    assert [plain_number(value) for value in (1e-4, 0.002, 5.0, 2e4)] == ["10⁻⁴", "0.002", "5", "2×10⁴"]


def test_axis_of_whole_numbers_has_no_fraction():
    whole = pd.DataFrame({"x": [1.0], "y": np.array([1.0])})
    assert labels((1.0, 3.0), {"value": "linear"}, whole) == ["1", "2", "3"]
    assert len(labels((1.0, 3.0), {"value": "linear"})) > 3


def test_names_stand_at_whole_numbers():
    assert labels((-0.5, 2.5), {"value": "linear"}, y_labels=["a", "b", "c"]) == ["a", "b", "c"]
