import functools
import io
import re
import shutil
import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pypdf
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image
from test_claims import NAMES, run

from descent_audit.claims.catalogue import load_claims
from descent_audit.figures import draw, drawing, styles, theme
from descent_audit.records.made import Recipe, write_made
from descent_audit.records.storage import write_text
from descent_audit.results import read_sealed
from descent_audit.stages.recipes import configured


@functools.cache
def read(name):
    with tempfile.TemporaryDirectory() as folder:
        _seal_curves(Path(folder), name, run(name)[1])
        return read_sealed(Path(folder), "curves", name)


def drawn(name, style=styles.REPORT):
    return drawing.draw(load_claims([name])[name], read(name), styles.STYLES[style])


def visible_texts(figure, style=styles.REPORT):
    """Return the boxes of all texts that are seen, in pixels, slightly shrunk."""
    with theme.themed(styles.STYLES[style]):
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        hidden = [text for axes in figure.axes if not axes.get_visible() for text in axes.findobj(Text)]
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        texts = [text for text in texts if text not in hidden]
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


def within(limits, text):
    return text.get_text() and min(limits) <= text.get_position()[1] <= max(limits)


def test_labels_at_the_left_of_a_column_stand_at_one_distance_clear_of_all_numbers():
    figure = drawn("level_set_eccentricity")
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    upper, lower = (axes.yaxis.label.get_window_extent(renderer) for axes in figure.axes)
    assert upper.x1 == pytest.approx(lower.x1, abs=0.01)
    numbers = [text for axes in figure.axes for text in axes.get_yticklabels() if within(axes.get_ylim(), text)]
    assert upper.x1 < min(text.get_window_extent(renderer).x0 for text in numbers)


@pytest.mark.parametrize("style", list(styles.STYLES))
@pytest.mark.parametrize("name", NAMES)
def test_no_text_overlaps_or_leaves_the_figure(name, style):
    figure = drawn(name, style)
    boxes = visible_texts(figure, style)
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
    first, second = (drawing.rendered(drawn(name), "svg", name) for _ in range(2))
    assert first == second


MAP = "heavy_ball_resonance_tongues"


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_figure_to_take_along_is_the_same_bytes_each_time(form):
    first, second = (drawing.rendered(drawn(MAP), form, MAP) for _ in range(2))
    assert first == second


