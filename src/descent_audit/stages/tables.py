"""Judgements and wording in, the tables that people read out.

``python -m descent_audit.stages.tables --results results/full`` writes verdicts, statements and coverage;
with ``--ledger FILE`` it writes and prints the ledger instead.
"""

import argparse
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from descent_audit.claims.catalogue import Claim, Statement, load_statements, read_claims
from descent_audit.claims.verdicts import COVERAGE_COLUMNS, VERDICTS
from descent_audit.records.storage import STATEMENT_COLUMNS, Row, read_judgements, read_table, table_text, write_text
from descent_audit.stages.programs import program

VERDICT_COLUMNS = (
    "claim", "section", "problem", "statement", "verdict", "condition",
    "worst_quantity", "worst_margin", "control_failed", "counterexample_shown",
)  # fmt: skip
NOT_RUN = {"verdict": "not run"}


def verdict_rows(
    claims: Mapping[str, Claim], statements: Iterable[Statement], judged: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, object]]:
    """Return a row per claim, run or not, sorted by name; section and problem are those of what it audits."""
    places = {statement.id: statement for statement in statements}
    return [
        {
            "section": _joined(places[audited].section for audited in claim.audits),
            "problem": _joined(places[audited].problem for audited in claim.audits),
            "statement": claim.statement,
            "condition": claim.condition,
            **judged.get(name, NOT_RUN),
            "claim": name,
        }
        for name, claim in sorted(claims.items())
    ]


def statement_rows(
    claims: Mapping[str, Claim], statements: Iterable[Statement], verdicts: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return a row per statement in the chapter's order; ``claims`` are those that exist, in the planned order."""
    return [
        {**vars(statement), "verdict": verdicts[statement.id], "claims": ";".join(auditing_claims(statement, claims))}
        for statement in statements
    ]


def auditing_claims(statement: Statement, claims: Mapping[str, Claim]) -> list[str]:
    """Return the claims that audit a statement: the planned ones that exist, then any others, by name."""
    found = [name for name in sorted(claims) if statement.id in claims[name].audits]
    return sorted(found, key=lambda name: statement.claims.index(name) if name in statement.claims else len(found))


def coverage_rows(
    claims: Mapping[str, Claim], statements: Sequence[Statement], verdicts: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return a row per section and one for the whole chapter: how many statements with which verdict.

    ``missing`` names the planned claims that do not exist yet.
    """
    sections = [
        (section, list(group)) for section, group in groupby(statements, key=lambda statement: statement.section)
    ]
    return [_coverage(name, group, claims, verdicts) for name, group in [*sections, ("all", list(statements))]]


def _coverage(
    section: str, group: Sequence[Statement], claims: Mapping[str, Claim], verdicts: Mapping[str, str]
) -> dict[str, object]:
    counts = Counter(verdicts[statement.id] for statement in group)
    missing = sorted({claim for statement in group for claim in statement.claims} - set(claims))
    return {
        "section": section,
        "statements": len(group),
        "audited": len(group) - counts["not audited"],
        **{verdict.replace(" ", "_"): counts[verdict] for verdict in VERDICTS},
        "missing": ";".join(missing),
    }


def ledger_text(rows: Iterable[Row]) -> str:
    """Return the statements with their verdicts as plain text, by section."""
    lines = []
    for section, group in groupby(rows, key=lambda row: row["section"]):
        lines += ["", section, "-" * len(section)]
        for row in group:
            head = f"{VERDICTS[row['verdict']].symbol} {row['verdict']:<12}"
            lines += textwrap.wrap(row["says"], 100, initial_indent=head, subsequent_indent=" " * len(head))
    return "\n".join(lines[1:]) + "\n"


def write_tables(results: Path) -> None:
    """Write the three tables from ``judgements.json``. Raises ``ConfigurationError`` or ``StorageError``."""
    claims, statements = read_claims(), load_statements()
    judged = read_judgements(results)
    tables = {
        "verdicts": (VERDICT_COLUMNS, verdict_rows(claims, statements, judged["claims"])),
        "statements": (STATEMENT_COLUMNS, statement_rows(claims, statements, judged["statements"])),
        "coverage": (COVERAGE_COLUMNS, coverage_rows(claims, statements, judged["statements"])),
    }
    for name, (columns, rows) in tables.items():
        write_text(results / f"{name}.csv", table_text(columns, rows))


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables, or print the ledger; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--ledger", type=Path)
    options = parser.parse_args(arguments)
    if options.ledger is None:
        write_tables(options.results)
    else:
        ledger = ledger_text(read_table(options.results / "statements.csv"))
        write_text(options.ledger, ledger)
        print(ledger, end="")


def _joined(values: Iterable[str | None]) -> str:
    return ";".join(dict.fromkeys(value for value in values if value))


if __name__ == "__main__":
    main()
