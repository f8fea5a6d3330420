"""The words in which the audit speaks: each verdict with its symbol and a line in plain language."""

from typing import NamedTuple


class Word(NamedTuple):
    """How a verdict is shown: never by colour alone."""

    symbol: str
    meaning: str


VERDICTS = {
    "supported": Word("✓", "holds as worded"),
    "conditional": Word("◐", "holds under a condition, not as worded"),
    "refuted": Word("✗", "does not hold"),
    "inconclusive": Word("?", "not decided by this much work"),
    "void": Word("∅", "the audit itself is at fault"),
    "not run": Word("·", "not part of this run"),
    "not audited": Word("–", "no claim audits it yet"),
}
COVERAGE_COLUMNS = ("section", "statements", "audited", *(verdict.replace(" ", "_") for verdict in VERDICTS), "missing")
