"""What happens when a run is killed, its files are damaged, its configuration is wrong or its disk is full."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import QUADRATIC, RUN_CLAIMS, claim_path, clean_environment, copy_project, snakemake


def results(folder: Path) -> dict[str, bytes]:
    """Return every result file that a reader sees, by name."""
    kept = [path for kind in ("*.csv", "*.json", "*.svg", "*.pdf") for path in (folder / "results").rglob(kind)]
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in [*kept, *(folder / "reports").rglob("audit.html")]
    }


def fails_in_one_line(folder: Path, *arguments: str) -> str:
    """Run Snakemake, expect a failure without a traceback, and return what it said."""
    done = snakemake(folder, *arguments, check=False)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in output
    return output


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--config", "scale=smoke"]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_killed_run_resumes_and_ends_in_the_same_bytes(finished, tmp_path):
    folder = copy_project(tmp_path / "project", RUN_CLAIMS)
    run = start(folder)
    observations = folder / "results" / "smoke" / "observations"
    wait_for(lambda: list(observations.glob("*.csv")))
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    done = {path.name: path.stat().st_mtime_ns for path in (folder / "results" / "smoke" / "seals").glob("*.sha256")}
    assert len(done) < len(RUN_CLAIMS)
    output = snakemake(folder).stderr
    assert results(folder) == results(finished)
    assert len(set(re.findall(r"Simulating (\w+) at", output))) >= len(RUN_CLAIMS) - len(done) - 1


def test_driver_killed_alone_leaves_no_lock(finished, tmp_path):
    folder = copy_project(tmp_path / "project", RUN_CLAIMS)
    run = start(folder)
    wait_for(lambda: list((folder / "results" / "smoke" / "observations").glob("*.csv")))
    run.kill()
    run.wait()
    snakemake(folder)
    assert results(folder) == results(finished)


def test_second_driver_is_refused_in_one_line(tmp_path):
    folder = copy_project(tmp_path / "project", RUN_CLAIMS)
    run = start(folder)
    wait_for(lambda: (folder / "results").exists())
    assert "another run works in this folder" in fails_in_one_line(folder)
    assert run.wait() == 0


@pytest.mark.parametrize("cores", ["1", "4"])
def test_results_do_not_depend_on_the_number_of_cores(finished, tmp_path, cores):
    folder = copy_project(tmp_path / "project", RUN_CLAIMS)
    snakemake(folder, "--cores", cores, "--config", "scale=smoke")
    assert results(folder) == results(finished)


@pytest.mark.parametrize("table", ["observations", "curves"])
def test_truncated_result_is_noticed_and_mended_as_told(finished, project, table):
    path = project / "results" / "smoke" / table / f"{QUADRATIC}.csv"
    path.write_bytes(path.read_bytes()[:-20])
    output = fails_in_one_line(project)
    assert f"{table}/{QUADRATIC}.csv: found" in output
    (project / re.search(r"remove (\S+) and run again", output)[1]).unlink()
    snakemake(project)
    assert results(project) == results(finished)


def test_unreadable_result_is_noticed(project):
    path = project / "results" / "smoke" / "observations" / f"{QUADRATIC}.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert "truncated or edited" in fails_in_one_line(project)


def test_removed_result_is_made_again(finished, project):
    (project / "results" / "smoke" / "observations" / f"{QUADRATIC}.csv").unlink()
    assert "Simulating quadratic_divergence_threshold" in snakemake(project).stderr
    assert results(project) == results(finished)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("smoothness: [0.5, 3.0, 40.0]", "smoothness: [0.5, -3.0]", ["experiment.smoothness.1", "-3.0"]),
        ("relation: close", "relation: near", ["'near'", "allowed: "]),
        ("audits: [", "audits: [nothing, ", ["'nothing'"]),
        ("statement:", "statment:", ["did you mean 'statement'"]),
        ("audits: [", "audits: [[", ["YAML error"]),
        ("descent_audit.experiments.gradient_descent.divergence.divergence_threshold", "os.system", ["os.system"]),
    ],
)
def test_wrong_claim_file_stops_before_any_job_and_loses_nothing(project, old, new, parts):
    before = results(project)
    path = claim_path(QUADRATIC, project)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    output = fails_in_one_line(project)
    line = next(
        line for line in output.splitlines() if line.startswith(f"config/claim/gradient_descent/{QUADRATIC}.yaml")
    )
    assert all(part in line for part in parts)
    assert results(project) == before


@pytest.mark.parametrize(
    ("option", "part"),
    [
        ("scale=smoky", "did you mean 'smoke'"),
        ("claims=asymmetric_curvature_threshol", "did you mean 'asymmetric_curvature_threshold'"),
        ("claims=$(touch stolen)", "unknown name"),
        ("claim=asymmetric_curvature_threshold", "did you mean 'claims'"),
        ("figure_style=slide", "did you mean 'slides'"),
        ("shards=", "shards: found None, allowed: a whole number from 1"),
        ("seeds=0", "seeds: found 0, allowed: a whole number from 1"),
        ("claims=1", "claims: found 1, allowed: names of claims"),
        ("claims=1.5", "claims: found 1.5, allowed: names of claims"),
        ("claims=", "claims: found no name, allowed: names of claims"),
        ("claims=[]", "claims: found no name, allowed: names of claims"),
        ("claims={a: 1}", "claims: found {'a': '1'}, allowed: names of claims"),
    ],
)
def test_wrong_option_stops_before_any_job(project, option, part):
    assert part in fails_in_one_line(project, "--config", option)
    assert not (project / "stolen").exists()


@pytest.fixture
def read_only(project):
    """Return the results folder of a finished project, which cannot be written: not even by root."""
    folder = project / "results" / "smoke"
    if os.geteuid():
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    if subprocess.run(["mount", "--bind", folder, folder]).returncode:
        pytest.skip("root writes everywhere, and cannot mount here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_read_only_results_are_one_line(project, read_only):
    before = results(project)
    command = [sys.executable, "-m", "descent_audit.judge", "--scale", "smoke", "--results", str(read_only)]
    command += ["--claims", ",".join(RUN_CLAIMS)]
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(
        r".*checks\.csv: cannot be written \((Permission denied|Read-only file system)\)\n", done.stderr
    )
    assert results(project) == before


def test_read_only_results_stop_the_pipeline_without_a_loss(project, read_only):
    before = results(project)
    path = claim_path(QUADRATIC, project)
    path.write_text(path.read_text().replace("absolute: 5.0e-5", "absolute: 6.0e-5"))
    done = snakemake(project, check=False)
    assert done.returncode != 0
    assert results(project) == before
