"""The report as a whole, in a real browser: silent, self-contained, fast, readable and accessible."""

import re
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe

WIDTHS = (320, 360, 768, 1200, 1920)
ROLES_OF_HEADINGS = "h1, h2, h3, h4, h5, h6"
OVERFLOW = """() => [...document.querySelectorAll("body *")].filter((element) =>
    element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !element.closest(".formula")
).map((element) => element.outerHTML.slice(0, 120))"""
SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("main *")]
    .filter((element) => !element.closest("math, svg"))
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((element) => parseFloat(getComputedStyle(element).fontSize)))"""


def violations(page, part="html"):
    """Return the rules of axe-core that a part of the page does not keep, with the elements that break them."""
    found = Axe().run(page, context=part, options={"resultTypes": ["violations"]}).response["violations"]
    return {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found}


def test_no_complaint_and_no_request(open_report, whole):
    opened = open_report(whole.page)
    opened.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    opened.page.wait_for_load_state("networkidle")
    assert opened.complaints == []
    assert {url.split(":")[0] for url in opened.requests} <= {"file", "data"}
    assert [url for url in opened.requests if url.startswith("file:")] == [whole.page.as_uri()]


def test_a_request_would_be_noticed_and_is_forbidden(open_report, small, tmp_path):
    text = small.page.read_text()
    (tmp_path / "audit.html").write_text(text.replace("<main", '<img src="http://127.0.0.1:9/a.png" alt="x"><main'))
    opened = open_report(tmp_path / "audit.html")
    assert any("127.0.0.1" in complaint for complaint in opened.complaints)


def test_every_picture_is_drawn(open_report, whole):
    page = open_report(whole.page).page
    broken = page.evaluate(
        """async () => {
        const pictures = [...document.images];
        for (const picture of pictures) picture.loading = "eager";
        await Promise.allSettled(pictures.map((picture) => picture.decode()));
        return [pictures.length, pictures.filter((picture) => !picture.naturalWidth || !picture.alt).length];
    }"""
    )
    assert broken[0] > 0
    assert broken[1] == 0


def test_every_link_resolves_and_no_name_is_double(open_report, whole):
    page = open_report(whole.page).page
    links = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.getAttribute('href'))")
    names = page.eval_on_selector_all("[id]", "elements => elements.map((element) => element.id)")
    assert len(names) == len(set(names))
    inside = {link[1:].split("?")[0] for link in links if link.startswith("#")}
    assert len(inside) > 50
    assert inside <= set(names)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out(open_report, whole, width):
    page = open_report(whole.page, width=width).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOW) == []


@pytest.mark.parametrize(("width", "size"), [(360, 12.0), (1200, 12.0), (1920, 14.0)])
def test_text_is_large_enough(open_report, small, width, size):
    assert open_report(small.page, width=width).page.evaluate(SMALLEST_TEXT) >= size


def test_lines_of_prose_are_not_too_long(open_report, small):
    page = open_report(small.page, width=1920).page
    shares = page.eval_on_selector_all(
        "main p", "ps => ps.map((p) => p.clientWidth / parseFloat(getComputedStyle(p).fontSize))"
    )
    assert 0 < max(shares) <= 60


def test_headings_are_in_order(open_report, whole):
    page = open_report(whole.page).page
    levels = page.eval_on_selector_all(ROLES_OF_HEADINGS, "headings => headings.map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1200, "dark")])
def test_axe_finds_no_violation(open_report, small, width, scheme):
    assert violations(open_report(small.page, width=width, color_scheme=scheme).page) == {}


def test_axe_finds_no_violation_in_a_sorted_view(open_report, small):
    assert violations(open_report(small.page, "#ledger?order=margin&verdict=supported").page, "#ledger") == {}


def test_axe_notices_pale_text_at_the_end(open_report, small):
    page = open_report(small.page).page
    page.locator("section.claim").last.evaluate("section => { section.style.color = '#cccccc'; section.id = 'pale'; }")
    assert list(violations(page, "#pale")) == ["color-contrast"]


def test_dark_mode_is_dark(open_report, small):
    def lightness(scheme):
        page = open_report(small.page, color_scheme=scheme).page
        colour = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert lightness("dark") < 100 < 700 < lightness("light")


def test_paper_has_the_entries_and_no_controls(open_report, small):
    page = open_report(small.page, color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("nav, .filter, .skip").filter(visible=True).count() == 0
    assert page.locator("tr[data-verdict]").filter(visible=True).count() == page.locator("tr[data-verdict]").count()
    assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


def test_skip_link_is_first_and_leads_to_the_report(open_report, small):
    page = open_report(small.page).page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("() => document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")


def test_contents_are_folded_on_a_phone_and_beside_the_text_on_a_screen(open_report, small):
    phone = open_report(small.page, width=360).page
    assert not phone.locator("nav a").first.is_visible()
    phone.locator("nav summary").focus()
    phone.keyboard.press("Enter")
    assert phone.locator("nav a").first.is_visible()
    phone.locator("nav a", has_text="Calibration").click()
    assert not phone.locator("nav a").first.is_visible()

    screen = open_report(small.page, width=1200).page
    screen.locator("nav a", has_text="Calibration").click()
    assert screen.locator("nav a", has_text="Calibration").bounding_box()["y"] >= 0
    box = screen.locator("#calibration h2").bounding_box()
    assert 0 <= box["y"] < 900
    assert box["x"] > screen.locator("nav").bounding_box()["width"]


@pytest.mark.parametrize("fragment", ["#calibration", "#two_cycle_beyond_threshold"])
def test_link_leads_to_its_place_and_contents_say_so(open_report, whole, fragment):
    page = open_report(whole.page, fragment).page
    page.wait_for_selector(f"nav [aria-current][href='{fragment}']", state="attached", timeout=3000)
    assert page.locator("nav [aria-current]").count() == 1
    page.wait_for_timeout(300)
    assert 0 <= page.locator(fragment).bounding_box()["y"] < 100


def test_report_is_small_enough_to_open_at_once(open_report, whole):
    """What a browser must read and lay out; ``benchmarks/opening.py`` measures how long it takes."""
    assert whole.page.stat().st_size < 8e6
    assert open_report(whole.page).page.evaluate("document.querySelectorAll('*').length") < 120_000
