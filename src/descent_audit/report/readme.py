"""Results in, what the README shows of them out: the head of the ledger between two marks, and two figures.

``python -m descent_audit.report.readme --results results/full``. All else in the README is written by hand.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from descent_audit.claims.catalogue import ROOT
from descent_audit.claims.validation import fault
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.figures.styles import REPORT, drawing
from descent_audit.records.storage import read_text, write_text
from descent_audit.report.content import corrections, read_audit
from descent_audit.results import read
from descent_audit.stages.programs import program

README = ROOT / "README.md"
PICTURES = ROOT / "docs"
FIGURES = ("two_cycle_beyond_threshold", "heavy_ball_resonance_tongues")
"""The claims whose figures the README shows."""
START, END = "<!-- ledger: written by `make readme` -->", "<!-- end of the ledger -->"
LEADING = 5
"""Sentences that need another wording and are shown."""
ALWAYS = ("supported", "conditional", "refuted")


def head(verdicts: Iterable[str], found: Sequence[Mapping[str, str]]) -> str:
    """Return the head of the ledger as Markdown: sentences by verdict, then some that need another wording.

    ``found`` has the text's words, their ``verdict``, and the ``better`` wording.
    """
    counts = Counter(verdicts)
    shown = [verdict for verdict in VERDICTS if counts[verdict] or verdict in ALWAYS]
    table = [
        "| sentences | " + " | ".join(f"{VERDICTS[verdict].symbol} {verdict}" for verdict in shown) + " |",
        "|---:|" + "---:|" * len(shown),
        f"| {counts.total()} | " + " | ".join(str(counts[verdict]) for verdict in shown) + " |",
    ]
    lines = [
        f"- *{_line(one['says'])}* {VERDICTS[one['verdict']].symbol} {one['verdict']}. Better: {_line(one['better'])}"
        for one in found
    ]
    return "\n".join([*table, "", "Sentences that need another wording, among them:", "", *lines])


def with_head(readme: str, text: str) -> str:
    """Return the README with another head of the ledger. Raises ``ConfigurationError`` where the marks are missing."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise fault(README.name, "", "no place for the ledger", f"{START} and {END}, in this order")
    return f"{before}{start}\n{text}\n{end}{after}"


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the README's part and its pictures; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    options = parser.parse_args(arguments)
    table = read(options.results / "statements.csv").set_index("id")
    leading = [one["id"] for one in corrections(read_audit(options.results))][:LEADING]
    text = head(table["verdict"], table.loc[leading].to_dict("records"))
    pictures = {name: read_text(options.results / drawing(name, REPORT, "svg")) for name in FIGURES}
    write_text(README, with_head(read_text(README), text))
    for name, picture in pictures.items():
        write_text(PICTURES / f"{name}.svg", picture)


def _line(text: str) -> str:
    return re.sub(r"([*_<|])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    main()
