"""The words in which the audit speaks: each verdict with its symbol and a line in plain language."""

from typing import NamedTuple


class Word(NamedTuple):
    """How a verdict is shown: never by colour alone."""

    symbol: str
    meaning: str


VERDICTS = {
    "supported": Word("✓", "nothing observed speaks against it"),
    "conditional": Word("◐", "fails in a case that its own words include"),
    "refuted": Word("✗", "fails wherever its premises hold"),
    "inconclusive": Word("?", "not decided by this much work"),
    "void": Word("∅", "the audit itself is at fault"),
    "not run": Word("·", "not part of this run"),
    "not audited": Word("–", "no claim audits it"),
}
"""Verdicts of sentences. A claim, which is the audit's own law, is never conditional."""
FORCES = {"always": "a law", "often": "a tendency", "can": "a possibility"}
"""What kind of sentence it is, which decides what may contradict it."""
