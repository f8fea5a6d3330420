"""Where a number comes from, asked for with a pointer, a finger and the keyboard."""

import csv

import pytest
from axe_playwright_python.sync_playwright import Axe

DIALOG = "dialog.provenance"
NUMBER = "section.claim table .bound"


def shown(page):
    """Return the chain that the dialog shows, by label."""
    terms, details = (page.locator(f"{DIALOG} {name}").all_inner_texts() for name in ("dt", "dd"))
    return dict(zip(terms, details, strict=True))


def identifier(chain):
    """Return the claim, arm and quantity of a chain."""
    return chain["claim"], chain["arm"], chain["quantity"]


@pytest.fixture
def page(open_report, small):
    return open_report(small.page).page


def test_click_shows_the_row_of_the_table_that_holds_the_number(page, small):
    number = page.locator(NUMBER).first
    named = number.get_attribute("title")
    number.click()
    chain = shown(page)
    assert named.startswith("/".join(identifier(chain)))
    with (small.results / "observations" / f"{chain['claim']}.csv").open() as file:
        rows = [tuple(row[key] for key in ("claim", "arm", "quantity")) for row in csv.DictReader(file)]
    assert identifier(chain) in rows
    assert {"seed", "file", "sha256 of them", "sha256 of the code", "recompute"} <= set(chain)
    assert named in chain["recompute"]


@pytest.mark.parametrize("key", ["Enter", " "])
def test_keyboard_opens_it_escape_closes_it_and_the_focus_returns(page, key):
    number = page.locator(f"{NUMBER}[tabindex='0']").first
    number.focus()
    page.keyboard.press(key)
    assert page.locator(DIALOG).is_visible()
    assert shown(page)
    page.keyboard.press("Escape")
    assert not page.locator(DIALOG).is_visible()
    assert number.evaluate("element => element === document.activeElement")


def test_count_names_its_table_and_a_figure_its_curves(page):
    page.locator("[title^='coverage.csv/']").last.click()
    assert shown(page)["table"] == "coverage.csv"
    page.keyboard.press("Escape")
    figure = page.locator("section.claim figure > img.figure").first
    figure.click()
    assert shown(page)["figure of"] == figure.get_attribute("title")
    assert shown(page)["file"].endswith(f"/curves/{figure.get_attribute('title')}.csv")


def test_tap_opens_it_and_it_stays_within_a_phone(open_report, small):
    page = open_report(small.page, width=360, has_touch=True).page
    page.locator(NUMBER).first.tap()
    box = page.locator(DIALOG).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    found = Axe().run(page, context=DIALOG, options={"resultTypes": ["violations"]}).response["violations"]
    assert found == []
