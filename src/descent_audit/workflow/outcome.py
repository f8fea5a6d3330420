"""What a run tells at its end: how many statements have which verdict, and where the report is."""

from collections import Counter
from pathlib import Path

from descent_audit.claims.catalogue import claim_names
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.results import read
from descent_audit.workflow import leftovers

TOLD = {"all", "report", "tables", "ledger"}
"""Targets after which the table of statements is that of the run."""


def outcome(targets: set[str], results: Path, reports: Path) -> str:
    """Return the last lines of a run of some targets, of all of them where none is named."""
    told = not targets or bool(targets & TOLD)
    page = reports / "audit.html"
    lines = [ledger(results / "statements.csv")] if told else []
    lines += [f"Report: {page} (to print: {page.with_suffix('.pdf')})"] if told and page.exists() else []
    lines += [f"Tables and figures: {results}", *leftovers.told(results, leftovers.leftovers(results, claim_names()))]
    return "\n".join(lines)


def ledger(table: Path) -> str:
    """Return how many statements have which verdict, in the order of the ledger."""
    counts = Counter(read(table)["verdict"])
    named = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"Ledger of {counts.total()} statements: {', '.join(named)}"


def advice() -> str:
    """Return what to do after a run that failed."""
    return "Failed: the reason stands above; mend it and give the same command again, what is done stays done"
