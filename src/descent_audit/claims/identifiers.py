"""Names of single numbers: ``claim/arm/quantity[point]``, and ``table.csv/row/column`` for what is counted.

A claim's name alone stands for its figure. The report carries these names, and ``descent_audit.trace`` follows them.
"""

import re
from dataclasses import dataclass

from descent_audit.claims.validation import fault

OBSERVED = re.compile(r"(?P<claim>\w+)/(?P<arm>\w+)/(?P<quantity>\w+)(?:\[(?P<at>.*)\])?")
COUNTED = re.compile(r"(?P<table>\w+\.csv)/(?P<row>[^/]+)/(?P<column>\w+)")
FIGURE = re.compile(r"(?P<claim>[a-z]\w*)")
FORMS = "claim/arm/quantity[key=value;...], table.csv/row/column, or a claim's name for its figure"


@dataclass(frozen=True)
class Observed:
    """A measured number: a row of ``observations/<claim>.csv``; ``at`` is the parameter point as the table has it."""

    claim: str
    arm: str
    quantity: str
    at: str


@dataclass(frozen=True)
class Counted:
    """A cell of a table of counts; ``row`` is what stands in the table's first column."""

    table: str
    row: str
    column: str


@dataclass(frozen=True)
class Drawn:
    """The figure of a claim."""

    claim: str


def observed(claim: str, arm: str, quantity: str, at: str) -> str:
    """Return the identifier of a measured number."""
    return f"{claim}/{arm}/{quantity}" + (f"[{at}]" if at else "")


def counted(table: str, row: str, column: str) -> str:
    """Return the identifier of a cell of a table of counts."""
    return f"{table}/{row}/{column}"


def parse(identifier: str) -> Observed | Counted | Drawn:
    """Return what an identifier names. Raises ``ConfigurationError`` for a text that is none."""
    if match := OBSERVED.fullmatch(identifier):
        return Observed(match["claim"], match["arm"], match["quantity"], match["at"] or "")
    if match := COUNTED.fullmatch(identifier):
        return Counted(match["table"], match["row"], match["column"])
    if match := FIGURE.fullmatch(identifier):
        return Drawn(match["claim"])
    raise fault("command line", "ID", repr(identifier), FORMS)
