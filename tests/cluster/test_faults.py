"""What goes wrong on a cluster, done for real: at the end every table is there and is that of a local run."""

import os
import re
import signal
import time
from pathlib import Path

import pytest
from conftest import RUN_CLAIMS, snakemake
from rehearsal import (
    PATIENCE,
    begun,
    finish,
    nothing_is_amiss,
    rehearsed_project,
    require_cluster,
    run,
    running_cluster,
    start,
)
from slurm import Cluster, wait_until

require_cluster()
pytestmark = pytest.mark.cluster
CLAIMS = RUN_CLAIMS[:2]


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Path:
    """Return a local run of the claims under test."""
    folder = rehearsed_project(tmp_path_factory.mktemp("reference") / "project", CLAIMS)
    snakemake(folder, "tables", "manifest")
    return folder


@pytest.fixture
def project(tmp_path) -> Path:
    return rehearsed_project(tmp_path / "project", CLAIMS)


@pytest.fixture
def cluster():
    with running_cluster() as running:
        yield running


def wait_for_jobs(project: Path, count: int) -> None:
    wait_until(lambda: len(begun(project)) >= count, f"{count} simulations", PATIENCE)


def states(cluster) -> list[str]:
    return sorted(job["JobState"] for job in cluster.finished_jobs())


def test_job_that_fails_once_is_sent_again(project, reference, cluster):
    (project / "fail_once").touch()
    run(project, cluster)
    assert nothing_is_amiss(project, reference)
    assert states(cluster) == ["COMPLETED", "COMPLETED", "FAILED"]


def test_job_over_its_time_limit_is_sent_again_with_more_time(project, reference, cluster):
    (project / "pause_once").touch()
    slow = " ".join(f"simulate_{name}:runtime=attempt" for name in CLAIMS)
    run(project, cluster, "tables", "manifest", "--config", "scale=smoke", set_resources=slow)
    assert nothing_is_amiss(project, reference)
    limits = {(job["JobState"], job["TimeLimit"]) for job in cluster.finished_jobs()}
    busy = {("COMPLETED", "1")}  # absent where the machine is so busy that the other job takes a minute too
    assert limits | busy == {("COMPLETED", "1"), ("TIMEOUT", "1"), ("COMPLETED", "2")}


def test_job_goes_on_while_the_daemon_of_its_node_is_killed(project, reference, cluster):
    (project / "hold").touch()
    driver = start(project, cluster)
    wait_for_jobs(project, 2)
    cluster.stop_daemon("slurmd.n1", signal.SIGKILL)
    time.sleep(3)
    cluster.start_node("n1")
    (project / "hold").unlink()
    finish(driver)
    assert nothing_is_amiss(project, reference)
    assert states(cluster) == ["COMPLETED"] * 2
    assert sorted(begun(project)) == CLAIMS


def test_jobs_of_a_node_that_dies_run_on_the_other(project, reference):
    (project / "pause_once").touch()
    with running_cluster(patience=20) as cluster:
        driver = start(project, cluster)
        wait_for_jobs(project, 2)
        wait_until(lambda: len(cluster.finished_jobs()) == 1, "the job that does not pause", PATIENCE)
        (waiting,) = cluster.run("squeue", "-h", "-t", "R", "-o", "%i %N").splitlines()
        job, node = waiting.split()
        cluster.stop_daemon(f"slurmd.{node}", signal.SIGKILL)
        kill_steps(cluster, job)
        finish(driver)
        (again,) = [one for one in cluster.finished_jobs() if one["JobId"] == job and one["JobState"] == "COMPLETED"]
        assert again["NodeList"] != node
    assert nothing_is_amiss(project, reference)


def kill_steps(cluster: Cluster, job: str) -> None:
    """Kill all processes of a job of this cluster, as the end of its machine would; others run jobs of that number."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            of_job = (
                f"SLURM_JOB_ID={job}".encode() in environment
                or b"slurmstepd: [%s." % job.encode() in (folder / "cmdline").read_bytes()
            )
            if of_job and f"SLURM_CONF={cluster.root}/slurm.conf".encode() in environment:
                os.kill(int(folder.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def test_run_outlasts_a_controller_that_is_down(project, reference, cluster):
    (project / "hold").touch()
    driver = start(project, cluster)
    wait_for_jobs(project, 2)
    cluster.stop_daemon("slurmctld")
    time.sleep(15)
    cluster.start_controller()
    (project / "hold").unlink()
    finish(driver)
    assert nothing_is_amiss(project, reference)
    assert sorted(begun(project)) == CLAIMS


def test_driver_that_is_terminated_ends_its_jobs_and_starts_again(project, reference, cluster):
    (project / "hold").touch()
    driver = start(project, cluster)
    wait_for_jobs(project, 2)
    driver.terminate()
    time.sleep(2)
    (project / "hold").unlink()
    output, _ = driver.communicate(timeout=PATIENCE)
    assert driver.returncode != 0
    assert "Will exit after finishing currently running jobs" in output
    assert cluster.run("squeue", "-h") == ""
    run(project, cluster)
    assert nothing_is_amiss(project, reference)
    assert sorted(begun(project)) == CLAIMS


def test_driver_that_is_killed_leaves_jobs_which_the_next_one_cancels(project, reference, cluster):
    (project / "pause_once").touch()
    driver = start(project, cluster)
    wait_for_jobs(project, 2)
    driver.kill()
    driver.wait()
    left = cluster.run("squeue", "-h", "-o", "%i").split()
    assert left
    output = run(project, cluster)
    assert re.search(r"Cancelling [12] jobs of a killed run", output)
    assert nothing_is_amiss(project, reference)


def test_second_driver_is_refused_and_status_is_told_meanwhile(project, reference, cluster):
    (project / "hold").touch()
    driver = start(project, cluster)
    wait_for_jobs(project, 2)
    second = start(project, cluster)
    status = snakemake(project, "status").stdout
    refused, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode != 0
    assert "another run works in this folder" in refused
    assert [line.split() for line in status.splitlines()[:2]] == [["at", "work", name] for name in CLAIMS]
    (project / "hold").unlink()
    finish(driver)
    assert nothing_is_amiss(project, reference)
    assert sorted(begun(project)) == CLAIMS


def test_drained_node_gets_no_job_and_the_other_does_them_all(project, reference, cluster):
    cluster.run("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    run(project, cluster, group_components="simulations=2")
    assert nothing_is_amiss(project, reference)
    assert {job["NodeList"] for job in cluster.finished_jobs()} == {"n2"}
