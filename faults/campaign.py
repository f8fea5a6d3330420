"""A campaign: which faults are tried, on which claims, on how many cores, and what a killed run resumes from."""

import compileall
import hashlib
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from descent_audit.claims.catalogue import load_claims
from descent_audit.claims.claims import Claim
from descent_audit.claims.sources import SOURCE, code_digest, import_closure
from descent_audit.records.storage import json_text, read_json, write_bytes, write_text
from faults.mutations import Mutation, generated
from faults.trial import FORK, PACKAGE, SCALE, Sound, in_fork, noticed, sound

WRITTEN = Path(__file__).with_name("written.yaml")
TRIAL = Path(__file__).with_name("trial.py")
COMPUTING = (
    "judge.py", "stages/sentences.py", "stages/shards.py",
    "dynamics/*.py", "experiments/**/*.py", "landscapes/*.py", "measurement/*.py",
    "networks/*.py", "numerics/*.py", "optimizers/*.py", "theory/*.py",
)  # fmt: skip
"""Modules that compute numbers or decide on them: faults are generated in these."""
SILENT = ("measurement/observations.py", "measurement/parameters.py")
"""Modules among them that carry numbers and compute none."""
ROUNDING = 1e-9
"""Largest relative change of a number that counts as another rounding."""


@dataclass(frozen=True)
class Outcome:
    """What came of one fault: the claims that ran it, who noticed it and how, and the largest change of a number.

    ``changed`` is -1 where nothing changed and 0 where only curves did.
    """

    fault: Mutation
    tried: tuple[str, ...]
    noticed: dict[str, str]
    changed: float

    @property
    def kind(self) -> str:
        """Return one word or two for the outcome."""
        if self.noticed or not self.tried:
            return "noticed" if self.noticed else "not run"
        return {-1.0: "no change", 0.0: "curves"}.get(
            self.changed, "rounding" if self.changed <= ROUNDING else "within tolerance"
        )


def generated_faults(patterns: Sequence[str] = COMPUTING, source: Path = SOURCE) -> list[Mutation]:
    """Return the generated faults of the modules that match and that compute, in order."""
    files = dict.fromkeys(path for pattern in patterns for path in sorted(source.glob(pattern)))
    return [
        fault
        for path in files
        if path.relative_to(source).as_posix() not in SILENT
        for fault in generated(path.relative_to(source).as_posix(), path.read_text(encoding="utf-8"))
    ]


def written_faults(list_file: Path = WRITTEN, source: Path = SOURCE) -> list[Mutation]:
    """Return the faults of the list. Raises ``ValueError`` where an old text is not in its file exactly once."""
    return [_written(entry, source) for entry in yaml.safe_load(list_file.read_text(encoding="utf-8"))]


def _written(entry: Mapping[str, str], source: Path) -> Mutation:
    text = (source / entry["file"]).read_text(encoding="utf-8")
    if text.count(entry["old"]) != 1:
        raise ValueError(f"{entry['name']}: found {text.count(entry['old'])} times in {entry['file']}, allowed: once")
    before, _, _ = text.partition(entry["old"])
    first = before.count("\n") + 1
    lines = first, first + entry["old"].rstrip("\n").count("\n")
    return Mutation(entry["name"], entry["file"], len(before.encode()), entry["old"], entry["new"], lines, entry["why"])


def sample(faults: Iterable[Mutation], size: int) -> list[Mutation]:
    """Return a part of the faults that the digests of their names decide: the same one in every run."""
    return sorted(faults, key=lambda fault: _digest(fault.name))[:size]


@dataclass(frozen=True)
class Subject:
    """A claim, the files that its run passes through, and a digest of all that its answers depend on."""

    claim: Claim
    files: frozenset[Path]
    key: str


def subject(claim: Claim, seed: int) -> Subject:
    """Return a claim with its own files, those of the simulation and of the judge, and their digest."""
    files = {*claim.modules(), *import_closure([f"{PACKAGE}.judge", f"{PACKAGE}.stages.observe"])}
    slices = claim.simulation_slice(SCALE), claim.judgement_slice(SCALE)
    key = _digest(sys.version, TRIAL.read_text(encoding="utf-8"), seed, claim.name, slices, code_digest(files))
    return Subject(claim, frozenset(files), f"{claim.name}-{key[:16]}")


