"""The lock of a working folder: who holds it, who is refused, and what a killed run leaves."""

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import PROJECT, clean_environment
from filelock import FileLock

from descent_audit.workflow import lock

HOLD = "from pathlib import Path; from descent_audit.workflow.lock import hold_lock; hold_lock(Path({path!r})); {then}"
WAIT = "import sys; print(1, flush=True); sys.stdin.read()"
"""What a program does that holds the lock until it is told to end."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "driver.lock"


def program(path, then="pass"):
    """Start a program that takes the lock as a run does."""
    environment = {**clean_environment(), "PYTHONPATH": str(PROJECT / "src")}
    command = [sys.executable, "-c", HOLD.format(path=str(path), then=then)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def holder(path, then=WAIT):
    """Start a program that holds the lock, and return it once it does, with the line that it prints."""
    running = program(path, then)
    return running, running.stdout.readline().strip()


def test_lock_is_held_once_and_dropped_with_its_process(path):
    running, _ = holder(path)
    _, said = (second := program(path)).communicate(timeout=60)
    assert second.returncode == 1
    assert said == f"{path}: another run works in this folder; wait for it to end, then run again\n"
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert lock.started(path) is None
    assert program(path).wait(timeout=60) == 0


def test_killed_run_leaves_no_lock_and_its_children_do_not_inherit_it(path):
    child = "import subprocess; print(subprocess.Popen(['sleep', '600'], close_fds=False).pid, flush=True); " + WAIT
    running, pid = holder(path, child)
    try:
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=60)
        os.kill(int(pid), 0)  # the child lives on
        assert lock.started(path) is None
        assert program(path).wait(timeout=60) == 0
    finally:
        os.kill(int(pid), signal.SIGKILL)
        running.communicate()


def test_run_is_seen_with_its_beginning_and_not_disturbed(path):
    assert lock.started(path) is None
    assert not path.exists()
    path.parent.mkdir()
    path.touch()
    os.utime(path, (0, 0))
    before = time.time()
    running, _ = holder(path)
    assert before - 1 < lock.started(path) == path.stat().st_mtime <= time.time() + 1
    assert running.poll() is None
    running.communicate(timeout=60)
    assert lock.started(path) is None


def test_run_that_begins_while_its_state_is_asked_for_waits(path, monkeypatch):
    path.parent.mkdir()
    with FileLock(path):
        monkeypatch.setattr(lock, "PATIENCE", 0.0)
        assert lock.started(path) is not None
        beginning = program(path)
        time.sleep(0.1)
    assert beginning.wait(timeout=60) == 0


def test_file_that_cannot_be_locked_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"cannot be locked \(") as caught:
        lock.hold_lock(tmp_path)
    assert "\n" not in str(caught.value.code)
