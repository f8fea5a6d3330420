"""What the installed plugin for Slurm is like where the workflow mends it."""

import importlib

import pytest

from descent_audit.workflow import mending

plugin = pytest.importorskip(mending.SLURM, reason="the extra `slurm` is not in this environment: make cluster")
pytestmark = pytest.mark.cluster
WHEN = "what remember_job_age does about it can go, or must be measured anew"


def test_plugin_asks_the_controller_by_a_name_of_its_own_before_every_look():
    """The look at the queue is a coroutine of the executor that calls the name which is replaced."""
    look = plugin.Executor.check_active_jobs
    assert "get_min_job_age" in look.__code__.co_names, f"it no longer asks: {WHEN}"
    assert look.__globals__ is vars(plugin), f"it asks by another name: {WHEN}"


def test_answer_is_kept_for_the_rest_of_the_run(monkeypatch):
    monkeypatch.setattr(plugin, "get_min_job_age", lambda: 3600)
    mending.remember_job_age()
    monkeypatch.setattr(importlib.import_module(f"{mending.SLURM}.job_status_query"), "get_min_job_age", lambda: None)
    assert plugin.get_min_job_age() == 3600
