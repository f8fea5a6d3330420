import shutil

import pytest
from conftest import SENTENCES

from descent_audit.claims.catalogue import Statement
from descent_audit.claims.texts import Text
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.results import csv_text
from descent_audit.stages import tables

OTHER = Statement("other", "Two", "always", "And that.", open="No claim can tell.")
TEXT = Text("small", "A text", "Its source", ("One", "Two"), (), (*SENTENCES.values(), OTHER))


def ruling(verdict, **arms):
    return {"verdict": verdict, "contradicted_by": (), "refuted_by": (), "limits": (), **arms}


FOUND = {
    "divergence_beyond": ruling("conditional", contradicted_by=("small/odd", "wide/odd")),
    "large_rate_overshoots": ruling("supported", limits=("small/odd",)),
    "other": ruling("not audited"),
}


def test_claim_that_was_not_run_has_a_row_too(claim):
    table = tables.verdicts({"small": claim}, TEXT, {})
    assert table.loc[0, ["claim", "verdict", "section", "problem"]].tolist() == ["small", "not run", "One", "12"]
    assert csv_text(table).endswith("not run,A condition.,,,,\n")


def test_verdict_row_takes_over_the_judgement(claim):
    judged = {"verdict": "void", "worst_quantity": "q", "worst_margin": -1.5, "control_failed": False}
    table = tables.verdicts({"small": claim}, TEXT, {"small": judged})
    assert csv_text(table).endswith("void,A condition.,q,-1.5,false,\n")


def test_statements_keep_the_order_of_the_text_and_name_what_speaks_about_them(claim):
    table = tables.statements({"small": claim}, TEXT, FOUND)
    columns = ["text", "id", "verdict", "contradicted_by", "limits", "claims"]
    assert table[columns].to_numpy().tolist() == [
        ["small", "divergence_beyond", "conditional", "small/odd;wide/odd", "", "small"],
        ["small", "large_rate_overshoots", "supported", "", "small/odd", "small"],
        ["small", "other", "not audited", "", "", ""],
    ]


def test_coverage_adds_up(claim):
    found = tables.coverage(tables.statements({"small": claim}, TEXT, FOUND), TEXT)
    assert found["section"].tolist() == ["One", "Two", "all"]
    assert found[[verdict.replace(" ", "_") for verdict in VERDICTS]].sum(axis=1).equals(found["statements"])
    assert found.set_index("section").loc["all", ["statements", "audited"]].tolist() == [3, 2]


def test_ledger_names_every_verdict_in_words(claim):
    text = tables.ledger_text(tables.statements({"small": claim}, TEXT, FOUND))
    assert "◐ conditional" in text
    assert "– not audited And that." in text


def test_ledger_of_a_missing_table_is_one_line(few_results, tmp_path):
    results = shutil.copytree(few_results, tmp_path / "results")
    (results / "statements.csv").unlink()
    with pytest.raises(SystemExit, match=r"statements\.csv: cannot be read"):
        tables.main(["--scale", "smoke", "--results", str(results), "--ledger"])


def test_broken_judgements_are_one_line(tmp_path):
    (tmp_path / "judgements.json").write_text("{")
    with pytest.raises(SystemExit, match="remove it and run again"):
        tables.main(["--scale", "smoke", "--results", str(tmp_path)])


def test_tables_of_the_real_claims_have_the_columns_of_the_contract(few_results):
    heads = {path.stem: path.read_text().splitlines()[0] for path in few_results.glob("*.csv")}
    assert heads["statements"] == (
        "text,id,section,problem,force,says,premises,verdict,holds_when,better,open,contradicted_by,refuted_by,limits,claims"
    )
    assert heads["verdicts"] == (
        "claim,section,problem,statement,verdict,condition,worst_quantity,worst_margin,control_failed,counterexample_shown"
    )
    assert heads["coverage"].startswith("section,statements,audited,supported,conditional,refuted")
