"""The widgets in a real browser: opened from a file, without a network, worked by keyboard and by number."""

import os
import re
import shutil
from pathlib import Path

import pytest
from conftest import tabled

from descent_audit.figures.styles import DRAWN, REPORT
from descent_audit.records.made import write_made
from descent_audit.report import explore, page
from descent_audit.stages.recipes import configured

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="chromium is not installed (Debian: apt-get install chromium)"
)
WIDGETS = sorted(path.stem for path in (explore.MODULES / "widgets").glob("*.mjs"))
BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"/>'
LARGEST_GROWTH = 300_000
"""Bytes that the widgets may add to the page."""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    """Return the report of a run of all claims that have a widget, at smoke scale, with blank pictures."""
    results = tmp_path_factory.mktemp("explore") / "results"
    tabled(results, WIDGETS)
    recipes = configured("smoke", WIDGETS)
    for name in WIDGETS:
        pictures = {f"figures/{picture}.svg": BLANK for picture in (name, f"{name}_strip")}
        write_made(results, recipes.drawing(name, REPORT, DRAWN), pictures)
    written = results / "audit.html"
    page.main(["--scale", "smoke", "--results", str(results), "--output", str(written)])
    return written


@pytest.fixture(scope="module")
def chromium():
    """Return a running browser: Debian's own, nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, page_file):
    """Return a function that opens the report and keeps what the console says and what is asked for."""
    contexts = []

    def open_page(width=1200, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def mounted(page, name):
    """Return a widget once it has been scrolled to and has drawn."""
    widget = page.locator(f'.explore[data-widget="{name}"]')
    widget.scroll_into_view_if_needed()
    widget.locator(".drawing > svg").first.wait_for()
    return widget


def drawn(widget):
    """Return the drawing of the first panel as text, after the frame in which it is redrawn."""
    widget.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return widget.locator(".drawing").first.inner_html()


def test_all_widgets_draw_without_an_error_and_without_a_request(opened, page_file):
    page = opened()
    for name in WIDGETS:
        widget = mounted(page, name)
        drawings = widget.locator(".drawing > svg")
        assert drawings.count() == widget.locator(".plot").count() > 0
        assert not re.search(r"NaN|undefined", drawn(widget) + widget.inner_text())
        assert widget.locator("output").inner_text()
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [page_file.as_uri()]


def test_arrow_keys_move_a_slider_and_redraw_the_path(opened):
    widget = mounted(opened(), "zigzag_path_geometry")
    slider, field = widget.locator("input[type=range]").first, widget.locator("input[type=number]").first
    before, says = drawn(widget), widget.locator("output").inner_text()
    start = float(field.input_value())
    slider.focus()
    slider.press("ArrowLeft")
    moved = drawn(widget)
    assert float(field.input_value()) == pytest.approx(start - 0.01)
    assert moved != before
    assert widget.locator("output").inner_text() != says
    slider.press("ArrowRight")
    assert drawn(widget) == before


@pytest.mark.parametrize("name", WIDGETS)
def test_every_slider_of_every_widget_changes_what_is_seen(name, opened):
    widget = mounted(opened(), name)
    for slider in widget.locator("input[type=range]").all():
        widget.locator("button").click()
        drawn(widget)
        before = widget.inner_html()
        slider.focus()
        slider.press("End")
        drawn(widget)
        at_end = widget.inner_html()
        slider.press("Home")
        drawn(widget)
        assert len({re.sub(r'aria-valuetext="[^"]*"', "", one) for one in (before, at_end, widget.inner_html())}) > 1


def test_number_field_takes_a_number_refuses_none_and_stays_in_range(opened):
    widget = mounted(opened(), "quadratic_divergence_threshold")
    slider, field = widget.locator("input[type=range]").first, widget.locator("input[type=number]").first
    before = drawn(widget)
    field.fill("0.5")
    assert drawn(widget) != before
    assert slider.input_value() == "0.5"
    assert "from one side: it converges" in widget.locator("output").inner_text()
    field.fill("1000")
    field.press("Tab")
    assert (field.input_value(), slider.input_value()) == ("3", "3")
    field.fill("")
    field.press("Tab")
    assert field.input_value() == "3"
    widget.locator("button").click()
    assert drawn(widget) == before


def test_slider_in_decades_shows_the_number_itself(opened):
    widget = mounted(opened(), "cosine_exponential_crossing")
    slider, field = widget.locator("input[type=range]").first, widget.locator("input[type=number]").first
    field.fill("0.001")
    field.press("Tab")
    assert float(slider.input_value()) == pytest.approx(-3)
    assert slider.get_attribute("aria-valuetext") == "0.001"


def test_every_input_has_a_label_and_the_readout_is_announced(opened):
    page = opened()
    for name in WIDGETS:
        widget = mounted(page, name)
        assert widget.get_attribute("role") == "group"
        assert widget.get_attribute("aria-label")
        assert widget.locator("output").get_attribute("aria-live") == "polite"
        labelled = "all => all.every((one) => one.labels.length === 1 || one.ariaLabel)"
        assert widget.locator("input").evaluate_all(labelled)


def test_audited_points_are_marked(opened):
    page = opened()
    for name in WIDGETS:
        widget = mounted(page, name)
        assert widget.locator(".drawing circle.audited, .drawing rect").count() > 0, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_widgets_fit_a_narrow_screen_and_are_legible(scheme, opened):
    page = opened(width=360, color_scheme=scheme)
    for name in WIDGETS:
        widget = mounted(page, name)
        assert widget.evaluate("one => one.scrollWidth <= one.clientWidth && one.getBoundingClientRect().right <= 360")
        size = widget.locator("svg text").first.evaluate("one => one.getBoundingClientRect().height")
        assert size >= 11
    colours = widget.locator("svg text").first.evaluate(
        "one => [getComputedStyle(one).fill, getComputedStyle(document.documentElement).backgroundColor]"
    )
    assert contrast(*colours) >= 4.5


def contrast(*colours):
    """Return the contrast of two colours in the sense of the WCAG."""
    light, dark = sorted((luminance(one) for one in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    channels = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_without_scripts_the_figure_stays_and_no_widget_is_seen(opened):
    page = opened(java_script_enabled=False)
    assert page.locator(".explore").count() == len(WIDGETS)
    assert all(not one.is_visible() for one in page.locator(".explore").all())
    assert page.locator("figure img").count() >= len(WIDGETS)


def test_paper_shows_no_widget(opened):
    page = opened()
    mounted(page, WIDGETS[0])
    page.emulate_media(media="print")
    assert all(not one.is_visible() for one in page.locator(".explore").all())


def test_widgets_add_little_to_the_page(page_file):
    page = page_file.read_text(encoding="utf-8")
    blocks = re.findall(r'<div class="explore".*?</div>', page, flags=re.DOTALL)
    assert len(blocks) == len(WIDGETS)
    added = [explore.page_head(), *blocks]
    assert sum(len(one.encode()) for one in added) < LARGEST_GROWTH
    assert explore.page_head() in page
