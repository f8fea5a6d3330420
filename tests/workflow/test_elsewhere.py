"""A run in a folder of its own, beside the project: the same bytes, and nothing written into the project."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, RUN_CLAIMS, clean_environment, copy_project, snakemake


def products(folder: Path) -> dict[str, bytes]:
    """Return every file of results and report but logs and times, by name."""
    found = [path for room in ("results", "reports/smoke") for path in (folder / room).rglob("*") if path.is_file()]
    names = {str(path.relative_to(folder)): path for path in found}
    return {
        name: path.read_bytes() for name, path in names.items() if not {"logs", "benchmarks"} & {*Path(name).parts[:-1]}
    }


def below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Path:
    """Return the Snakefile of a copy of the project in which nothing is ever run."""
    project = copy_project(tmp_path_factory.mktemp("untouched") / "project", RUN_CLAIMS)
    shutil.copy2(PROJECT / "requirements.lock", project)
    return project / "Snakefile"


@pytest.fixture(scope="module", params=["in the folder", "with --directory"])
def elsewhere(request, workflow, tmp_path_factory) -> Path:
    """Return a folder in which the workflow has been run."""
    folder = tmp_path_factory.mktemp("elsewhere")
    if request.param == "in the folder":
        snakemake(folder, "--snakefile", str(workflow))
    else:
        snakemake(tmp_path_factory.mktemp("third"), "--snakefile", str(workflow), "--directory", str(folder))
    return folder


def test_run_elsewhere_makes_the_bytes_of_a_run_in_the_project(elsewhere, finished, workflow):
    found, wanted = products(elsewhere), products(finished)
    assert {"results/smoke/verdicts.csv", "reports/smoke/audit.html", "reports/smoke/audit.pdf"} <= set(wanted)
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    assert not [path for path in below(workflow.parent) if path.parts[0] in ("results", ".snakemake")]


def test_second_run_elsewhere_does_nothing_and_the_state_is_told(elsewhere, workflow):
    assert "Nothing to be done" in snakemake(elsewhere, "--snakefile", str(workflow)).stderr
    said = snakemake(elsewhere, "--snakefile", str(workflow), "status").stdout.splitlines()
    assert f"Claims: {len(RUN_CLAIMS)} done." in said
    environment = {**clean_environment(), "PYTHONPATH": str(workflow.parent / "src")}
    command = [sys.executable, "-m", "descent_audit.workflow.status", "scale=smoke"]
    by_hand = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert by_hand.stdout.splitlines() == said


def test_every_target_and_the_report_of_the_workflow_are_planned_elsewhere(elsewhere, workflow):
    for target in ("figures", "ledger", "calibrate", "stability"):
        snakemake(elsewhere, "--snakefile", str(workflow), "--dry-run", target)
    snakemake(elsewhere, "--snakefile", str(workflow), "--report", "report.zip", "--config", "scale=smoke")


def test_what_the_default_profile_sets_is_not_needed(workflow, finished, tmp_path):
    snakemake(tmp_path, "--snakefile", str(workflow), "--workflow-profile", "none", "tables", "manifest")
    wanted = products(finished)
    assert {name: data for name, data in products(tmp_path).items() if data != wanted[name]} == {}
