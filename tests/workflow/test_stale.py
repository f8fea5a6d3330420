"""No table, page or trace but of the present configuration, whatever happened before: real runs of Snakemake."""

import re
import shutil
import subprocess
import sys

import pytest
from conftest import PROJECT, QUADRATIC, RUN_CLAIMS, abridged, claim_path, clean_environment, copy_project, snakemake

OLD, NEW = "condition_number: 100.0", "condition_number: 90.0"
OTHERS = [name for name in RUN_CLAIMS if name != QUADRATIC]
STAGES = ["judge", "tables", "ledger", "drawings", "manifest", "report"]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def program(project, *command, check=False):
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=check
    )
    assert "Traceback" not in done.stderr
    return done


def refusal(project, *command):
    """Run a program that must refuse what is there, and return its one line."""
    done = program(project, *command)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


def tables(project):
    results = project / "results" / "smoke"
    return {path.relative_to(results): path.read_bytes() for path in sorted(results.rglob("*.csv"))}


@pytest.fixture
def edited(project):
    """Return a finished project in which a parameter was edited afterwards, and Snakemake's memory was deleted."""
    shutil.rmtree(project / ".snakemake")
    edit(claim_path(QUADRATIC, project), OLD, NEW)
    return project


def test_old_numbers_are_not_taken_for_those_of_new_parameters(edited, tmp_path):
    assert "Simulating quadratic_divergence_threshold" in snakemake(edited).stderr
    fresh = copy_project(tmp_path / "fresh", RUN_CLAIMS)
    edit(claim_path(QUADRATIC, fresh), OLD, NEW)
    snakemake(fresh, "tables")
    assert tables(edited) == tables(fresh)


@pytest.mark.parametrize(
    "command",
    [
        ["judge", "--scale", "smoke", "--claims", ",".join(RUN_CLAIMS)],
        ["stages.tables", "--scale", "smoke"],
        ["stages.tables", "--scale", "smoke", "--ledger"],
        ["stages.manifest", "--scale", "smoke"],
        ["figures.draw", "--scale", "smoke", "--claims", ",".join(RUN_CLAIMS)],
        ["report.page", "--scale", "smoke", "--output", "page.html"],
        ["report.paper", "--scale", "smoke", "--output", "paper.typ"],
        ["report.typeset", "--scale", "smoke", "--output", "paper.pdf"],
        ["report.gallery", "--scale", "smoke", "--output", "gallery.html"],
        ["report.crate", "--scale", "smoke", "--report", "reports/smoke"],
        ["trace", f"{QUADRATIC}/claim/growth_factor"],
    ],
)
def test_every_later_stage_refuses_tables_of_other_parameters_in_one_line(edited, command):
    module, *options = command
    line = refusal(edited, f"descent_audit.{module}", "--results", "results/smoke", *options)
    assert re.match(rf"results/smoke/made/{QUADRATIC}\.[0-9a-f]{{16}}\.json: made of something else than ", line)
    assert "condition_number: 100.0 -> 90.0" in line
    assert line.endswith("; run again")


def test_state_and_integrity_tell_of_tables_of_other_parameters(edited):
    said = snakemake(edited, "status").stdout
    assert f"stale    {QUADRATIC}\n" in said
    assert "Claims: 2 done, 1 stale." in said
    notes = program(edited, "descent_audit.assurance.integrity", "--results", "results/smoke").stdout
    assert "condition_number: 100.0 -> 90.0" in notes
    assert "every table follows" not in notes


@pytest.mark.parametrize(
    ("old", "new", "simulated"),
    [("absolute: 5.0e-5", "absolute: 6.0e-5", set()), ("statement: >-", "statement: >-\n  Again:", set())],
)
def test_judgements_and_words_are_followed_without_a_memory_too(project, old, new, simulated):
    shutil.rmtree(project / ".snakemake")
    edit(claim_path(QUADRATIC, project), old, new)
    assert refusal(project, "descent_audit.trace", f"{QUADRATIC}/claim/growth_factor", "--results", "results/smoke")
    assert set(re.findall(r"Simulating (\w+) at", snakemake(project).stderr)) == simulated
    page = (project / "reports" / "smoke" / "audit.html").read_text()
    assert ("Again:" in page) == ("Again" in new)


def test_edit_that_is_taken_back_ends_in_the_first_bytes(project, finished):
    edit(claim_path(QUADRATIC, project), OLD, NEW)
    snakemake(project, "tables")
    edit(claim_path(QUADRATIC, project), NEW, OLD)
    snakemake(project, "tables")
    assert tables(project) == tables(finished)


