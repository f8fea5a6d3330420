"""What surrounds a run changes no byte of it: names of folders, locale, limits, what is in the environment."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import QUADRATIC, RUN_CLAIMS, clean_environment, copy_project


def bare_path(folder):
    """Return a path with a shell and its tools, and without git."""
    folder.mkdir()
    for name in ("sh", "bash", "env", "cat", "rm", "mkdir", "uname", "ls"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


def run(project, environment, limit=None):
    def begin():
        os.umask(0o077)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    command = [sys.executable, "-m", "snakemake", "--cores", "2", "tables", "--config", "scale=smoke"]
    return subprocess.run(
        command, cwd=project, env=environment, preexec_fn=begin, capture_output=True, text=True, timeout=300
    )


def tables(project):
    results = project / "results" / "smoke"
    return {path.relative_to(results): path.read_bytes() for path in sorted(results.rglob("*.csv"))}


def strange_name(folder):
    """Return a checkout in a folder with spaces, an apostrophe and letters beyond ASCII, in a locale without them."""
    project = copy_project(folder / "Mécanique d'été 深い" / "project", RUN_CLAIMS)
    environment = {key: value for key, value in clean_environment().items() if key not in ("HOME", "LANG", "LC_ALL")}
    return project, {**environment, "LC_ALL": "C", "PATH": bare_path(folder / "bin")}, None


def linked_and_polluted(folder):
    """Return a checkout behind a link, with another package of the same name on the path of whoever starts it."""
    project = copy_project(folder / "here", RUN_CLAIMS)
    (folder / "link").symlink_to(project)
    foreign = folder / "foreign" / "descent_audit"
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").write_text("raise ImportError('not this one')\n")
    environment = {
        **clean_environment(),
        "PYTHONPATH": str(foreign.parent),
        "PYTHONHASHSEED": "17",
        "OMP_NUM_THREADS": "3",
    }
    return Path(folder / "link"), environment, 128


def without_profiles(folder):
    """Return a checkout without the default profile, which sets nothing that a result depends on."""
    project = copy_project(folder / "project", RUN_CLAIMS)
    (project / "profiles").unlink()
    return project, {**clean_environment(), "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"}, None


@pytest.mark.parametrize("surroundings", [strange_name, linked_and_polluted, without_profiles])
def test_tables_are_the_same_bytes_wherever_they_are_made(finished, tmp_path, surroundings):
    project, environment, limit = surroundings(tmp_path)
    done = run(project, environment, limit)
    assert done.returncode == 0, done.stderr[-3000:]
    assert tables(project) == {path: content for path, content in tables(finished).items() if path in tables(project)}
    assert Path(f"observations/{QUADRATIC}.csv") in tables(project)
