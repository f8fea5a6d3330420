"""Judgements and wording in, the tables that people read out.

``python -m descent_audit.stages.tables --scale full --results results/full`` writes verdicts, statements and coverage;
with ``--ledger`` it writes and prints the ledger instead.
"""

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from descent_audit.claims.catalogue import Claim, Text
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.records.made import check_made, write_made
from descent_audit.records.storage import read_judgements
from descent_audit.results import csv_text, frame, read
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import Recipes, judged

NOT_RUN = {"verdict": "not run"}


def verdicts(claims: Mapping[str, Claim], text: Text, judgements: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row per claim, run or not, sorted by name; section and problem are those of what it audits first."""
    places = text.by_id()
    rows = [
        {
            "section": places[claim.audits[0]].section,
            "problem": places[claim.audits[0]].problem,
            "statement": claim.statement,
            "condition": claim.condition,
            **judgements.get(name, NOT_RUN),
            "claim": name,
        }
        for name, claim in sorted(claims.items())
    ]
    return frame("verdicts", rows)


def statements(claims: Mapping[str, Claim], text: Text, rulings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row per statement in the order of the text; what speaks about it is joined by ``;``, sorted by name."""
    rows = [
        {
            "text": text.name,
            **vars(statement),
            "verdict": rulings[statement.id]["verdict"],
            **{key: ";".join(rulings[statement.id][key]) for key in ("contradicted_by", "refuted_by", "limits")},
            "claims": ";".join(name for name in sorted(claims) if statement.id in claims[name].audits),
        }
        for statement in text.statements
    ]
    return frame("statements", rows)


def coverage(table: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Return a row per section of the text and one for all of it: how many statements with which verdict."""
    counts = pd.crosstab(table["section"], table["verdict"])
    counts = counts.reindex(index=text.sections, columns=list(VERDICTS), fill_value=0)
    counts.loc["all"] = counts.sum()
    counts.columns = [verdict.replace(" ", "_") for verdict in VERDICTS]
    total = counts.sum(axis=1)
    whole = counts.assign(statements=total, audited=total - counts["not_audited"]).rename_axis("section").reset_index()
    return frame("coverage", whole.to_dict("records"))


def ledger_text(table: pd.DataFrame) -> str:
    """Return the statements with their verdicts as plain text, by section."""
    lines = []
    for section, group in table.groupby("section", sort=False):
        lines += ["", section, "-" * len(section)]
        for verdict, says in zip(group["verdict"], group["says"], strict=True):
            head = f"{VERDICTS[verdict].symbol} {verdict:<12}"
            lines += textwrap.wrap(says, 100, initial_indent=head, subsequent_indent=" " * len(head))
    return "\n".join(lines[1:]) + "\n"


def write_tables(results: Path, recipes: Recipes) -> None:
    """Write the three tables from ``judgements.json``. Raises ``StorageError``."""
    claims, text, found = recipes.claims, recipes.text, read_judgements(results)
    tables = {
        "verdicts": verdicts(claims, text, found["claims"]),
        "statements": statements(claims, text, found["statements"]),
    }
    tables["coverage"] = coverage(tables["statements"], text)
    write_made(results, recipes.tables, {f"{name}.csv": csv_text(table) for name, table in tables.items()})


def print_ledger(results: Path, recipes: Recipes) -> None:
    """Write ``ledger.txt`` and print it. Raises ``StorageError``."""
    check_made(results, recipes.tables)
    ledger = ledger_text(read(results / "statements.csv"))
    write_made(results, recipes.ledger, {"ledger.txt": ledger})
    print(ledger, end="")


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables, or print the ledger; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--ledger", action="store_true", help="write and print the ledger instead")
    options = parser.parse_args(arguments)
    recipes = judged(options.results, options.scale)
    (print_ledger if options.ledger else write_tables)(options.results, recipes)


if __name__ == "__main__":
    main()
