import math
import re
from xml.etree import ElementTree

import pytest

from descent_audit.report.thumbnail import HEIGHT, MARKS, PAD, WIDTH, check_sketch, panel_sketch, thumbnail
from descent_audit.results import frame

PANELS = [{"name": "one", "x": "step $k$", "y": "loss $f(x_k)$", "y_scale": "log"}]


def curve(role, points, series="a", panel="one", arm="claim"):
    named = {"arm": arm, "panel": panel, "series": series, "role": role}
    return [{**named, "x": float(x), "y": float(y)} for x, y in points]


def check(value, relation="close", predicted=1.0, tolerance=0.1):
    return {"arm": "claim", "relation": relation, "value": value, "predicted": predicted, "tolerance": tolerance}


def curves(*parts):
    return frame("curves", [point for part in parts for point in part])


def checks(*rows):
    return frame("checks", rows)


def places(svg, role):
    (path,) = [one for one in ElementTree.fromstring(svg) if one.attrib["class"] == role]
    return [tuple(map(int, pair)) for pair in re.findall(r"[ML](\d+) (\d+)", path.attrib["d"])]


def test_marks_on_the_prediction_lie_on_its_line(claim):
    claim.figure["panels"][:] = PANELS
    decay = [(k, 2.0**-k) for k in range(11)]
    svg = thumbnail(claim, curves(curve("measured", decay[::2]), curve("predicted", decay)), checks())
    assert "\n" not in svg
    assert set(places(svg, "measured")) <= set(places(svg, "predicted"))
    assert places(svg, "predicted")[0] == (PAD, PAD)
    assert places(svg, "predicted")[-1] == (WIDTH - PAD, HEIGHT - PAD)
    slopes = {round((y - PAD) / (x - PAD), 1) for x, y in places(svg, "predicted")[1:]}
    assert slopes == {round((HEIGHT - 2 * PAD) / (WIDTH - 2 * PAD), 1)}


def test_mark_off_the_prediction_is_off_its_line(claim):
    claim.figure["panels"][:] = PANELS
    svg = thumbnail(
        claim, curves(curve("measured", [(1, 8.0)]), curve("predicted", [(0, 1.0), (1, 1.0), (2, 1.0)])), checks()
    )
    assert places(svg, "measured") == [(WIDTH // 2, PAD)]
    assert {y for _, y in places(svg, "predicted")} == {HEIGHT - PAD}


def test_other_arms_maps_and_what_has_no_logarithm_are_left_out():
    rows = curves(
        curve("measured", [(0, 1.0), (1, 0.0), (2, -1.0), (3, math.inf)]),
        curve("predicted", [(0, 1.0), (1, 2.0)]),
    )
    sketch = panel_sketch(PANELS, rows, "predicted")
    assert sketch.measured[0].tolist() == [[0.0, 0.0]]
    assert panel_sketch([{**PANELS[0], "kind": "map"}], rows, "predicted") is None
    assert panel_sketch([{**PANELS[0], "x_limits": [5, 6]}], rows, "predicted") is None


def test_marks_go_with_the_line_of_their_own_series():
    rows = curves(
        curve("measured", [(0, 1.0)], "a"),
        curve("measured", [(0, 2.0)], "b"),
        curve("predicted", [(0, 2.0)], "b"),
    )
    sketch = panel_sketch(PANELS, rows, "predicted")
    assert [points.tolist() for points in sketch.measured] == [points.tolist() for points in sketch.lines]
    assert panel_sketch(PANELS, rows, "guide") is None


def test_picture_says_in_words_what_it_shows():
    rows = curves(curve("measured", [(0, 1.0)]), curve("guide", [(0, 2.0)], "bound"))
    assert panel_sketch(PANELS, rows, "guide").text == (
        "loss f(x_k) against step k: dots are measured, the dashed line is a guide"
    )


def test_checks_are_drawn_over_what_they_require():
    rows = checks(check(10.0, predicted=10.0), check(1e-3, "at_most", math.nan, 1.0), check(5.0, "increasing"))
    sketch = check_sketch(rows)
    assert sketch.measured[0].tolist() == [[0.0, -3.0], [1.0, 1.0]]
    assert sketch.lines[0].tolist() == [[-3.0, -3.0], [1.0, 1.0]]


@pytest.mark.parametrize("rows", [[], [check(1.0)], [check(0.0), check(math.nan)]])
def test_nothing_to_draw_is_no_picture(claim, rows):
    assert thumbnail(claim, curves(), checks(*rows)) == ""


def test_many_points_stay_few(claim):
    claim.figure["panels"][:] = [{"name": "one", "x": "x", "y": "y"}]
    points = [(x, x % 7) for x in range(5000)]
    svg = thumbnail(claim, curves(curve("measured", points), curve("predicted", points)), checks())
    assert len(places(svg, "measured")) == MARKS
    assert len(svg) < 1500
