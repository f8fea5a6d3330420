"""What a run says at its end."""

import pandas as pd
import pytest

from descent_audit.results import TABLES, csv_text
from descent_audit.workflow.outcome import advice, ledger, outcome


@pytest.fixture
def folder(tmp_path):
    """Return a results folder whose table of statements has four rows, beside a folder with a report."""
    rows = ["a,refuted", "b,supported", "c,supported", "d,not run"]
    results, reports = tmp_path / "results", tmp_path / "reports"
    for one in (results, reports):
        one.mkdir()
    cells = pd.DataFrame([row.split(",") for row in rows], columns=["id", "verdict"])
    table = cells.reindex(columns=list(TABLES["statements"])).fillna("")
    (results / "statements.csv").write_text(csv_text(table))
    (reports / "audit.html").touch()
    return results, reports


def test_ledger_counts_verdicts_in_the_order_of_the_page(folder):
    assert ledger(folder[0] / "statements.csv") == "Ledger of 4 statements: 2 supported, 1 refuted, 1 not run"


@pytest.mark.parametrize("targets", [set(), {"all"}, {"report"}])
def test_run_of_everything_names_ledger_report_and_tables(folder, targets):
    results, reports = folder
    assert outcome(targets, results, reports).splitlines() == [
        "Ledger of 4 statements: 2 supported, 1 refuted, 1 not run",
        f"Report: {reports}/audit.html (to print: {reports}/audit.pdf)",
        f"Tables and figures: {results}",
    ]


def test_run_that_judges_nothing_tells_no_verdicts_of_an_earlier_one(folder):
    assert outcome({"drawings"}, *folder) == f"Tables and figures: {folder[0]}"


def test_advice_is_one_line():
    assert "\n" not in advice()
