"""The state of every claim at any time, while a run works too: python -m descent_audit.workflow.status scale=smoke

Done, at work (sent or running), stale (made from something older) or missing, as Snakemake itself sees it. Nothing is
run, written or locked.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from descent_audit.claims.catalogue import ROOT
from descent_audit.stages.programs import check_checkout
from descent_audit.workflow.lock import started

DONE, WORKING, STALE, MISSING = "done", "at work", "stale", "missing"
INCOMPLETE = Path(".snakemake/incomplete")
"""Where Snakemake marks the files of jobs that have begun and not ended."""
RECORDS = "made"
"""Folder of the records of what files are made of; a job's record comes after its tables."""
SHARD, SIMULATE = "shard", "simulate_"
"""The rule that draws shards, and how the name of the rule begins that simulates a claim."""


@dataclass(frozen=True)
class Progress:
    """Jobs by state, and what the run that works has done since it began; ``started`` is ``None`` where none works."""

    jobs: Mapping[str, int]
    finished: int = 0
    started: float | None = None

    def line(self, now: float) -> str:
        """Return done, at work and left in one line, with an estimate where there is a pace to go by."""
        left = self.jobs.get(STALE, 0) + self.jobs.get(MISSING, 0)
        text = f"{self.jobs.get(DONE, 0)} jobs done, {self.jobs.get(WORKING, 0)} at work, {left} left"
        if self.started is None:
            return f"{text}; no run works here"
        if not self.finished:
            return f"{text}; a run works here"
        seconds = (now - self.started) / self.finished * (left + self.jobs.get(WORKING, 0))
        return f"{text}; about {duration(seconds)} more at the pace of this run"


def duration(seconds: float) -> str:
    """Return a time as a reader says it."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def summary(options: Sequence[str]) -> list[dict[str, str]]:
    """Return a row per file of the run, as ``snakemake --summary`` prints it; it exits as Snakemake does."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", os.path.relpath(ROOT / "Snakefile")]
    command += ["--executor", "local", "--quiet", "all", "--summary"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))


def state(row: Mapping[str, str], *, working: bool) -> str:
    """Return the state of one file; ``working``: a run is at work, so that a job that has begun goes on."""
    if row["plan"] == "no update":
        return DONE
    if working and _marker(row["output_file"]).exists():
        return WORKING
    return MISSING if row["status"] == "missing" else STALE


def job_of(row: Mapping[str, str]) -> tuple[str, str]:
    """Return rule and name of the job that makes a file: of a shard claim and number, else of the rule alone."""
    path = Path(row["output_file"])
    return row["rule"], f"{path.parents[1].name}/{path.stem}" if row["rule"] == SHARD else ""


def states(rows: Iterable[Mapping[str, str]], *, working: bool) -> dict[tuple[str, str], str]:
    """Return the state of every job: done where all of its files are.

    Where nothing but the record of what they are made of is missing, they were made of something else: stale.
    """
    found: dict[tuple[str, str], str] = {}
    for row in rows:
        one = state(row, working=working)
        if one == MISSING and RECORDS in Path(row["output_file"]).parts:
            one = STALE if found.get(job_of(row), MISSING) != MISSING else MISSING
        found[job_of(row)] = max(one, found.get(job_of(row), DONE), key=(DONE, STALE, MISSING, WORKING).index)
    return found


def claims(jobs: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Return the state of every claim, sorted; one whose shards are being drawn is at work."""
    found = {rule.removeprefix(SIMULATE): one for (rule, _), one in jobs.items() if rule.startswith(SIMULATE)}
    drawn = {name.partition("/")[0]: one for (rule, name), one in jobs.items() if rule == SHARD and one == WORKING}
    return dict(sorted({**found, **drawn}.items()))


def progress(rows: Iterable[Mapping[str, str]], jobs: Mapping[tuple[str, str], str], started: float | None) -> Progress:
    """Return how far the shards and simulations are, and how many of their jobs ended since the run began."""
    counts = Counter(one for (rule, _), one in jobs.items() if _is_work(rule))
    if started is None:
        return Progress(counts)
    ended = {job_of(row) for row in rows if _is_work(row["rule"]) and _modified(row["output_file"]) >= started}
    return Progress(counts, sum(jobs[one] == DONE for one in ended), started)


def report(rows: Sequence[Mapping[str, str]], started: float | None, now: float) -> str:
    """Return a line per claim, then three on the whole."""
    jobs = states(rows, working=started is not None)
    found = claims(jobs)
    counted = ", ".join(f"{count} {one}" for one, count in sorted(Counter(found.values()).items()))
    rest = sum(one != DONE for (rule, _), one in jobs.items() if not _is_work(rule))
    ending = f"{rest} stages to run" if rest else "tables, figures and report are up to date"
    lines = [f"{one:<8} {name}" for name, one in found.items()]
    whole = progress(rows, jobs, started).line(now)
    return "\n".join([*lines, "", f"Claims: {counted}.", f"Simulations: {whole}.", f"After them: {ending}."])


def _is_work(rule: str) -> bool:
    """Say whether a claim's observations come from a rule."""
    return rule == SHARD or rule.startswith(SIMULATE)


def _marker(name: str) -> Path:
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[at : at + 254] for at in range(0, len(code), 254)]
    return INCOMPLETE.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


def _modified(name: str) -> float:
    try:
        return Path(name).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the state of every claim of the folder."""
    check_checkout()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", nargs="*", metavar="KEY=VALUE", help="what the run was given after --config")
    config = parser.parse_args(arguments).config
    since = started()
    print(report(summary(["--config", *config] if config else []), since, time.time()))


if __name__ == "__main__":
    main()
