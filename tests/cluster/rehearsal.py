"""A copy of the project whose simulations can be told to wait, to hang or to fail once; and its runs on a cluster."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import RUN_CLAIMS, clean_environment, copy_project
from slurm import Cluster, missing_programs

OPTIONS = {
    "--group-components": "simulations=1",
    "--latency-wait": "5",
    "--slurm-init-seconds-before-status-checks": "1",
}
"""What the tests change of the profile: a simulation to a job, and no patience with a disk that is this machine's."""
PATIENCE = 480
"""Seconds that a test waits for what takes a few of them where the machine has nothing else to do."""
DRIVERS: list[subprocess.Popen] = []
"""Those of the present test, lest one of them outlive its cluster."""
HOOK = """
def rehearse():
    import contextlib, fcntl, sys, time
    global held
    told = dict(word.split("=", 1) for word in sys.argv[1:])
    claim, shard = told["claim"].rpartition("/")[2], told.get("shard", "")
    held = Path(f"held_{claim}_{shard}").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        Path(f"twice_{claim}").touch()
    with Path("begun").open("a") as file:
        file.write(f"{claim}\\n")
    for order in ("fail_once", "pause_once"):
        with contextlib.suppress(FileNotFoundError):
            Path(order).rename(f"{order}_{claim}")
            if order == "fail_once":
                sys.exit("told to fail once")
            time.sleep(600)
    end = time.monotonic() + 600
    while Path("hold").exists() and time.monotonic() < end:
        time.sleep(0.1)


if __name__ == "__main__":
    rehearse()
"""


def require_cluster() -> None:
    """Skip the module where there is no Slurm to start, or no plugin to reach it with."""
    if missing := missing_programs():
        pytest.skip(
            f"no {', '.join(missing)} here: apt-get install slurmctld slurmd slurm-client munge",
            allow_module_level=True,
        )
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("the extra `slurm` is not in this environment: make cluster", allow_module_level=True)
    if os.geteuid():
        pytest.skip("only root starts the daemons of a cluster", allow_module_level=True)


@contextmanager
def running_cluster(patience: int = 120) -> Iterator[Cluster]:
    """Start a cluster of its own, and stop it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder))
        try:
            cluster.start(patience)
            yield cluster
        finally:
            while DRIVERS:
                DRIVERS.pop().kill()
            cluster.stop()


def rehearsed_project(folder: Path, claims: list[str] = RUN_CLAIMS) -> Path:
    """Copy the project with some claims, its simulations ready for orders."""
    copy_project(folder, claims)
    path = folder / "src" / "descent_audit" / "simulate.py"
    before, guard, after = path.read_text().partition('if __name__ == "__main__":\n')
    assert guard
    path.write_text(f"{before}{HOOK.lstrip()}{after}")
    return folder


def start(folder: Path, cluster: Cluster, *arguments: str, project: str = ".", **changed: str) -> subprocess.Popen:
    """Start a driver that sends its jobs to the cluster, up to the tables at smoke scale.

    ``project`` is the way from the folder in which it works to the project.
    """
    options = {**OPTIONS, **{f"--{key.replace('_', '-')}": value for key, value in changed.items()}}
    command = [sys.executable, "-m", "snakemake", "--snakefile", f"{project}/Snakefile"]
    command += ["--profile", f"{project}/workflow/profiles/slurm", "--slurm-no-account"]
    command += arguments or ["tables", "manifest", "--config", "scale=smoke"]
    command += [word for key, value in options.items() for word in (key, *value.split())]
    environment = {**clean_environment(), **cluster.environment}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    driver = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **streams)
    DRIVERS.append(driver)
    return driver


def finish(driver: subprocess.Popen, seconds: float = PATIENCE) -> str:
    """Wait until a driver ends well, and return what it printed."""
    output, _ = driver.communicate(timeout=seconds)
    assert driver.returncode == 0, output
    return output


def run(folder: Path, cluster: Cluster, *arguments: str, **changed: str) -> str:
    """Run a driver to its end and return what it printed."""
    return finish(start(folder, cluster, *arguments, **changed))


def tables(folder: Path) -> dict[str, bytes]:
    """Return every table, seal and shard of a run, by name."""
    kept = [path for kind in ("*.csv", "*.json", "*.sha256") for path in (folder / "results").rglob(kind)]
    assert kept
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def begun(folder: Path) -> list[str]:
    """Return the claims whose simulations have begun, as often as they have."""
    path = folder / "begun"
    return path.read_text().split() if path.exists() else []


def nothing_is_amiss(folder: Path, reference: Path) -> bool:
    """Say whether all results are those of a local run, none is half-written and none was computed twice at a time."""
    assert not list(folder.glob("twice_*"))
    assert not list((folder / "results").rglob("*.part"))
    found, wanted = tables(folder), tables(reference)
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    return True
