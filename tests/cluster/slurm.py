"""A real Slurm on one machine: python tests/cluster/slurm.py start FOLDER, and stop FOLDER.

A controller, two virtual nodes of one core and munge, from Debian's packages, as root. Everything that they write is
under the folder, every port is on the loopback, and they are stopped by their pid files. To use it from a shell:
``export SLURM_CONF=FOLDER/slurm.conf PATH=FOLDER/bin:$PATH``.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "squeue", "scontrol")
NODES = ("n1", "n2")
CONFIGURATION = """\
ClusterName=audit
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge/munge.socket,cred_expire=20
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={ports[0]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
EnforcePartLimits=ALL
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc={root}/log/jobcomp.txt
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/run/slurmctld.pid
SlurmdPidFile={root}/run/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
PlugStackConfig={root}/plugstack.conf
ReturnToService=2
MinJobAge=3600
SlurmdTimeout={patience}
KillWait=2
InactiveLimit=0
OverTimeLimit=0
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] CPUs=1 RealMemory=4000
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=60 State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A cluster under a folder, running or not."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what a shell must hold for Slurm's commands to find this cluster, inside its jobs too."""
        return {"SLURM_CONF": f"{self.root}/slurm.conf", "PATH": f"{self.root}/bin:{os.environ['PATH']}"}

    def run(self, *command: str, check: bool = True) -> str:
        """Return what a command of Slurm prints."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=check, timeout=120)
        return done.stdout

    def start(self, patience: int = 120) -> None:
        """Write the configuration and start every daemon; ``patience``: seconds until a silent node counts as down."""
        for name in ("munge", "bin", "log", "run", "state", *(f"spool/{node}" for node in NODES)):
            self.root.joinpath(name).mkdir(parents=True)
        host = socket.gethostname().partition(".")[0]
        settings = CONFIGURATION.format(host=host, root=self.root, ports=free_ports(), patience=patience)
        self.root.joinpath("slurm.conf").write_text(settings)
        self.root.joinpath("plugstack.conf").touch()
        # The step inside a job forgets where the configuration is: its variables that begin with SLURM_ are removed.
        wrapper = self.root / "bin" / "srun"
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.root}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        wrapper.chmod(0o755)
        key = self.root / "munge" / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        files = {"key-file": "key", "socket": "munge.socket", "log-file": "log", "seed-file": "seed"}
        paths = [f"--{option}={self.root}/munge/{name}" for option, name in files.items()]
        self._daemon("munged", *paths, f"--pid-file={self.root}/run/munged.pid")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self.run("sinfo", "-h", "-o", "%T %D").split() == ["idle", "2"], "two idle nodes", 120)

    def start_controller(self) -> None:
        """Start the controller, and wait until it answers."""
        self._daemon("slurmctld")
        wait_until(lambda: "is UP" in self.run("scontrol", "ping", check=False), "a controller", 120)

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._daemon("slurmd", "-N", node)

    def stop_daemon(self, name: str, number: int = signal.SIGTERM) -> None:
        """Send a signal to a daemon, known by its pid file, and wait until it is gone."""
        path = self.root / "run" / f"{name}.pid"
        pid = int(path.read_text())
        if alive(pid):
            os.kill(pid, number)
            wait_until(lambda: not alive(pid), f"end of {name}", 20)
        path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Cancel every job and stop every daemon that runs; a daemon that does not end is killed."""
        with contextlib.suppress(TimeoutError, subprocess.SubprocessError):
            self.run("scancel", "--user=root", check=False)
            wait_until(lambda: not self.run("squeue", "--noheader", check=False), "empty queue", 20)
        for name in ("slurmctld", *(f"slurmd.{node}" for node in NODES), "munged"):
            if (self.root / "run" / f"{name}.pid").exists():
                try:
                    self.stop_daemon(name)
                except TimeoutError:
                    self.stop_daemon(name, signal.SIGKILL)

    def finished_jobs(self) -> list[dict[str, str]]:
        """Return the lines of Slurm's own log of jobs that have ended: their name, state, node, times and so on."""
        path = self.root / "log" / "jobcomp.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [dict(field.split("=", 1) for field in line.split() if "=" in field) for line in lines]

    def _daemon(self, *command: str) -> None:
        environment = {**os.environ, **self.environment}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=30)


def missing_programs() -> list[str]:
    """Return the programs of Slurm and munge that are not installed here."""
    return [name for name in PROGRAMS if not shutil.which(name)]


def alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_ports() -> list[int]:
    """Return three neighbouring ports of the loopback on which nothing listens."""
    while True:
        first = 20000 + secrets.randbelow(20000)
        sockets = [socket.socket() for _ in range(3)]
        try:
            for offset, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return [first, first + 1, first + 2]
        finally:
            for one in sockets:
                one.close()


def wait_until(condition: Callable[[], object], what: str, seconds: float) -> None:
    """Return once the condition holds. Raises ``TimeoutError`` after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(0.1)


def main() -> None:
    """Start or stop the cluster of the command line."""
    actions = {"start": Cluster.start, "stop": Cluster.stop}
    if len(sys.argv) != 3 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    if missing := missing_programs():
        sys.exit(f"{', '.join(missing)}: not found; apt-get install slurmctld slurmd slurm-client munge")
    actions[sys.argv[1]](Cluster(Path(sys.argv[2]).resolve()))


if __name__ == "__main__":
    main()
