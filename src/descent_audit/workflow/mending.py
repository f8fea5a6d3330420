"""What Snakemake and its Slurm plugin leave no setting for: three places, each to go when its test says so."""

import os
import sys
from types import ModuleType
from typing import Any, NoReturn

SLURM = "snakemake_executor_plugin_slurm"


def no_rate_limit(workflow: Any) -> None:
    """Let the cores alone be the limit of a run on this machine.

    After every job that it starts, Snakemake looks again once a second, until the run ends, whether its limit of jobs
    per second lets another start: after a hundred jobs a hundred times a second, at every input of every job. Measured
    with 9.27.1 on 2 cores: 400 jobs of 0.3 s cost it 4.9 s of processor time with the limit and 2.8 s without, a full
    run of 13 minutes 25 s and 5 s. The setting ``max-jobs-per-timespan: 1000000/20s`` costs as little, and holds up the
    end of every run for up to 20 s.
    """
    if workflow.local_exec and hasattr(workflow.scheduler, "job_rate_limiter"):
        workflow.scheduler.job_rate_limiter = None


def start_again() -> NoReturn:
    """Replace this process by the same command, begun anew.

    A run that has cancelled orphans made its plan while they still wrote, and a job that is told to end takes its files
    away: the plan would hold them for made. Before the plan is made Snakemake 9.27.1 does not say whether it will run
    jobs: under ``--dry-run``, ``--summary`` and ``--lint`` alike, ``workflow.dryrun`` is false while the Snakefile is
    read, so that to ask for a run's state would cancel its jobs. It costs a start of Snakemake, 3 s.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)


def remember_job_age() -> None:
    """Let the Slurm plugin keep asking ``squeue`` while the controller is down.

    Version 2.8.0 asks the controller before every look at the queue how long that remembers jobs, and where no answer
    comes it turns to ``sacct``; where there is no accounting it then forgets all jobs that run, and waits for ever.
    With this a run outlasts a controller that is down for 15 s (``tests/cluster/test_faults.py``).
    """
    plugin: ModuleType | None = sys.modules.get(SLURM)
    if plugin is None or not hasattr(plugin, "get_min_job_age"):
        return
    age = plugin.get_min_job_age()
    if age is not None:
        plugin.get_min_job_age = lambda: age  # type: ignore[attr-defined]
