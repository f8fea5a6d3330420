"""The tool that puts faults into a copy: what it changes, what it leaves alone, and what it says of each."""

import ast
import hashlib
import json
import math
import re
from dataclasses import replace

import pandas as pd
import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.claims.sources import SOURCE
from descent_audit.records.storage import StorageError
from descent_audit.results import TABLES
from faults import campaign
from faults.__main__ import main
from faults.campaign import Outcome, generated_faults, sample, subject, workshop, written_faults
from faults.mutations import Mutation, generated
from faults.tables import Reason, fault_rows, net, outcome, reasons, share, summary, unexplained
from faults.trial import largest_change

CLAIMS = ["schedule_shape_identities", "adam_limit_identities"]
TEXT = '''"""A module."""

RATE = 0.5


def value(x: float = 2.0) -> float:
    """Return 3 * x."""
    if x < 0:
        raise ValueError(f"{x - 1}")
    match x:
        case float() if x > 7:
            return x - 9
    return RATE * x + max(x, 1.0) if x else -x


def report(x):
    return Observation("size", 2.0 * x), Curve("one", "two", "measured", x, 8.0 * x).within(9.0 * x)
'''


def changed_line(old, new="", file="dynamics/schedules.py", name="by hand"):
    text = (SOURCE / file).read_text()
    assert text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    return Mutation(name, file, len(text[: text.index(old)].encode()), old, new, (line, line))


def cosine_faults():
    return [fault for fault in generated_faults(["dynamics/schedules.py"]) if ":cosine:" in fault.name][:2]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with workshop(tmp_path_factory.mktemp("faults"), CLAIMS, workers=1) as found:
        yield found


def tried(opened, fault, every=True):
    return opened.attempt(fault, CLAIMS, every)


@pytest.mark.parametrize(
    "pattern", ["optimizers/*.py", "dynamics/schedules.py", "measurement/statistics.py", "measurement/null_laws.py"]
)
def test_generated_faults_compile_to_other_code(pattern):
    for fault in generated_faults([pattern]):
        text = (SOURCE / fault.file).read_text()
        assert ast.dump(ast.parse(fault.apply(text))) != ast.dump(ast.parse(text)), fault


def test_generated_faults_have_names_of_their_own_that_survive_other_edits():
    names = [fault.name for fault in generated("module.py", TEXT)]
    assert len(set(names)) == len(names)
    moved = TEXT.replace("RATE = 0.5", "# A comment.\nRATE = 0.5\n")
    assert [fault.name for fault in generated("module.py", moved)] == names


def test_generated_faults_leave_alone_what_no_verdict_hears():
    edits = {(fault.old, fault.new) for fault in generated("module.py", TEXT)}
    assert {("0.5", "1.0"), ("max", "min"), ("2.0 * x", "x"), ("-x", "(x)"), ("7", "8"), (">", "<=")} <= edits
    assert not {("3", "4"), ("<", "<="), ("8.0", "16.0"), ("9.0", "18.0"), ("1", "2")} & edits


def test_lines_of_a_fault_are_those_of_its_statement():
    lines = {(fault.old, fault.new): fault.lines for fault in generated("module.py", TEXT)}
    assert lines["0.5", "1.0"] == (3, 3)
    assert lines["x", "not (x)"] == (13, 13)
    assert lines["7", "8"] == (11, 11)


def test_faults_are_generated_for_every_module_that_computes_and_for_no_stage():
    files = {fault.file for fault in generated_faults()}
    assert {"dynamics/schedules.py", "judge.py", "optimizers/adam.py", "experiments/conditioning/zigzag.py"} <= files
    assert {file.partition("/")[0] for file in files} == {pattern.partition("/")[0] for pattern in campaign.COMPUTING}
    assert not {"measurement/observations.py", "stages/observe.py"} & files


def test_written_faults_are_many_and_each_in_a_present_text():
    faults = written_faults()
    assert len(faults) >= 40
    assert len({fault.name for fault in faults}) == len(faults)
    assert all(len(fault.why) > 20 for fault in faults)
    for fault in faults:
        compile(fault.apply((SOURCE / fault.file).read_text()), fault.name, "exec")


def test_a_text_that_is_gone_is_refused(tmp_path):
    listed = tmp_path / "written.yaml"
    listed.write_text("- {name: gone, file: dynamics/schedules.py, old: no such text, new: another, why: edited}\n")
    with pytest.raises(ValueError, match=re.escape("gone: found 0 times in dynamics/schedules.py, allowed: once")):
        written_faults(listed)


