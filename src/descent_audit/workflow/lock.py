"""One run at a time in a folder: a lock that the kernel drops with the process that holds it."""

import atexit
import os
import sys
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = Path(".snakemake/driver.lock")
"""Held by the run that works in a folder, last written when it began."""
PATIENCE = 0.5
"""Seconds for which a lock is tried: who asks for the state of a run holds it for a moment."""


def hold_lock(path: Path = LOCK) -> None:
    """Hold the lock of this folder until the process ends, however it ends.

    A killed run leaves the file and no lock, and no program that the run starts inherits one. Exits with one line where
    another run holds it, or where nothing can be locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    if not _acquired(lock):
        sys.exit(f"{path}: another run works in this folder; wait for it to end, then run again")
    os.utime(path)
    atexit.register(lock.release)  # what keeps it: a lock that nothing refers to is released


def started(path: Path = LOCK) -> float | None:
    """Return when the run that works in this folder began, ``None`` where none does; a run that begins now waits."""
    if not path.exists():
        return None
    lock = _lock(path)
    if not _acquired(lock):
        return path.stat().st_mtime
    lock.release()
    return None


def _lock(path: Path) -> FileLock:
    """Return the lock of a file, not yet held; never the kind that is a mere file, which a killed run leaves behind."""
    return FileLock(path, timeout=PATIENCE, poll_interval=0.02, fallback_to_soft=False)


def _acquired(lock: FileLock) -> bool:
    """Acquire a lock, or say that another process holds it."""
    try:
        lock.acquire()
    except Timeout:
        return False
    except OSError as error:
        sys.exit(f"{lock.lock_file}: cannot be locked ({error.strerror})")
    return True
