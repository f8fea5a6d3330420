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

from descent_audit.claims.catalogue import Claim, Statement, Text, load_text, read_claims
from descent_audit.claims.verdicts import COVERAGE_COLUMNS, VERDICTS
from descent_audit.records.storage import STATEMENT_COLUMNS, Row, read_judgements, read_table, table_text, write_text
from descent_audit.stages.programs import program

VERDICT_COLUMNS = (
    "claim", "section", "problem", "statement", "verdict", "condition",
    "worst_quantity", "worst_margin", "control_failed", "counterexample_shown",
)  # fmt: skip
NOT_RUN = {"verdict": "not run"}
Record = dict[str, object]


def verdict_rows(claims: Mapping[str, Claim], text: Text, judged: Mapping[str, Mapping[str, Any]]) -> list[Record]:
    """Return a row per claim, run or not, sorted by name; section and problem are those of what it audits first."""
    places = text.by_id()
    return [
        {
            "section": places[claim.audits[0]].section,
            "problem": places[claim.audits[0]].problem,
            "statement": claim.statement,
            "condition": claim.condition,
            **judged.get(name, NOT_RUN),
            "claim": name,
        }
        for name, claim in sorted(claims.items())
    ]


def statement_rows(claims: Mapping[str, Claim], text: Text, rulings: Mapping[str, Mapping[str, Any]]) -> list[Record]:
    """Return a row per statement in the order of the text; what speaks about it is joined by ``;``, sorted by name."""
    return [
        {
            "text": text.name,
            **vars(statement),
            "verdict": rulings[statement.id]["verdict"],
            **{key: ";".join(rulings[statement.id][key]) for key in ("contradicted_by", "refuted_by", "limits")},
            "claims": ";".join(name for name in sorted(claims) if statement.id in claims[name].audits),
        }
        for statement in text.statements
    ]


def coverage_rows(text: Text, rulings: Mapping[str, Mapping[str, Any]]) -> list[Record]:
    """Return a row per section and one for the whole text: how many statements with which verdict."""
    groups = {section: [one for one in text.statements if one.section == section] for section in text.sections}
    return [_coverage(name, group, rulings) for name, group in {**groups, "all": text.statements}.items()]


def _coverage(section: str, group: Sequence[Statement], rulings: Mapping[str, Mapping[str, Any]]) -> Record:
    counts = Counter(rulings[statement.id]["verdict"] for statement in group)
    return {
        "section": section,
        "statements": len(group),
        "audited": len(group) - counts["not audited"],
        **{verdict.replace(" ", "_"): counts[verdict] for verdict in VERDICTS},
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
    claims, text, judged = read_claims(), load_text(), read_judgements(results)
    tables = {
        "verdicts": (VERDICT_COLUMNS, verdict_rows(claims, text, judged["claims"])),
        "statements": (STATEMENT_COLUMNS, statement_rows(claims, text, judged["statements"])),
        "coverage": (COVERAGE_COLUMNS, coverage_rows(text, judged["statements"])),
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


if __name__ == "__main__":
    main()