def test_sample_is_the_same_in_every_run():
    faults = generated_faults(["dynamics/schedules.py"])
    assert sample(faults, 5) == sample(reversed(faults), 5)
    assert set(sample(faults, 5)) < set(sample(faults, 10))


def test_reasons_name_faults_that_exist():
    named = set(reasons()) - {fault.name for fault in written_faults()}
    known = {fault.name for fault in generated_faults(sorted({name.partition(":")[0] for name in named}))}
    assert named <= known, sorted(named - known)[:5]


def test_a_fault_explained_twice_is_refused(tmp_path):
    listed = tmp_path / "survivors.yaml"
    listed.write_text("- {faults: [one, one], equivalent: true, because: a reason}\n")
    with pytest.raises(ValueError, match="found one 2 times, allowed: once"):
        reasons(listed)


def test_fault_that_must_be_noticed_is(opened):
    found = tried(opened, changed_line("- 1.0, 1.0)", ", 1.0)"))
    assert found.kind == "noticed"
    assert found.noticed == {"schedule_shape_identities": "supported -> refuted"}


def test_fault_that_changes_nothing_is_harmless(opened):
    found = tried(opened, changed_line("0.5 * np.pi", "np.pi * 0.5"))
    because = {"by hand": Reason("factors commute", equivalent=True)}
    assert (found.kind, outcome(found, {}), outcome(found, because)) == ("no change", "no change", "no change")
    assert unexplained([found], {}) == []
    assert share([found], {}) == (0, 0)
    assert net(found) == ""
    (row,) = fault_rows([], [found], because)
    assert tuple(row) == tuple(TABLES["faults"])
    assert (row["claims"], row["noticed_by"], row["seen_by"], row["because"]) == (1, "", "", "factors commute")


def test_written_fault_that_changes_nothing_is_not_harmless(opened):
    found = tried(opened, replace(changed_line("0.5 * np.pi", "np.pi * 0.5"), why="it is overlooked"))
    assert outcome(found, {}) == "unexplained"
    assert outcome(found, {"by hand": Reason("factors commute", equivalent=True)}) == "equivalent"


def test_fault_that_changes_a_number_within_its_tolerance_is_seen_by_verify_alone(opened):
    found = tried(opened, changed_line("0.5 * np.pi", "0.5000001 * np.pi"))
    because = {"by hand": Reason("the tolerance is wider", equivalent=False)}
    assert (found.kind, net(found)) == ("within tolerance", "verify")
    assert (outcome(found, {}), outcome(found, because)) == ("unexplained", "unnoticed")
    assert (unexplained([found], {}), unexplained([found], because)) == ([found], [])
    assert (share([found], {}), share([found], because)) == ((0, 1), (0, 1))
    assert "by hand (within tolerance)" in summary([], [found], {}, 7)
    assert "seen by a verdict: 0, by make verify alone: 1" in summary([], [found], {}, 7)
    (row,) = fault_rows([], [found], because)
    assert (row["outcome"], row["seen_by"]) == ("unnoticed", "verify")


def test_fault_that_changes_a_curve_alone_is_seen_by_nothing():
    drawn = Outcome(changed_line("0.5 * np.pi", "np.pi"), ("a claim",), {}, 0.0)
    assert (drawn.kind, net(drawn)) == ("curves", "")


def test_exception_counts_as_noticed(opened):
    found = tried(opened, changed_line("np.cos(0.5", "np.cosine(0.5"))
    assert found.noticed == {"schedule_shape_identities": "supported -> AttributeError"}


def test_endless_loop_counts_as_noticed_by_the_time_it_takes(opened):
    found = tried(opened, changed_line("from collections.abc import Callable", "while True: pass"))
    assert found.noticed == {"schedule_shape_identities": "time-out"}


def test_line_that_no_claim_runs_is_told_apart(opened):
    assert tried(opened, changed_line("k = -rate", "k = rate", "dynamics/langevin.py")).kind == "not run"


def test_faults_of_the_judge_are_tried_on_bent_observations(opened):
    found = tried(opened, changed_line('return "void"', 'return "refuted"', "judge.py"), every=False)
    assert list(found.noticed.values()) == ["void -> refuted"]


