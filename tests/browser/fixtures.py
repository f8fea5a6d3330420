"""A real browser without a window, and two reports: a small one, and that of all claims where they were run."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.report.page import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
SMOKE = Path(__file__).resolve().parents[2] / "results" / "smoke"


@dataclass
class Opened:
    """A page, with what it asked for and what it complained about."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Return a headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("chromium: not found; on Debian and Ubuntu: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Report:
    """One report and the results that it is about."""

    page: Path
    results: Path


@pytest.fixture(scope="session")
def small(few_results, tmp_path_factory) -> Report:
    """Return the report of a run of few claims."""
    return rendered(few_results, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def whole(request, tmp_path_factory) -> Report:
    """Return the report of the smoke run in this folder, if it is there and whole, else that of few claims."""
    judgements = SMOKE / "judgements.json"
    if judgements.is_file() and set(json.loads(judgements.read_text())["claims"]) == set(load_claims()):
        return rendered(SMOKE, tmp_path_factory.mktemp("whole"))
    return request.getfixturevalue("small")


def rendered(results: Path, folder: Path) -> Report:
    """Return the report of results, written into a folder."""
    main(["--scale", "smoke", "--results", str(results), "--output", str(folder / "audit.html")])
    return Report(folder / "audit.html", results)


@pytest.fixture
def open_report(browser):
    """Return a function that opens a report, by default 1200 pixels wide; what it opened is closed afterwards."""
    contexts = []

    def opened(report: Path, fragment: str = "", *, width: int = 1200, **options) -> Opened:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        found = Opened(contexts[-1].new_page())
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.goto(report.as_uri() + fragment)
        return found

    yield opened
    for context in contexts:
        context.close()
