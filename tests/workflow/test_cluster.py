"""What a run does about the jobs of an earlier one, with a queue that is a script."""

import re

import pytest
import yaml
from conftest import PROJECT

from descent_audit.workflow import cluster

QUEUE = """\
11|rule_simulate_wildcards_a|{here}
12|rule_shard|{here}
13|rule_simulate|{here}/elsewhere
14||{here}
15|a report of mine|{here}
"""
PROFILE = yaml.safe_load((PROJECT / "workflow" / "profiles" / "slurm" / "config.yaml").read_text())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder from which jobs have been sent; its commands of Slurm find what the tests put there."""
    (tmp_path / ".snakemake" / "slurm_logs").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def program(folder, name, script):
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\ncd {folder}\n{script}\n")
    path.chmod(0o755)


def test_orphans_are_the_jobs_that_snakemake_sent_from_this_folder(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    listing = QUEUE.format(here=tmp_path)
    assert cluster.orphans(listing, tmp_path) == ["11", "12"]
    assert cluster.orphans(listing, tmp_path / "link") == ["11", "12"]
    assert cluster.orphans("", tmp_path) == []


def test_orphans_are_cancelled_and_waited_for(folder):
    (folder / "queue").write_text(QUEUE.format(here=folder))
    program(folder, "squeue", "cat queue")
    program(folder, "scancel", 'echo "$@" > cancelled; (sleep 0.3; rm queue; touch queue) >/dev/null 2>&1 &')
    assert cluster.cancel_orphans(folder)
    assert (folder / "cancelled").read_text() == "11 12\n"
    assert (folder / "queue").read_text() == ""
    assert not cluster.cancel_orphans(folder)


def test_orphans_that_do_not_end_are_named(folder):
    (folder / "queue").write_text(QUEUE.format(here=folder))
    program(folder, "squeue", "cat queue")
    program(folder, "scancel", "exit 0")
    with pytest.raises(SystemExit, match=r"jobs 11, 12 of a killed run do not end"):
        cluster.cancel_orphans(folder, patience=0)


def test_silent_controller_is_one_line(folder):
    program(folder, "squeue", "echo 'no controller' >&2; echo here >&2; exit 1")
    with pytest.raises(SystemExit, match=r"^squeue: no controller here; jobs of a killed run may still work") as caught:
        cluster.cancel_orphans(folder)
    assert "\n" not in str(caught.value.code)


def test_folder_that_never_sent_a_job_needs_no_slurm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not cluster.cancel_orphans(tmp_path)


def test_profile_asks_for_more_at_every_try_and_names_groups_that_exist():
    rules = (PROJECT / "workflow" / "rules" / "simulate.smk").read_text()
    assert PROFILE["retries"] >= 1
    assert rules.count("* attempt") == 4
    groups = set(re.findall(r'group:\n +"(\w+)"', rules))
    assert {entry.split("=")[0] for entry in PROFILE["group-components"]} == groups == {"shards", "simulations"}
