import re
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from test_claims import NAMES, run

from descent_audit import figures
from descent_audit.catalogue import load_claims
from descent_audit.storage import seal_text, write_text


def series(label="a", role="measured", arm="claim", **arrays):
    x = np.array([1.0, 2.0, 3.0])
    return figures.Series(arm, "one", label, role, **{"x": x, "y": x, "value": np.full(3, np.nan), **arrays})


def read(name):
    import csv
    import io

    return figures.read_series(csv.DictReader(io.StringIO(run(name)[1])), load_claims([name])[name].kinds)


def drawn(name):
    return figures.draw(load_claims([name])[name], read(name))


def visible_texts(figure):
    """Return the boxes of all texts that are seen, in pixels, slightly shrunk."""
    with mpl.rc_context(figures.STYLE):
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        ticks = {id(label) for axis in figure.axes for label in _hidden_tick_labels(axis)}
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts if id(text) not in ticks]


def _hidden_tick_labels(axes):
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not low - 1e-12 * abs(low) <= tick.get_loc() <= high + 1e-12 * abs(high):
                yield from (tick.label1, tick.label2)


def overlap(first, second):
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    return width > 1 and height > 1


@pytest.mark.parametrize("name", NAMES)
def test_no_text_overlaps_or_leaves_the_figure(name):
    figure = drawn(name)
    boxes = visible_texts(figure)
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not overlap(first, second), (one, other)
    edge = figure.bbox
    for text, box in boxes:
        assert box.x0 >= edge.x0 - 1, text
        assert box.x1 <= edge.x1 + 1, text
        assert box.y0 >= edge.y0 - 1, text
        assert box.y1 <= edge.y1 + 1, text


@pytest.mark.parametrize("name", NAMES)
def test_text_is_legible_at_one_column(name):
    figure = drawn(name)
    assert figure.get_figwidth() == pytest.approx(3.4)
    assert all(text.get_fontsize() >= 7 for text in figure.findobj(Text) if text.get_text().strip())


@pytest.mark.parametrize("name", NAMES)
def test_figure_is_the_same_bytes_each_time(name):
    first, second = figures.svg(drawn(name), name), figures.svg(drawn(name), name)
    assert first == second
    assert figures.pdf(first, name) == figures.pdf(second, name)
    assert figures.pdf(first, name).startswith(b"%PDF")


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_labelled_with_words(name):
    for axis in drawn(name).axes:
        if axis.get_label() != "<colorbar>":
            assert re.search(r"\w", axis.get_xlabel())
            assert re.search(r"\w", axis.get_ylabel())


def test_roles_are_told_apart_without_colour():
    looks = [(role.get("marker"), role["linestyle"]) for role in figures.ROLES.values()]
    assert len(set(looks)) == len(looks)


def test_palette_is_told_apart_in_grey_and_under_red_green_blindness():
    matrix = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    seen = [matrix @ np.array(to_rgb(colour)) for colour in figures.COLOURS]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.1


def test_measured_and_predicted_of_one_label_share_a_colour():
    styles = figures._styles([series(), series(role="predicted"), series("b"), series("c", "guide")], joined=False)
    assert styles[0]["color"] == styles[1]["color"] != styles[2]["color"]
    assert styles[3]["color"] == figures.GREY
    assert styles[0]["linestyle"] == "none"
    assert styles[1]["linestyle"] == "-"


def test_measured_curve_of_a_counterexample_gets_its_own_role():
    row = {"arm": "odd", "panel": "one", "series": "a", "role": "measured", "x": "1", "y": "2", "value": ""}
    (one,) = figures.read_series([row], {"odd": "counterexample"})
    assert one.role == "counterexample"
    assert figures.read_series([row], {"odd": "case"})[0].role == "measured"


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_cells_of_a_map_meet_half_way(scale):
    centres = np.array([1.0, 2.0, 4.0]) if scale == "log" else np.array([1.0, 2.0, 3.0])
    edges = figures._edges(centres, scale)
    middle = np.sqrt(edges[1:] * edges[:-1]) if scale == "log" else (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(middle, centres)


def test_damaged_curves_are_one_line(tmp_path):
    name = "quadratic_divergence_threshold"
    write_text(tmp_path / "curves" / f"{name}.csv", "claim\n")
    write_text(tmp_path / "seals" / f"{name}.sha256", seal_text({f"curves/{name}.csv": "other"}))
    with pytest.raises(SystemExit, match="truncated or edited"):
        figures.main(["--results", str(tmp_path), "--claims", name])
