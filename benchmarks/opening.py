"""How long the report takes to open: python benchmarks/opening.py [--page reports/full/audit.html] [--rounds 5].

Prints the seconds that the main thread of a headless Chromium computes for the first view, without what is drawn later.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright
from timing import PROJECT, spread, table


def opening(page_file: Path, rounds: int) -> list[float]:
    """Return the seconds of every opening."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        found = []
        for _ in range(rounds):
            page.goto(page_file.as_uri())
            metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
            found.append(metrics["TaskDuration"])
        browser.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=Path, default=PROJECT / "reports" / "full" / "audit.html")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(table([{"page": options.page.name, **spread(opening(options.page.resolve(), options.rounds))}]))


if __name__ == "__main__":
    main()
