"""What a panel shows of a table of curves, read back from what was drawn."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from descent_audit.figures import drawing, panels, styles, theme
from descent_audit.figures.legends import columns_that_fit, legend_handles
from descent_audit.figures.roles import of_claim

PANEL = {"name": "one", "x": "step", "y": "distance"}
KINDS = {"claim": "claim", "odd": "counterexample", "calm": "control"}


def rows(label="a", role="measured", arm="claim", points=3, **columns):
    """Return the rows of one curve, by default ``y = x`` at 1, 2, …"""
    x = np.arange(1.0, points + 1)
    empty = dict.fromkeys(["low", "high", "value"], np.full(points, np.nan))
    named = {"arm": arm, "panel": "one", "series": label, "role": role}
    return pd.DataFrame({**named, "x": x, "y": x, **empty, **columns})


def panel_of(*curves, **options):
    """Return axes with a panel of some curves, and the curves as drawn."""
    with theme.themed(styles.STYLES["paper"]):
        axis = Figure(figsize=(3.4, 2.1)).subplots()
        drawn = panels.draw_panel(axis, {**PANEL, **options}, of_claim(pd.concat(curves, ignore_index=True), KINDS))
    return axis, drawn


def marks(axis):
    return [one for one in axis.collections if isinstance(one, PathCollection)]


def legend_of(*curves, **options):
    _, drawn = panel_of(*curves, **options)
    with theme.themed(styles.STYLES["paper"]):
        return [one.get_label() for one in legend_handles({**PANEL, **options}, drawn)]


def test_marks_and_line_of_one_label_share_a_colour_and_stand_where_the_table_says():
    axis, drawn = panel_of(rows(), rows(role="predicted"), rows("b"))
    first, second = marks(axis)
    (line,) = axis.lines
    assert to_hex(first.get_facecolor()[0]).upper() == to_hex(line.get_color()).upper() == theme.PALETTE[0]
    assert to_hex(second.get_facecolor()[0]).upper() == theme.PALETTE[1]
    np.testing.assert_array_equal(first.get_offsets(), np.column_stack([[1, 2, 3]] * 2))
    assert list(drawn["colour"].unique()) == list(theme.PALETTE[:2])


def test_controls_are_grey_each_with_a_cross_of_its_own_and_counterexamples_are_open():
    axis, _ = panel_of(rows(), rows("b", "control", "calm"), rows("c", "control", "calm"), rows("d", arm="odd"))
    _, one, other, odd = marks(axis)
    assert {to_hex(crosses.get_edgecolor()[0]) for crosses in (one, other)} == {theme.GREY}
    assert one.get_paths()[0].vertices.tolist() != other.get_paths()[0].vertices.tolist()
    assert to_hex(odd.get_facecolor()[0]) == "#ffffff"
    assert to_hex(odd.get_edgecolor()[0]).upper() == theme.PALETTE[1]


def test_line_of_two_arms_is_drawn_once_and_a_missing_number_breaks_it():
    broken = rows("law", "guide", y=np.array([1.0, np.nan, 3.0]))
    axis, _ = panel_of(broken, rows("law", "predicted"), rows("law", "predicted", "calm"))
    assert sorted(len(line.get_xdata()) for line in axis.lines) == [1, 1, 3]


def test_lines_of_one_label_that_do_not_follow_each_other_are_not_joined():
    axis, _ = panel_of(rows("law", "guide"), rows(), rows("law", "guide", y=np.array([7.0, 8.0, 9.0])))
    assert [list(line.get_ydata()) for line in axis.lines] == [[1, 2, 3], [7, 8, 9]]


def test_interval_of_a_mark_is_a_bar_in_its_colour():
    low, high = np.array([0.5, np.nan, 2.0]), np.array([1.5, np.nan, 4.5])
    axis, _ = panel_of(rows(), rows("b", low=low, high=high))
    (bars,) = [one for one in axis.collections if hasattr(one, "get_segments")]
    assert [segment.tolist() for segment in bars.get_segments()] == [[[1, 0.5], [1, 1.5]], [[3, 2], [3, 4.5]]]
    assert to_hex(bars.get_color()[0]).upper() == theme.PALETTE[1]
    assert axis.get_ylim()[1] > 4.5


def test_intervals_of_dense_marks_are_a_band():
    y = np.arange(1.0, panels.DENSE + 1)
    axis, _ = panel_of(rows(points=panels.DENSE, low=y - 0.5, high=y + 1.0))
    (band,) = [one for one in axis.collections if isinstance(one, PolyCollection)]
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert {(1.0, 0.5), (1.0, 2.0), (panels.DENSE, y[-1] + 1.0)} <= corners


def test_curve_without_intervals_has_none():
    axis, _ = panel_of(rows(), rows(role="predicted"))
    assert len(axis.collections) == len(marks(axis)) == 1


def test_replicates_are_their_median_and_nine_in_ten():
    y = np.random.default_rng(5).normal(size=200)
    x = np.repeat([0.0, 1.0], 100)
    axis, _ = panel_of(rows("runs", points=200, x=x, y=y), replicates=["runs"])
    (line,), (band,) = axis.lines, axis.collections
    groups = y[:100], y[100:]
    np.testing.assert_allclose(line.get_ydata(), [np.median(group) for group in groups])
    low, high = np.sort(band.get_paths()[0].vertices[:, 1])[[0, -1]]
    np.testing.assert_allclose(low, min(np.percentile(group, 5) for group in groups))
    np.testing.assert_allclose(high, max(np.percentile(group, 95) for group in groups))


def test_share_up_to_x_counts_each_point_as_often_as_its_weight():
    axis, _ = panel_of(rows(x=np.array([4.0, 1.0, 2.0]), y=np.array([1.0, 3.0, 6.0])), kind="ecdf")
    (line,) = axis.lines
    x, share = line.get_data()
    assert [share[x <= at].max() for at in (1.0, 2.0, 4.0)] == pytest.approx([0.3, 0.9, 1.0])


def cells(value):
    x, y = np.meshgrid([1.0, 2.0, 3.0], [0.0, 1.0])
    return rows(points=6, x=x.ravel(), y=y.ravel(), value=np.array(value, float))


def test_map_shows_each_value_in_its_cell_and_an_empty_one_blank():
    axis, _ = panel_of(cells([1, 2, 3, 4, np.nan, 6]), kind="map")
    (mesh,) = [one for one in axis.collections if isinstance(one, QuadMesh)]
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), np.nan), [[1, 2, 3], [4, np.nan, 6]])
    assert mesh.get_coordinates()[0, :, 0].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert not marks(axis)


def test_column_of_a_map_that_is_empty_keeps_its_place():
    axis, _ = panel_of(cells([1, np.nan, 3, 4, np.nan, 6]), kind="map")
    (mesh,) = [one for one in axis.collections if isinstance(one, QuadMesh)]
    assert mesh.get_coordinates().shape == (3, 4, 2)


def test_categories_have_a_colour_each_in_the_legend_and_no_bar_of_colours():
    names = ["stays", "crosses", "diverges"]
    axis, drawn = panel_of(cells([0, 1, 2, 2, 1, 0]), kind="map", categories=names)
    assert len(axis.figure.axes) == 1
    handles = legend_handles({**PANEL, "categories": names}, drawn)
    (mesh,) = [one for one in axis.collections if isinstance(one, QuadMesh)]
    shown = [to_hex(mesh.to_rgba(value)) for value in (0, 1, 2)]
    assert [(one.get_label(), to_hex(one.get_facecolor())) for one in handles] == list(zip(names, shown, strict=True))


def test_facets_share_their_axes_and_guides():
    panel = {**PANEL, "facets": "series"}
    curves = pd.concat([rows("law", "guide"), rows("a"), rows("b", y=np.full(3, 9.0))], ignore_index=True)
    figure = drawing.draw_panels([panel], of_claim(curves, KINDS), styles.STYLES["paper"])
    one, other = figure.axes
    assert [axis.get_title(loc="left") for axis in (one, other)] == ["a", "b"]
    assert one.get_ylim() == other.get_ylim()
    assert [len(axis.lines) for axis in (one, other)] == [1, 1]
    assert [len(marks(axis)) for axis in (one, other)] == [1, 1]
    texts = [text.get_text() for legend in figure.subfigs[0].legends for text in legend.get_texts()]
    assert texts == ["law"]


def test_role_that_is_told_apart_stands_behind_one_label_and_at_the_end_for_many():
    assert legend_of(rows(), rows("b", arm="odd")) == ["a", "b (counterexample)"]
    assert legend_of(rows("a", arm="odd"), rows("b", arm="odd")) == ["a", "b", "open: counterexamples"]
    assert legend_of(rows("a", "control", "calm")) == ["a (control)"]


def test_legend_has_as_many_columns_as_fit():
    with theme.themed(styles.STYLES["paper"]):
        narrow, wide = (columns_that_fit(["of some length"] * 4, width) for width in (70.0, 1000.0))
        assert (narrow, wide) == (1, 4)
        counts = [columns_that_fit(["a", "of some length", "b"], width) for width in range(20, 300, 5)]
    assert counts == sorted(counts)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_cells_of_a_map_meet_half_way(scale):
    centres = np.array([1.0, 2.0, 4.0]) if scale == "log" else np.array([1.0, 2.0, 3.0])
    edges = panels.maps.cell_edges(centres, scale)
    middle = np.sqrt(edges[1:] * edges[:-1]) if scale == "log" else (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(middle, centres)
