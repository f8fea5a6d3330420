"""The pipeline on a Slurm cluster of two nodes: the same tables, byte for byte, as on this machine."""

import pytest
from conftest import RUN_CLAIMS, SAMPLE, snakemake
from rehearsal import finish, nothing_is_amiss, rehearsed_project, require_cluster, run, running_cluster, start

require_cluster()
pytestmark = pytest.mark.cluster
SAMPLED = "minibatch_gradient_moments"


def test_claims_of_every_topic_at_smoke_scale_with_the_profile_as_it_is(tmp_path):
    local, remote = (rehearsed_project(tmp_path / name, SAMPLE) for name in ("local", "remote"))
    snakemake(local, timeout=1800)
    with running_cluster() as cluster:
        finish(start(remote, cluster, "--config", "scale=smoke", group_components="simulations=20"), 1800)
        jobs = cluster.finished_jobs()
    assert nothing_is_amiss(remote, local)
    assert {job["NodeList"] for job in jobs} == {"n1", "n2"}
    assert len(jobs) == -(-len(SAMPLE) // 20)
    html = "reports/smoke/audit.html"
    assert (remote / html).read_bytes() == (local / html).read_bytes()


def test_jobs_run_on_both_nodes_and_tables_are_those_of_a_local_run(tmp_path):
    local, remote = (rehearsed_project(tmp_path / name, [*RUN_CLAIMS, SAMPLED]) for name in ("local", "remote"))
    target = ["tables", "manifest", "--config", "scale=smoke", "shards=2"]
    snakemake(local, *target)
    with running_cluster() as cluster:
        output = run(remote, cluster, *target, group_components="simulations=2")
        jobs = cluster.finished_jobs()
    assert nothing_is_amiss(remote, local)
    assert {job["NodeList"] for job in jobs} == {"n1", "n2"}
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert all(job["JobId"] in output for job in jobs)
    assert len(jobs) == 4  # two shards, and four simulations in two groups


def test_run_in_another_folder_sends_jobs_that_work_there(tmp_path):
    local, project = (rehearsed_project(tmp_path / name) for name in ("local", "project"))
    (elsewhere := tmp_path / "elsewhere").mkdir()
    snakemake(local, "tables", "manifest")
    with running_cluster() as cluster:
        run(elsewhere, cluster, project="../project", group_components="simulations=3")
        assert {job["JobState"] for job in cluster.finished_jobs()} == {"COMPLETED"}
    assert nothing_is_amiss(elsewhere, local)
    assert not (project / "results").exists()
