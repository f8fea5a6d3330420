"""What is done about Snakemake without a setting of its own: each test tells when it can go."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import clean_environment

from descent_audit.workflow import mending

REREADING = """
onstart:
    limiter = workflow.scheduler.job_rate_limiter
    print(f"limit: {limiter.max_jobs} in {limiter.timespan} s")
    if config.get("mended"):
        import sys
        sys.path.insert(0, config["mended"])
        from descent_audit.workflow.mending import no_rate_limit
        no_rate_limit(workflow)
rule all:
    input: expand("{n}.txt", n=range(3))
rule one:
    output: "{n}.txt"
    shell: "sleep 1.5; touch {output}"
"""
READING = """
print("dryrun:", workflow.dryrun)
rule all:
    output: "one"
    shell: "touch {output}"
"""
WHEN = "what mending.py does about it can go, or must be measured anew"


def run(folder, text, *options):
    """Run Snakemake on a Snakefile; return what it printed."""
    (folder / "Snakefile").write_text(text)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
    done = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def looks(tmp_path):
    """Return a function that runs three jobs of 1.5 s and counts how often Snakemake looks for work."""

    def count(*options):
        output = run(tmp_path, REREADING, "--forceall", "--verbose", *options)
        assert "limit: 100 in 1.0 s" in output, f"Snakemake's own limit is another: {WHEN}"
        return output.count("Ready jobs: ")

    return count


def test_snakemake_looks_again_every_second_after_every_job_and_not_where_that_is_mended(looks):
    mended = looks("--config", f"mended={mending.__file__.rpartition('/descent_audit/')[0]}")
    assert mended <= 4  # once a job, and once at the end
    assert looks() > mended, f"Snakemake no longer looks again: {WHEN}"


def test_limit_of_a_run_elsewhere_and_a_scheduler_without_one_are_left_alone():
    limited = SimpleNamespace(local_exec=False, scheduler=SimpleNamespace(job_rate_limiter=1))
    mending.no_rate_limit(limited)
    assert limited.scheduler.job_rate_limiter == 1
    other = SimpleNamespace(local_exec=True, scheduler=SimpleNamespace())
    mending.no_rate_limit(other)
    assert vars(other.scheduler) == {}


@pytest.mark.parametrize("option", ["--dry-run", "--summary"])
def test_snakefile_cannot_tell_whether_jobs_will_run(tmp_path, option):
    assert "dryrun: False" in run(tmp_path, READING, option), f"It can under {option}: {WHEN}"


def test_program_starts_again_with_its_own_command(monkeypatch):
    called = []
    monkeypatch.setattr(mending.os, "execv", lambda *arguments: called.append(arguments))
    mending.start_again()
    assert called == [(sys.executable, sys.orig_argv)]


@pytest.mark.parametrize(("age", "remembered"), [(3600, 3600), (None, 7)])
def test_job_age_is_asked_once_where_the_controller_answers(monkeypatch, age, remembered):
    answers = iter([age, 7])
    plugin = SimpleNamespace(get_min_job_age=lambda: next(answers))
    monkeypatch.setitem(sys.modules, mending.SLURM, plugin)
    mending.remember_job_age()
    assert plugin.get_min_job_age() == remembered


def test_plugin_that_is_not_there_or_another_is_left_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, mending.SLURM, raising=False)
    mending.remember_job_age()
    monkeypatch.setitem(sys.modules, mending.SLURM, plugin := SimpleNamespace())
    mending.remember_job_age()
    assert vars(plugin) == {}