@pytest.mark.parametrize("target", ["ledger", "drawings", "report"])
def test_failure_is_a_failure_again(project, target):
    module = project / "src" / "descent_audit" / "experiments" / "gradient_descent" / "divergence.py"
    text = module.read_text()
    head, start, body = text.partition("def divergence_threshold(")
    signature, quotes, rest = body.partition('"""')
    words, _, code = rest.partition('"""\n')
    module.write_text(f'{head}{start}{signature}{quotes}{words}"""\n    raise RuntimeError("bug")\n{code}')
    for _ in range(2):
        done = snakemake(project, target, check=False)
        assert done.returncode != 0
        assert "bug" in done.stdout + done.stderr
    module.write_text(text)
    snakemake(project, target)
    assert (project / "results" / "smoke" / "observations" / f"{QUADRATIC}.csv").is_file()


@pytest.mark.parametrize("target", STAGES)
def test_stage_depends_on_every_file_below_it(project, finished, target):
    (project / "results" / "smoke" / "observations" / f"{QUADRATIC}.csv").unlink()
    assert "Simulating quadratic_divergence_threshold" in snakemake(project, target).stderr
    assert tables(project) == tables(finished)


def test_clock_that_was_wrong_asks_for_nothing(project):
    subprocess.run(["touch", "-d", "2030-01-01", "config/config.yaml"], cwd=project, check=True)
    for _ in range(2):
        assert "Nothing to be done" in snakemake(project).stderr


def test_parameters_that_are_edited_while_the_run_works_are_refused(project):
    line = refusal(
        project,
        "descent_audit.simulate",
        f"claim=gradient_descent/{QUADRATIC}",
        "scale=smoke",
        "output=elsewhere",
        "planned=0123456789abcdef",
    )
    assert line.endswith("edited while the run worked; run again")
    assert not list((project / "elsewhere").rglob("*.*"))


def test_folder_written_by_hand_is_judged_by_what_it_was_composed_of(project):
    told = [f"claim=gradient_descent/{QUADRATIC}", "scale=smoke", "print=false"]
    program(project, "descent_audit.simulate", *told, "claim.experiment.condition_number=90.0", check=True)
    judge = ["descent_audit.judge", "--results", "outputs", "--claims", QUADRATIC, "--scale"]
    assert program(project, *judge, "smoke").stdout.startswith(f"{QUADRATIC}: supported")
    edit(claim_path(QUADRATIC, project), "absolute: 5.0e-5", "absolute: 5.0e-50")
    assert program(project, *judge, "smoke").stdout.startswith(f"{QUADRATIC}: supported")
    assert "'full', allowed: 'smoke', at which" in refusal(project, *judge, "full")
    program(project, "descent_audit.simulate", *told, check=True)
    assert program(project, *judge, "smoke").stdout.startswith(f"{QUADRATIC}: refuted")


def test_run_by_hand_in_the_folder_of_the_pipeline_is_not_taken_for_its_own(project, finished):
    told = [f"claim=gradient_descent/{QUADRATIC}", "scale=smoke", "print=false", "output=results/smoke"]
    program(project, "descent_audit.simulate", *told, "claim.experiment.condition_number=90.0", check=True)
    page = ["descent_audit.report.page", "--scale", "smoke", "--results", "results/smoke", "--output", "page.html"]
    assert "made of something else than what is configured now" in refusal(project, *page)
    snakemake(project)
    assert tables(project) == tables(finished)
    assert not list((project / "results" / "smoke" / "composed").glob("*"))


def test_claim_that_is_gone_is_told_of_and_removed(project, finished):
    gone = OTHERS[0]
    claim_path(gone, project).unlink()
    text = project / "config" / "text" / "principles.yaml"
    text.write_text(abridged((PROJECT / "config" / "text" / "principles.yaml").read_text(), RUN_CLAIMS[1:]))
    (line,) = [line for line in snakemake(project).stdout.splitlines() if line.startswith("Left over")]
    assert f"{gone} (" in line
    assert "make clean-stale SCALE=smoke" in line
    results = project / "results" / "smoke"
    said = program(project, "descent_audit.workflow.leftovers", "--results", "results/smoke", check=True).stdout
    assert said.startswith(f"{gone}: ")
    assert not list(results.rglob(f"*{gone}*"))
    assert "Left over" not in snakemake(project).stdout
    for path in (path for path in (finished / "results" / "smoke").rglob("*.csv") if path.stem in RUN_CLAIMS[1:]):
        assert (project / path.relative_to(finished)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("command", [["simulate", "--help"], ["judge", "--help"], ["workflow.status"], ["trace", "x"]])
def test_environment_of_another_checkout_is_refused_in_one_line(project, command):
    done = subprocess.run(
        [sys.executable, "-m", f"descent_audit.{command[0]}", *command[1:]],
        cwd=project,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"{project}: this environment is that of another checkout, {PROJECT}; .*\n", done.stderr)
