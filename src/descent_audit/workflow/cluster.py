"""What a run finds of an earlier one on a Slurm cluster: jobs that outlive the Snakemake that sent them."""

import os
import subprocess
import sys
import time
from pathlib import Path

SENT = Path(".snakemake/slurm_logs")
"""Where Snakemake's Slurm executor keeps logs: a folder without it has never sent a job."""
PATIENCE = 120.0
"""Seconds that cancelled jobs may take to end."""


def orphans(listing: str, folder: Path) -> list[str]:
    """Return the jobs that Snakemake sent from a folder, out of lines ``id|comment|folder`` of ``squeue``.

    The comment tells them from other jobs of the same user, such as one in which this very program may run.
    """
    rows = [line.split("|", 2) for line in listing.splitlines()]
    return [
        number
        for number, comment, where in rows
        if comment.startswith("rule_") and os.path.realpath(where) == os.path.realpath(folder)
    ]


def cancel_orphans(folder: Path, patience: float = PATIENCE) -> bool:
    """Cancel what a killed run has left in Slurm's queue, wait until it is gone, and say whether there was any.

    The caller holds the lock of the folder, so no run that lives has jobs there. Else a job sent again would compute
    the same file at the same time as its orphan. Exits with one line where Slurm does not answer.
    """
    if not (folder / SENT).exists():
        return False
    left = orphans(_queue(), folder)
    if not left:
        return False
    print(f"Cancelling {len(left)} jobs of a killed run: {', '.join(left)}", file=sys.stderr)
    _slurm("scancel", *left)
    end = time.monotonic() + patience
    while left := orphans(_queue(), folder):
        if time.monotonic() > end:
            sys.exit(f"jobs {', '.join(left)} of a killed run do not end; see to them (scancel), then run again")
        time.sleep(0.5)
    return True


def _queue() -> str:
    return _slurm("squeue", "--me", "--noheader", "--format=%i|%k|%Z")


def _slurm(*command: str) -> str:
    """Return what a command of Slurm prints; exit with one line where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        reason = " ".join(str(said).split())
        sys.exit(
            f"{command[0]}: {reason}; jobs of a killed run may still work in this folder: "
            f"run again when Slurm answers, or remove {SENT} where there are none"
        )
