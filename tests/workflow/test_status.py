"""What the status says of a run, from the files that Snakemake leaves; and of a project that has been run."""

import os
from base64 import urlsafe_b64encode

import pytest
from conftest import QUADRATIC, RUN_CLAIMS, snakemake

from descent_audit.workflow import status


def row(rule, output, plan="update pending", state="missing"):
    return {"rule": rule, "output_file": output, "plan": plan, "status": state}


def simulated(name, **cells):
    files = (f"observations/{name}.csv", f"seals/{name}.sha256", f"made/{name}.0123456789abcdef.json")
    return [row(f"simulate_{name}", f"results/smoke/{file}", **cells) for file in files]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mark(folder, output):
    marker = folder / ".snakemake" / "incomplete" / urlsafe_b64encode(output.encode()).decode()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()


def test_claim_is_done_only_where_all_its_files_are(folder):
    rows = [*simulated("a", plan="no update", state="ok"), *simulated("b")]
    rows[-1].update(plan="no update", status="ok")
    assert status.claims(status.states(rows, working=True)) == {"a": "done", "b": "missing"}


def test_claim_is_at_work_only_while_a_run_is(folder):
    rows = simulated("a")
    mark(folder, rows[0]["output_file"])
    assert status.claims(status.states(rows, working=True)) == {"a": "at work"}
    assert status.claims(status.states(rows, working=False)) == {"a": "missing"}


def test_installed_snakemake_marks_what_it_makes_where_the_state_looks(folder):
    name = f"results/smoke/observations/{'a' * 150}/{'b' * 150}.csv"
    text = f'rule all:\n    output: "{name}"\n    shell: "find .snakemake/incomplete -type f > {{output}}"\n'
    (folder / "Snakefile").write_text(text)
    snakemake(folder, "--workflow-profile", "none")
    (marked,) = (folder / name).read_text().splitlines()
    assert marked == str(status._marker(name))


def test_claim_whose_files_are_older_than_their_code_is_stale(folder):
    rows = simulated("a", state="updated input files")
    assert status.claims(status.states(rows, working=True)) == {"a": "stale"}


def test_claim_whose_tables_were_made_of_something_else_is_stale(folder):
    rows = simulated("a", state="ok")
    rows[-1]["status"] = "missing"
    assert status.claims(status.states(rows, working=False)) == {"a": "stale"}


def test_claim_whose_shard_is_drawn_is_at_work(folder):
    shards = [row("shard", f"results/deep/shards/a/0123/{shard}_of_2.json") for shard in range(2)]
    mark(folder, shards[1]["output_file"])
    jobs = status.states([*shards, *simulated("a")], working=True)
    assert status.claims(jobs) == {"a": "at work"}
    assert status.progress(shards, jobs, None).jobs == {"at work": 1, "missing": 2}


def test_estimate_is_the_pace_of_the_present_run(folder):
    rows = [row("shard", f"shards/a/0123/{shard}_of_9.json", plan="no update", state="ok") for shard in range(4)]
    rows += [row("shard", f"shards/a/0123/{shard}_of_9.json") for shard in range(4, 9)]
    (folder / "shards" / "a" / "0123").mkdir(parents=True)
    for shard, written in enumerate([50, 150, 200, 300]):
        path = folder / "shards" / "a" / "0123" / f"{shard}_of_9.json"
        path.touch()
        os.utime(path, (written, written))
    found = status.progress(rows, status.states(rows, working=True), started=100.0)
    assert found.finished == 3
    assert found.line(now=400.0) == "4 jobs done, 0 at work, 5 left; about 8 min more at the pace of this run"


def test_there_is_no_estimate_without_a_pace():
    assert status.Progress({"missing": 3}).line(9.0) == "0 jobs done, 0 at work, 3 left; no run works here"
    assert status.Progress({"missing": 3}, 0, 1.0).line(9.0) == "0 jobs done, 0 at work, 3 left; a run works here"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (3 * 86400, "3 days")]
)
def test_duration_is_rounded_as_one_says_it(seconds, text):
    assert status.duration(seconds) == text


def test_status_of_a_finished_project_and_of_one_that_lacks_a_claim(project):
    (project / "results" / "smoke" / "seals" / f"{QUADRATIC}.sha256").unlink()
    said = snakemake(project, "status").stdout.splitlines()
    assert [line.split() for line in said[:3]] == [
        ["missing" if name == QUADRATIC else "done", name] for name in sorted(RUN_CLAIMS)
    ]
    assert "Claims: 2 done, 1 missing." in said
    assert "Simulations: 2 jobs done, 0 at work, 1 left; no run works here." in said