@dataclass(frozen=True)
class Workshop:
    """A copy of the package in which faults are tried, and a folder that keeps what each claim said of each."""

    copy: Path
    store: Path
    subjects: Mapping[str, Subject]
    seed: int
    workers: int

    def sound(self, claim: str) -> Sound:
        """Return what a claim says without a fault. Raises ``RuntimeError`` where it does not say it twice."""
        path = self.store / "sound" / f"{self.subjects[claim].key}.pickle"
        if not path.is_file():
            asked = self.subjects[claim].claim
            known = in_fork(sound, self.copy, asked, self.seed)
            nothing = Mutation("no fault", "judge.py", 0, "", "", (0, 0))
            text = (self.copy / PACKAGE / "judge.py").read_text(encoding="utf-8")
            again = known and in_fork(noticed, self.copy, asked, self.seed, nothing, text, known)
            if again != ("", -1.0):
                raise RuntimeError(f"{claim}: found {again} without any fault, allowed: no change")
            write_bytes(path, pickle.dumps(known))
        return _load(path)

    def attempt(self, fault: Mutation, claims: Sequence[str], every: bool) -> Outcome:
        """Try a fault on claims that reach it until one notices it, or on every one; what is known is not run again."""
        text = fault.apply((self.copy / PACKAGE / fault.file).read_text(encoding="utf-8"))
        path = self.store / "answers" / f"{_digest(fault.file, text)[:24]}.json"
        answers = read_json(path) if path.is_file() else {}
        tried, found, changed = [], {}, -1.0
        for name in (name for name in claims if self.sound(name).reaches(fault)):
            asked = self.subjects[name]
            if asked.key not in answers:
                answer = in_fork(noticed, self.copy, asked.claim, self.seed, fault, text, self.sound(name))
                answers[asked.key] = answer or ("time-out", -1.0)
                write_text(path, json_text(answers))
            how, change = answers[asked.key]
            tried.append(name)
            changed = max(changed, change)
            if how:
                found[name] = how
                if not every:
                    break
        return Outcome(fault, tuple(tried), found, changed)

    def pool(self) -> ProcessPoolExecutor:
        """Return the processes that wait for the forks in which claims run."""
        return ProcessPoolExecutor(self.workers, mp_context=FORK, initializer=_follow, initargs=(os.getpid(),))

    def run(self, faults: Sequence[Mutation], first: Mapping[str, Sequence[str]], *, every: bool) -> list[Outcome]:
        """Return the outcomes of faults, on all cores: those of ``first`` on its claims first, then by their cost."""
        outcomes = {}
        with self.pool() as pool:
            jobs = {pool.submit(self._ordered, fault, first.get(fault.name, ()), every): fault.name for fault in faults}
            try:
                for job in _shown(as_completed(jobs), len(jobs)):
                    outcomes[jobs[job]] = job.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [outcomes[fault.name] for fault in faults]

    def _ordered(self, fault: Mutation, first: Sequence[str], every: bool) -> Outcome:
        early = [name for name in first if name in self.subjects]
        if early and not every:
            outcome = self.attempt(fault, early, every)
            if outcome.noticed:
                return outcome
        importing = [name for name, one in self.subjects.items() if SOURCE / fault.file in one.files]
        return self.attempt(fault, sorted(importing, key=lambda name: self.sound(name).seconds), every)

    def measure(self) -> None:
        """Run every claim without a fault, on all cores."""
        with self.pool() as pool:
            list(pool.map(self.sound, self.subjects))


@contextmanager
def workshop(
    store: Path, names: Sequence[str] | None = None, *, workers: int = 2, seed: int = 20260101
) -> Iterator[Workshop]:
    """Copy the package to a temporary folder and open a workshop on it; the package itself is never written."""
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        shutil.copytree(SOURCE, Path(folder) / PACKAGE)
        compileall.compile_dir(folder, quiet=1)
        subjects = {name: subject(claim, seed) for name, claim in load_claims(names).items()}
        yield Workshop(Path(folder), store, subjects, seed, workers)


@cache
def _load(path: Path) -> Sound:
    known: Sound = pickle.loads(path.read_bytes())
    return known


def _follow(parent: int) -> None:
    """End this process soon after its parent, however that ended."""
    signal.signal(signal.SIGALRM, lambda *_: None if os.getppid() == parent else os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, 5.0, 5.0)


def _shown(jobs: Iterable[Any], total: int) -> Iterator[Any]:
    """Yield jobs as they end, and write how far the campaign is every five seconds."""
    begun = shown = time.monotonic()
    survived = 0
    for done, job in enumerate(jobs, 1):
        yield job
        survived += not job.result().noticed
        now = time.monotonic()
        if now - shown > 5 or done == total:
            shown = now
            left = (now - begun) / done * (total - done) / 60
            print(f"{done} of {total} faults, {survived} unnoticed, about {left:.0f} minutes left", file=sys.stderr)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
