"""The ledger in a real browser: every entry without scripts; filter, order and links with the keyboard alone."""

import csv
import json

import pytest

ROWS = "tr[data-verdict]"


@pytest.fixture(scope="module")
def statements(small):
    with (small.results / "statements.csv").open() as file:
        return list(csv.DictReader(file))


def shown(page):
    """Return the statements that are visible, in the order of the page."""
    rows = page.locator(ROWS).filter(visible=True)
    return rows.evaluate_all("rows => rows.map((row) => row.id.replace('statement-', ''))")


def chosen(statements, **cells):
    return [row["id"] for row in statements if all(row[key] in allowed for key, allowed in cells.items())]


def smallest_margins(small, statements):
    judged = json.loads((small.results / "judgements.json").read_text())["claims"]
    margins = {
        row["id"]: [judged[name]["worst_margin"] for name in row["claims"].split(";") if name in judged]
        for row in statements
    }
    return {name: min(found) for name, found in margins.items() if found}


def test_without_scripts_everything_is_shown(open_report, small, statements):
    page = open_report(small.page, java_script_enabled=False).page
    assert page.locator("#ledger-filter").is_hidden()
    visible = page.locator(ROWS).filter(visible=True)
    assert visible.count() == len(statements)
    assert page.locator("section.claim").filter(visible=True).count() == page.locator("section.claim").count()


def test_every_entry_has_its_verdict_in_words_and_symbol(open_report, small, statements):
    from descent_audit.claims.verdicts import VERDICTS

    page = open_report(small.page).page
    texts = page.locator(f"{ROWS} .verdict").all_inner_texts()
    assert texts == [f"{VERDICTS[row['verdict']].symbol} {row['verdict']}" for row in statements]


def test_every_entry_can_be_linked(open_report, small, statements):
    page = open_report(small.page, f"#statement-{statements[-1]['id']}").page
    assert page.locator(f"{ROWS}:target").evaluate("row => row.id") == f"statement-{statements[-1]['id']}"
    links = page.locator(f"{ROWS} a.anchor").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert links == [f"#statement-{row['id']}" for row in statements]


def test_filter_by_keyboard(open_report, small, statements):
    page = open_report(small.page).page
    assert page.get_by_role("status").inner_text() == f"{len(statements)} of {len(statements)} statements"

    page.get_by_role("checkbox", name="supported").focus()
    page.keyboard.press("Space")
    supported = chosen(statements, verdict=["supported"])
    assert 0 < len(supported) < len(statements)
    assert shown(page) == supported
    assert page.get_by_role("status").inner_text() == f"{len(supported)} of {len(statements)} statements"

    page.get_by_role("button", name="Show all").focus()
    page.keyboard.press("Enter")
    assert len(shown(page)) == len(statements)

    page.locator("[name=section]").focus()
    page.keyboard.type("Momentum")
    assert shown(page) == chosen(statements, section=["Momentum"])
    assert page.locator("section.ledger").filter(visible=True).count() == 1


def test_text_must_hold_every_word(open_report, small, statements):
    page = open_report(small.page).page
    page.locator("[name=text]").focus()
    page.keyboard.type("Learning  diverge")
    found = shown(page)
    assert "large_rate_overshoots" in found
    assert len(found) < len(statements)
    page.keyboard.type(" zzz")
    assert shown(page) == []
    assert page.get_by_role("status").inner_text() == "No statement fits."


def test_enter_in_the_text_does_not_leave_the_page(open_report, small):
    opened = open_report(small.page)
    opened.page.locator("[name=text]").press("Enter")
    assert opened.requests == [small.page.as_uri(), *opened.requests[1:]]
    assert sum(url.startswith("file:") for url in opened.requests) == 1


def test_order_by_margin_and_back(open_report, small, statements):
    page = open_report(small.page).page
    page.locator("[name=order]").select_option("margin")
    margins = smallest_margins(small, statements)
    order = shown(page)
    assert len(margins) > 3
    assert order[: len(margins)] == sorted(margins, key=lambda name: margins[name])
    assert sorted(order) == sorted(row["id"] for row in statements)
    page.locator("[name=order]").select_option("")
    assert shown(page) == [row["id"] for row in statements]


def test_order_by_verdict_keeps_the_chapter_within_a_verdict(open_report, small, statements):
    page = open_report(small.page, "#ledger?order=verdict").page
    order = ("supported", "conditional", "refuted", "not run", "not audited")
    assert shown(page) == [name for verdict in order for name in chosen(statements, verdict=[verdict])]


def test_view_is_in_the_address_and_comes_back(open_report, small):
    page = open_report(small.page).page
    page.get_by_role("checkbox", name="conditional").check()
    page.locator("[name=text]").fill("rate & loss")
    page.locator("[name=order]").select_option("margin")
    fragment = page.evaluate("location.hash")
    again = open_report(small.page, fragment).page
    assert shown(again) == shown(page)
    assert again.get_by_role("checkbox", name="conditional").is_checked()
    assert again.locator("[name=text]").input_value() == "rate & loss"


def test_unknown_view_shows_everything(open_report, small, statements):
    opened = open_report(small.page, "#ledger?section=Nowhere&order=sideways&colour=red")
    assert len(shown(opened.page)) == len(statements)
    assert opened.complaints == []


def test_link_to_a_hidden_entry_shows_it(open_report, small, statements):
    hidden = chosen(statements, verdict=["not run"])[-1]
    page = open_report(small.page, "#ledger?verdict=supported").page
    assert hidden not in shown(page)
    page.evaluate(f"location.hash = '#statement-{hidden}'")
    page.wait_for_function(f"!document.getElementById('statement-{hidden}').hidden")
    assert page.locator(f"#statement-{hidden}").bounding_box()["y"] < 900


def test_a_count_leads_to_its_statements(open_report, small, statements):
    page = open_report(small.page).page
    page.locator(".tile.not-run a").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('[value=\"not run\"]').checked")
    assert shown(page) == chosen(statements, verdict=["not run"])


def test_table_on_a_screen_and_cards_on_a_phone(open_report, small):
    def places(width):
        cells = open_report(small.page, width=width).page.locator(ROWS).first.locator("td, th").filter(visible=True)
        return cells.evaluate_all("cells => cells.map((cell) => cell.getBoundingClientRect().top)")

    assert len(set(places(1200))) == 1
    phone = places(360)
    assert phone == sorted(phone)
    assert len(set(phone)) == len(phone) > 3


def test_entries_of_claims_that_ran_have_a_picture_that_says_what_it_shows(open_report, small, statements):
    page = open_report(small.page).page
    ran = [row["id"] for row in statements if row["verdict"] in ("supported", "conditional")]
    for name in ran:
        picture = page.locator(f"#statement-{name} svg[role=img]")
        assert picture.count() == 1, name
        assert "measured" in picture.get_attribute("aria-label")
        box = picture.bounding_box()
        assert box["width"] >= 100
        assert box["height"] >= 30
