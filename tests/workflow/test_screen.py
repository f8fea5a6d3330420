"""What a run shows: jobs and progress, what failed and why, and at the end the ledger and where the report is."""

import csv
import re
from collections import Counter

from conftest import RUN_CLAIMS, snakemake


def test_screen_shows_jobs_progress_and_the_ledger_and_no_lists_of_files(project):
    done = snakemake(project, "--forceall")
    assert set(re.findall(r"Simulating (\w+) at smoke scale", done.stderr)) == set(RUN_CLAIMS)
    assert re.search(r"\d+ of \d+ steps \(100%\) done", done.stderr)
    assert "Reason:" not in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 200
    ledger, report, tables = done.stdout.splitlines()
    with (project / "results" / "smoke" / "statements.csv").open() as file:
        verdicts = Counter(row["verdict"] for row in csv.DictReader(file))
    told = re.fullmatch(r"Ledger of (\d+) statements: (.+)", ledger)
    assert int(told[1]) == verdicts.total() > 0
    assert set(told[2].split(", ")) == {f"{count} {verdict}" for verdict, count in verdicts.items()}
    assert report == "Report: reports/smoke/audit.html (to print: reports/smoke/audit.pdf)"
    assert tables == "Tables and figures: results/smoke"


def test_every_target_and_job_says_what_it_does(project):
    lines = [line.strip() for line in snakemake(project, "--forceall", "--dry-run").stdout.splitlines()]
    said = [line.partition(": ")[2] for line in lines if re.match(r"Job \d+: ", line)]
    assert {f"Simulating {name} at smoke scale" for name in RUN_CLAIMS} <= set(said)
    assert len(set(said)) == len(said) >= len(RUN_CLAIMS) + 10
    assert not [line for line in lines if re.match(r"(local)?rule ", line)]
    assert all(re.fullmatch(r"[A-Z]\w+( [^ ]+)+[^.]", one) for one in said)


def test_failure_shows_the_end_of_its_log_and_what_to_do(project):
    path = project / "src" / "descent_audit" / "judge.py"
    path.write_text(path.read_text() + '\nraise RuntimeError("out of order")\n')
    done = snakemake(project, check=False)
    assert done.returncode != 0
    assert "Error in rule judging" in done.stderr
    assert "RuntimeError: out of order" in done.stderr.splitlines()
    (advice,) = done.stdout.splitlines()
    assert advice == "Failed: the reason stands above; mend it and give the same command again, what is done stays done"
