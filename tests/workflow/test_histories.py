"""Whatever is done to a folder, in whatever order: no table and no trace that disagrees with a fresh run.

A few short histories here; more and longer ones: HISTORIES=30 make histories.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from conftest import QUADRATIC, claim_path, clean_environment, copy_project, snakemake
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

CLAIMS = [QUADRATIC, "loss_half_factor"]
COUNT = int(os.environ.get("HISTORIES") or 0)
VALUES = {"condition_number": ("100.0", "90.0"), "tolerance": ("5.0e-5", "6.0e-5"), "seed": ("20260101", "7")}
MODULE = "src/descent_audit/experiments/gradient_descent/divergence.py"
BROKEN = "def divergence_threshold(*arguments, **settings):\n    raise RuntimeError('bug')\n"
RESULTS = Path("results/smoke")
ID = f"{QUADRATIC}/claim/growth_factor"


def place(project, key):
    """Return the file that a setting stands in, and its text up to the value."""
    if key == "seed":
        return project / "config" / "config.yaml", "seed: "
    return claim_path(QUADRATIC, project), {"condition_number": "condition_number: ", "tolerance": "absolute: "}[key]


def put(project, key, old, new):
    path, before = place(project, key)
    text = path.read_text()
    assert f"{before}{old}" in text
    path.write_text(text.replace(f"{before}{old}", f"{before}{new}", 1))


def tables(project):
    return {path.relative_to(project): path.read_bytes() for path in sorted((project / RESULTS).rglob("*.csv"))}


@cache
def base():
    """Return a copy of the project in which the tables were made once."""
    folder = copy_project(Path(tempfile.mkdtemp()) / "project", CLAIMS)
    snakemake(folder, "manifest")
    return folder


@cache
def fresh(configuration):
    """Return the tables of a fresh run of a configuration, given as pairs of setting and value."""
    folder = copy_project(Path(tempfile.mkdtemp()) / "project", CLAIMS)
    for key, value in configuration:
        put(folder, key, VALUES[key][0], value)
    snakemake(folder, "manifest")
    return tables(folder)


def traced(project):
    """Return what the trace of a claim's figure says, or none where it refuses."""
    command = [sys.executable, "-m", "descent_audit.trace", "--scale", "smoke", f"{QUADRATIC}"]
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or done.stderr.count("\n") == 1
    return done.stdout if done.returncode == 0 else None


class Folder(RuleBasedStateMachine):
    """A folder in which a person works."""

    @initialize()
    def begin(self):
        """Begin with a finished run."""
        self.project = Path(shutil.copytree(base(), Path(tempfile.mkdtemp()) / "project", symlinks=True))
        self.values = {key: values[0] for key, values in VALUES.items()}
        self.broken = None

    @rule(key=st.sampled_from(sorted(VALUES)))
    def edit(self, key):
        """Change a parameter, a tolerance or the seed, or change it back."""
        one, other = VALUES[key]
        new = other if self.values[key] == one else one
        put(self.project, key, self.values[key], new)
        self.values[key] = new

    @precondition(lambda self: self.broken is None)
    @rule()
    def break_code(self):
        """Make an experiment raise."""
        path = self.project / MODULE
        self.broken = path.read_text()
        path.write_text(f"{self.broken}\n\n{BROKEN}")

    @precondition(lambda self: self.broken is not None)
    @rule()
    def mend_code(self):
        """Take the mistake back."""
        (self.project / MODULE).write_text(self.broken)
        self.broken = None

    @rule()
    def forget(self):
        """Delete Snakemake's memory, as people do about locks."""
        shutil.rmtree(self.project / ".snakemake", ignore_errors=True)

    @rule(name=st.sampled_from(["config/config.yaml", MODULE, f"{RESULTS}/checks.csv"]))
    def touch(self, name):
        """Give a file a time in the future."""
        if (self.project / name).exists():
            os.utime(self.project / name, (2e9, 2e9))

    @rule(
        name=st.sampled_from([f"observations/{QUADRATIC}.csv", f"curves/{QUADRATIC}.csv", "checks.csv", "verdicts.csv"])
    )
    def remove(self, name):
        """Remove a table."""
        (self.project / RESULTS / name).unlink(missing_ok=True)

    @rule(target_name=st.sampled_from(["tables", "judge", "manifest"]))
    def run(self, target_name):
        """Run a target, which fails where the code is broken and what it makes is not there."""
        done = snakemake(self.project, target_name, check=False)
        assert done.returncode == 0 or self.broken is not None, done.stderr
        if done.returncode == 0:
            expected = fresh(tuple(self.values.items()))
            made = ["checks.csv"] if target_name == "judge" else ["checks.csv", "verdicts.csv", "statements.csv"]
            for name in (*made, f"observations/{QUADRATIC}.csv", f"curves/{QUADRATIC}.csv"):
                assert (self.project / RESULTS / name).read_bytes() == expected[RESULTS / name], name

    @rule(seconds=st.floats(1.0, 6.0))
    def kill(self, seconds):
        """Begin a run and kill all of it."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "manifest", "--config", "scale=smoke"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run = subprocess.Popen(command, cwd=self.project, env=clean_environment(), start_new_session=True, **quiet)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()

    @rule()
    def trace(self):
        """Ask where the numbers of a claim come from: the parameters that are configured now, or a refusal."""
        said = traced(self.project)
        if said is not None:
            assert self.broken is None
            assert re.search(rf"^  condition_number +{self.values['condition_number']}$", said, re.MULTILINE)
            assert re.search(rf"^seed +{self.values['seed']},", said, re.MULTILINE)
            expected = fresh(tuple(self.values.items()))
            table = RESULTS / "observations" / f"{QUADRATIC}.csv"
            assert (self.project / table).read_bytes() == expected[table]

    def teardown(self):
        """End with a run, in the tables of a fresh one."""
        if not hasattr(self, "project"):
            return
        if self.broken is not None:
            self.mend_code()
        snakemake(self.project, "manifest")
        assert tables(self.project) == fresh(tuple(self.values.items()))
        shutil.rmtree(self.project.parent)


TestHistories = Folder.TestCase
TestHistories.settings = settings(
    max_examples=COUNT or 2,
    stateful_step_count=12 if COUNT else 6,
    derandomize=not COUNT,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a history takes longer than to read it
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