def test_pdf_carries_its_fonts_as_truetype_and_its_text_as_text():
    page = pypdf.PdfReader(io.BytesIO(drawing.rendered(drawn(MAP), "pdf", MAP))).pages[0]
    fonts = [font.get_object()["/DescendantFonts"][0].get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    assert {font["/Subtype"] for font in fonts} == {"/CIDFontType2"}
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    assert "momentum" in page.extract_text()
    files = [TTFont(io.BytesIO(font["/FontDescriptor"]["/FontFile2"].get_data())) for font in fonts]
    tables = {table for file in files for table in file.keys()}  # noqa: SIM118
    assert {"glyf", "loca", "hmtx", "maxp", "fpgm"} <= tables
    assert [float(edge) / 72 for edge in page.mediabox[2:]] == pytest.approx([3.4, 4.2])


def test_pdf_does_not_depend_on_what_was_drawn_before():
    def pdf(text):
        figure = mpl.figure.Figure(figsize=(2, 2))
        figure.text(0.1, 0.5, text)
        return drawing.rendered(figure, "pdf", "text")

    composed = ["Ångström", "naïve, café", "façade"]  # glyphs that refer to others by their number
    first = [pdf(text) for text in composed]
    assert [pdf(text) for text in reversed(composed)] == first[::-1]


@pytest.mark.parametrize(
    ("style", "width", "height"), [("paper", 1020, 1260), ("paper-wide", 2100, 720), ("slides", 1920, 1080)]
)
def test_png_has_the_pixels_of_its_style(style, width, height):
    rendered = drawing.rendered(drawn(MAP, style), "png", MAP, styles.STYLES[style])
    assert Image.open(io.BytesIO(rendered)).size == (width, height)


def test_slides_are_of_16_to_9_with_larger_type_and_thicker_lines():
    def sizes(style):
        figure = drawn(MAP, style)
        text = [one.get_fontsize() for one in figure.findobj(Text) if one.get_text().strip()]
        lines = [line.get_linewidth() for line in figure.axes[0].get_lines()]
        return figure.get_figwidth() / figure.get_figheight(), min(text), max(lines)

    (_, text, line), (ratio, larger, thicker) = sizes("paper"), sizes("slides")
    assert ratio == pytest.approx(16 / 9)
    assert larger >= 1.3 * text
    assert thicker >= 1.5 * line


@pytest.mark.parametrize(("options", "found"), [(["--style", "slide"], "slides"), (["--formats", "svg,pgn"], "png")])
def test_unknown_style_or_format_is_one_line(tmp_path, options, found):
    with pytest.raises(SystemExit, match=f"did you mean '{found}'") as caught:
        draw.main(["--scale", "smoke", "--results", str(tmp_path), *options])
    assert "\n" not in str(caught.value.code)


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_labelled_with_words(name):
    figure = drawn(name)
    labelled = [(axis.get_xlabel(), axis.get_ylabel()) for axis in figure.axes if axis in figure.get_children()]
    labelled += [(part.get_supxlabel(), part.get_supylabel()) for part in figure.subfigs]
    plain = [labels for labels in labelled if labels[0] or labels[1]]
    assert len(plain) >= len(load_claims([name])[name].figure["panels"])
    assert all(re.search(r"\w", label) for labels in plain for label in labels if label)


def test_damaged_curves_are_one_line(tmp_path):
    name = "quadratic_divergence_threshold"
    _seal_curves(tmp_path, name, "other")
    write_text(tmp_path / "curves" / f"{name}.csv", "claim\n")
    with pytest.raises(SystemExit, match="truncated or edited"):
        draw.main(["--scale", "smoke", "--results", str(tmp_path), "--claims", name])


def test_curves_of_another_configuration_are_one_line(results):
    recipe = configured("smoke", KEPT).simulations[KEPT[0]]
    older = Recipe(recipe.name, {**recipe.parts, "seed": recipe.parts["seed"] + 1})
    write_made(results, older, {f"curves/{KEPT[0]}.csv": run(KEPT[0])[1]})
    with pytest.raises(SystemExit, match=rf"made/{KEPT[0]}\.\w+\.json: made of something else .*\(seed: \d+ -> \d+\)"):
        draw.main(["--scale", "smoke", "--results", str(results), "--claims", ",".join(KEPT)])


@pytest.fixture
def results(tmp_path):
    """Return a folder with the curves of two claims."""
    for name in KEPT:
        _seal_curves(tmp_path, name, run(name)[1])
    return tmp_path


KEPT = ("adam_bias_profile", "schedule_shape_identities")


def _seal_curves(results, name, text):
    write_made(results, _recipes().simulations[name], {f"curves/{name}.csv": text})


@functools.cache
def _recipes():
    return configured("smoke", None)


def _drawn_of(results, monkeypatch, *options, claims=None):
    """Draw figures; return which were drawn again, and what is in the files."""
    again = []
    make = drawing.draw
    monkeypatch.setattr(drawing, "draw", lambda claim, *rest: again.append(claim.name) or make(claim, *rest))
    recipes = configured("smoke", KEPT)
    monkeypatch.setattr(draw, "found", lambda *_: replace(recipes, claims=claims or recipes.claims))
    draw.main(["--scale", "smoke", "--results", str(results), "--claims", ",".join(KEPT), *options])
    monkeypatch.undo()
    return again, {path.name: path.read_bytes() for path in sorted((results / "figures").rglob("*.*"))}


def test_figures_are_drawn_once_and_a_removed_one_comes_back(results, monkeypatch):
    first, drawn_first = _drawn_of(results, monkeypatch)
    shutil.rmtree(results / "figures")
    assert first == list(KEPT)
    assert _drawn_of(results, monkeypatch) == ([], drawn_first)


def test_figure_is_drawn_again_where_its_curves_have_changed(results, monkeypatch):
    _, before = _drawn_of(results, monkeypatch)
    head, line, *rest = run(KEPT[0])[1].splitlines(keepends=True)
    _seal_curves(results, KEPT[0], "".join([head, *rest]))
    again, after = _drawn_of(results, monkeypatch)
    assert line
    assert again == [KEPT[0]]
    assert {name for name in after if after[name] != before[name]} == {f"{KEPT[0]}.svg"}


def test_figure_is_drawn_again_where_its_panels_have_changed_and_not_for_another_caption(results, monkeypatch):
    _, before = _drawn_of(results, monkeypatch)
    claims = load_claims(KEPT)
    one, other = claims.values()
    panels = [{**panel, "y": "another label"} for panel in one.figure["panels"]]
    edited = {
        one.name: replace(one, figure={**one.figure, "panels": panels}),
        other.name: replace(other, figure={**other.figure, "caption": "Other words."}),
    }
    again, after = _drawn_of(results, monkeypatch, claims=edited)
    assert again == [one.name]
    assert after[f"{one.name}.svg"] != before[f"{one.name}.svg"]


@pytest.mark.parametrize("what", ["code_digest", "version"])
def test_all_figures_are_drawn_again_by_other_code_or_another_library(results, monkeypatch, what):
    _drawn_of(results, monkeypatch)
    monkeypatch.setattr(draw, what, lambda *_: "another")
    assert _drawn_of(results, monkeypatch)[0] == list(KEPT)


def test_damaged_drawing_that_was_kept_is_drawn_again(results, monkeypatch):
    _, before = _drawn_of(results, monkeypatch)
    kept = results / "kept" / "figures" / f"{KEPT[1]}.svg"
    kept.write_bytes(kept.read_bytes()[:-7])
    assert _drawn_of(results, monkeypatch) == ([KEPT[1]], before)


def test_format_that_is_drawn_alone_is_the_same(results, monkeypatch):
    _, both = _drawn_of(results, monkeypatch, "--formats", ",".join(styles.FORMATS))
    for form in styles.FORMATS:
        shutil.rmtree(results / "kept")
        shutil.rmtree(results / "figures")
        _, alone = _drawn_of(results, monkeypatch, "--formats", form)
        assert alone == {name: content for name, content in both.items() if name.endswith(form)}


def test_styles_are_kept_apart(results, monkeypatch):
    _, paper = _drawn_of(results, monkeypatch, "--formats", "svg")
    again, both = _drawn_of(results, monkeypatch, "--formats", "svg", "--style", "slides")
    assert again == list(KEPT)
    assert both != paper
    assert _drawn_of(results, monkeypatch, "--formats", "svg")[0] == []
