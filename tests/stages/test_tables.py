import csv
import io

import pytest

from descent_audit.claims.catalogue import Statement
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.records.storage import STATEMENT_COLUMNS, StorageError, json_text, table_text, write_text
from descent_audit.stages import tables

STATEMENTS = (
    Statement("divergence_beyond", "One", "12", "It says this.", ("small", "later")),
    Statement("large_rate_overshoots", "Two", None, "It says that.", ("small",)),
    Statement("other", "Two", None, "And that.", ("later",)),
)
FOUND = {"divergence_beyond": "conditional", "large_rate_overshoots": "supported", "other": "not audited"}


def test_claim_that_was_not_run_has_a_row_too(claim):
    (row,) = tables.verdict_rows({"small": claim}, STATEMENTS, {})
    assert (row["claim"], row["verdict"], row["section"], row["problem"]) == ("small", "not run", "One;Two", "12")
    assert table_text(tables.VERDICT_COLUMNS, [row]).endswith("not run,A condition.,,,,\n")


def test_verdict_row_takes_over_the_judgement(claim):
    judged = {"verdict": "void", "worst_quantity": "q", "worst_margin": -1.5, "control_failed": False}
    text = table_text(tables.VERDICT_COLUMNS, tables.verdict_rows({"small": claim}, STATEMENTS, {"small": judged}))
    assert text.endswith("void,A condition.,q,-1.5,false,\n")


def test_statements_keep_the_chapters_order_and_name_the_claims_that_exist(claim):
    rows = tables.statement_rows({"small": claim}, STATEMENTS, FOUND)
    assert [(row["id"], row["verdict"], row["claims"]) for row in rows] == [
        ("divergence_beyond", "conditional", "small"),
        ("large_rate_overshoots", "supported", "small"),
        ("other", "not audited", ""),
    ]


def test_coverage_adds_up(claim):
    rows = tables.coverage_rows({"small": claim}, STATEMENTS, FOUND)
    assert [row["section"] for row in rows] == ["One", "Two", "all"]
    for row in rows:
        assert sum(row[verdict.replace(" ", "_")] for verdict in VERDICTS) == row["statements"]
    total = rows[-1]
    assert (total["statements"], total["audited"], total["missing"]) == (3, 2, "later")


def test_ledger_names_every_verdict_in_words(claim):
    text = tables.ledger_text(
        csv.DictReader(
            io.StringIO(table_text(STATEMENT_COLUMNS, tables.statement_rows({"small": claim}, STATEMENTS, FOUND)))
        )
    )
    assert "◐ conditional" in text
    assert "– not audited And that." in text


def test_ledger_of_a_missing_table_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"statements\.csv: cannot be read"):
        tables.main(["--results", str(tmp_path), "--ledger", str(tmp_path / "x")])


def test_broken_judgements_are_one_line(tmp_path):
    (tmp_path / "judgements.json").write_text("{")
    with pytest.raises(SystemExit, match="remove it and run again"):
        tables.main(["--results", str(tmp_path)])


def test_tables_of_the_real_claims_have_the_columns_of_the_contract(tmp_path):
    from descent_audit.claims.catalogue import load_statements

    empty = {"claims": {}, "statements": {statement.id: "not run" for statement in load_statements()}}
    write_text(tmp_path / "judgements.json", json_text(empty))
    tables.main(["--results", str(tmp_path)])
    heads = {path.stem: path.read_text().splitlines()[0] for path in tmp_path.glob("*.csv")}
    assert heads["statements"] == "id,section,problem,says,verdict,claims"
    assert heads["verdicts"] == (
        "claim,section,problem,statement,verdict,condition,worst_quantity,worst_margin,control_failed,counterexample_shown"
    )
    assert heads["coverage"].startswith("section,statements,audited,supported,conditional,refuted")


def test_unreadable_table_is_a_storage_error(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff")
    with pytest.raises(StorageError):
        tables.read_table(tmp_path / "x.csv")