def test_campaign_writes_nothing_into_the_package(opened):
    def state():
        return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.rglob("*.py")))).hexdigest()

    before = state()
    outcomes = opened.run(cosine_faults(), {}, every=False)
    assert [one.kind for one in outcomes] == ["noticed", "noticed"]
    assert state() == before
    assert not opened.copy.is_relative_to(SOURCE)


def test_campaign_resumes_after_a_kill(opened, monkeypatch):
    faults = cosine_faults()
    first = [tried(opened, fault) for fault in faults]
    asked = []
    monkeypatch.setattr(campaign, "in_fork", lambda *arguments: asked.append(arguments) or ("", -1.0))
    assert [tried(opened, fault) for fault in faults] == first
    assert not asked
    for path in (opened.store / "answers").glob("*.json"):
        answers = json.loads(path.read_text())
        path.write_text(json.dumps({key: answer for key, answer in answers.items() if key.startswith("adam")}))
    tried(opened, faults[0])
    assert len(asked) == 1


def test_edit_of_an_expectation_asks_that_claim_alone_again():
    claims = load_claims(CLAIMS)
    claim, other = (claims[name] for name in CLAIMS)
    edited = replace(claim, expect={**claim.expect, "claim": {"observes": claim.expect["claim"]["observes"][1:]}})
    assert subject(edited, 1).key != subject(claim, 1).key
    assert subject(claim, 2).key != subject(claim, 1).key
    assert subject(other, 1).key == subject(load_claims(CLAIMS)[CLAIMS[1]], 1).key


@pytest.mark.parametrize(("old", "new", "change"), [("2.0", "2.0", 0.0), ("2.0", "2.002", 1e-3), ("2.0", "", 2.0)])
def test_largest_change_is_relative(old, new, change):
    table = "claim,arm,quantity,at,value,standard_error,replicates,predicted\none,claim,x,,{},,1,\n"
    assert math.isclose(largest_change(table.format(old), table.format(new)), change, rel_tol=2e-3)


def test_change_to_a_number_that_is_none_is_the_largest_or_no_table_at_all():
    table = "claim,arm,quantity,at,value,standard_error,replicates,predicted\none,claim,x,,{},,1,\n"
    assert largest_change(table.format("1.0"), table.format("inf")) == 2.0
    with pytest.raises(StorageError, match="found no table of observations"):
        largest_change(table.format("1.0"), table.format("nan"))


def test_command_line_ends_with_code_one_where_a_written_fault_goes_unnoticed(tmp_path, monkeypatch, capsys):
    harmless = replace(changed_line("0.5 * np.pi", "np.pi * 0.5", name="harmless"), why="it is overlooked")
    monkeypatch.setattr("faults.__main__.written_faults", lambda: [harmless])
    monkeypatch.setattr("faults.campaign.load_claims", lambda names, load=campaign.load_claims: load(CLAIMS[:1]))
    with pytest.raises(SystemExit) as ended:
        main(["--generated", "0", "--store", str(tmp_path), "--table", str(tmp_path / "faults.csv")])
    assert ended.value.code == 1
    assert "written: 0 of 1 noticed" in capsys.readouterr().out
    assert "harmless,written,dynamics/schedules.py" in (tmp_path / "faults.csv").read_text()


def test_claims_of_a_sample_run_those_written_faults_alone_that_they_noticed_before(tmp_path, monkeypatch, capsys):
    noticed, other = (
        replace(changed_line("0.5 * np.pi", f"{size} * np.pi", name=f"size {size}"), why="") for size in (0.7, 0.6)
    )
    monkeypatch.setattr("faults.__main__.written_faults", lambda: [noticed, other])
    cells = {
        "fault": ["size 0.7", "size 0.6"],
        "noticed_by": ["schedule_basin_threshold;schedule_shape_identities", "loss_half_factor"],
    }
    table = pd.DataFrame(cells).reindex(columns=list(TABLES["faults"])).fillna({"line": 1, "claims": 1})
    table.to_csv(tmp_path / "faults.csv", index=False)
    monkeypatch.setattr("faults.__main__.REFERENCE", tmp_path / "faults.csv")
    options = [
        "--claims",
        CLAIMS[0],
        "--generated",
        "0",
        "--store",
        str(tmp_path),
        "--table",
        str(tmp_path / "out.csv"),
    ]
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 0
    assert "written: 1 of 1 noticed" in capsys.readouterr().out
