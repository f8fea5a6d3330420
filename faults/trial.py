"""What a claim says of a copy of the package, sound or with a fault in it: every trial is a fork of its own.

The libraries are imported before the fork, the package anew after it, from the copy. A faulty text takes the place of
its module in that process alone and is written nowhere.
"""

import hashlib
import importlib
import importlib.util
import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from descent_audit import judge
from descent_audit.claims.catalogue import load_text
from descent_audit.claims.claims import Claim
from descent_audit.claims.texts import Statement
from descent_audit.results import PLACE, Observed, csv_text, observed, parsed
from descent_audit.stages import observe
from faults.mutations import Mutation

for library in ("scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats"):
    importlib.import_module(library)
FORK = multiprocessing.get_context("fork")
PACKAGE = "descent_audit"
SCALE = "smoke"
LEAST_SECONDS, SLOWER = 5.0, 10.0
"""A claim may take so many seconds of processor time, or so many times its own, before a fault counts as noticed."""
MEMORY = 4 << 30
DECIDING = (f"{PACKAGE}.judge", f"{PACKAGE}.stages.sentences")
NUMBERS = ["value", "predicted", "standard_error", "replicates"]
JUDGING = (
    "judge.py", "stages/sentences.py", "measurement/intervals.py", "measurement/null_laws.py",
    "measurement/statistics.py", "theory/beta_law.py",
)  # fmt: skip
"""Modules whose faults are also tried on bent observations, which a sound judge tells from the true ones."""


@dataclass(frozen=True)
class Found:
    """What a claim says: its table of observations, the digest of its curves, and its verdict."""

    observations: str
    curves: str
    verdict: str


@dataclass(frozen=True)
class Sound:
    """What a claim says without a fault, in how much processor time, and the lines that its simulation runs, by file.

    ``ledger`` holds the verdict on the true table and on bent ones, each with a digest of what else the judge writes.
    """

    found: Found
    seconds: float
    lines: dict[str, frozenset[int]]
    ledger: tuple[tuple[str, str], ...]

    def runs(self, fault: Mutation) -> bool:
        """Say whether the simulation passes a line of a fault."""
        first, last = fault.lines
        return not self.lines.get(fault.file, frozenset()).isdisjoint(range(first, last + 1))

    def reaches(self, fault: Mutation) -> bool:
        """Say whether the claim can notice a fault at all."""
        return fault.file in JUDGING or self.runs(fault)


def in_fork(work: Callable[..., Any], *arguments: object) -> Any:
    """Return what ``work`` returns in a process of its own, or ``None`` where that process was ended before."""
    receiving, sending = FORK.Pipe(duplex=False)
    child = FORK.Process(target=_answer, args=(sending, work, arguments))
    child.start()
    sending.close()
    try:
        return receiving.recv()
    except EOFError:
        return None
    finally:
        child.join()


def _answer(sending: Connection, work: Callable[..., Any], arguments: Sequence[object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(silence, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sending.send(work(*arguments))


def sound(copy: Path, claim: Claim, seed: int) -> Sound:
    """Return what a claim says of the sound copy."""
    start = time.process_time()
    _open(copy)
    said = _run(claim, seed)
    seconds = time.process_time() - start
    ledger = tuple(_ledger(claim, rows) for rows in _tables(claim, said.observations))
    lines = _traced(copy, claim, seed)
    return Sound(said, seconds, lines, ledger)


def noticed(copy: Path, claim: Claim, seed: int, fault: Mutation, text: str, known: Sound) -> tuple[str, float]:
    """Return how a claim notices a fault (empty where it does not), and by how much its numbers change.

    The change is the largest relative one, 0 where only curves changed, and -1 where nothing did.
    """
    _end_after(max(LEAST_SECONDS, SLOWER * known.seconds))
    tables = _tables(claim, known.found.observations) if fault.file in JUDGING else []
    before = known.found.verdict
    try:
        _open(copy, fault.file, text)
        for rows, entry in zip(tables, known.ledger, strict=False):
            said = _ledger(claim, rows)
            if said != entry:
                return f"{entry[0]} -> {said[0]}" if said[0] != entry[0] else "another line of the ledger", -1.0
        if not known.runs(fault):
            return "", -1.0
        run = _run(claim, seed)
    except Exception as error:
        return f"{before} -> {type(error).__name__}", -1.0
    if run.verdict != before:
        return f"{before} -> {run.verdict}", -1.0
    return "", -1.0 if run == known.found else largest_change(known.found.observations, run.observations)


def _end_after(seconds: float) -> None:
    """End this process by a signal after so much processor time: the load of the machine does not matter."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _open(copy: Path, file: str = "", text: str = "") -> None:
    """Import the package anew from the copy, one file of it from another text."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(copy))
    if file:
        name = ".".join([PACKAGE, *Path(file).with_suffix("").parts])
        spec = importlib.util.spec_from_file_location(name, copy / PACKAGE / file)
        assert spec is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        exec(compile(text, str(spec.origin), "exec"), module.__dict__)


def _simulated(claim: Claim, seed: int) -> tuple[str, str]:
    """Return the tables of observations and of curves, by the package that is imported at present."""
    run = importlib.import_module(observe.__name__)
    reports = run.simulate(claim.name, claim.arms(SCALE), seed)
    tables = run.observations_table(claim.name, reports), run.curves_table(claim.name, reports)
    return csv_text(tables[0]), csv_text(tables[1])


def _run(claim: Claim, seed: int) -> Found:
    observations, curves = _simulated(claim, seed)
    verdict = _ledger(claim, _rows(observations))[0]
    return Found(observations, _digest(curves), verdict)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(table: str) -> list[Observed]:
    return observed(parsed(table, "observations", "observations"))


@cache
def _statements() -> dict[str, Statement]:
    """Return the sentences of the text, read once: a faulty judge is given the very same."""
    return load_text().by_id()


def _ledger(claim: Claim, rows: Sequence[Observed]) -> tuple[str, str]:
    """Return the verdict on a table, and a digest of all that the judge that is imported at present writes of it."""
    decide, sentences = map(importlib.import_module, DECIDING)
    try:
        checks, judgement = decide.judge_claim(claim, SCALE, rows)
        judged = {claim.name: (judgement.verdict, judgement.shown)}
        statements = _statements()
        rulings = [
            sentences.rule(statements[name], {claim.name: claim}, known)
            for name in claim.audits
            for known in (judged, {})
        ]
    except Exception as error:
        return type(error).__name__, ""
    return judgement.verdict, _digest(repr((checks, judgement, rulings)))


def _tables(claim: Claim, table: str) -> list[list[Observed]]:
    """Return the true table and bent ones: what is absent, doubled, not finite, far off, and at or beside a bound."""
    rows = _rows(table)
    expectations, checks = claim.expectations(SCALE), judge.judge_claim(claim, SCALE, rows)[0]
    bent = [rows, [*rows, rows[0]]]
    for arm, kind in claim.kinds.items():
        others = [row for row in rows if row.arm != arm]
        bent.append(others)
        if kind == "control":
            bent.append([*others, *(row._replace(arm=arm) for row in rows if row.arm == "claim")])
        for quantity in dict.fromkeys(rule["quantity"] for group in expectations[arm].values() for rule in group):
            places = [place for place, row in enumerate(rows) if (row.arm, row.quantity) == (arm, quantity)]
            for place in places[:1] + places[-1:]:
                own = [one for one in checks if (one.arm, one.quantity, one.at) == (arm, quantity, rows[place].at)]
                cells: list[dict[str, Any]] = [{"value": value} for value in _bent_values(rows[place].value, own)]
                cells += [{"predicted": math.nan}, {"standard_error": math.inf}, {"standard_error": 1.0}]
                bent += [[*rows[:place], rows[place]._replace(**cell), *rows[place + 1 :]] for cell in cells]
    return bent


def _bent_values(value: float, checks: Sequence[Any]) -> Iterator[float]:
    yield from (math.nan, math.inf, -math.inf)
    yield from (value + sign * 10 * (1 + abs(value)) for sign in (-1, 1))
    for check in (one for one in checks if one.finite):
        half = 0.5 * (check.upper - check.lower)
        exact = {check.tolerance, check.predicted - check.tolerance, check.predicted + check.tolerance}
        edges = sorted(edge + shift for edge in exact if math.isfinite(edge) for shift in {-half, 0.0, half})
        yield from (edge * (1 + shift) for edge in edges for shift in (-1e-3, 0.0, 1e-3))


def largest_change(old: str, new: str) -> float:
    """Return the largest relative change of a number between two tables of observations; 2 where rows differ."""
    before, after = (parsed(text, "observations", "observations") for text in (old, new))
    if not before[list(PLACE)].equals(after[list(PLACE)]):
        return 2.0
    one, two = (table[NUMBERS].astype("float64") for table in (before, after))
    changes = 2 * (one - two).abs() / (one.abs() + two.abs())
    same = one.eq(two) | (one.isna() & two.isna())
    return float(changes.fillna(2.0).mask(same, 0.0).max(axis=None))


def _traced(copy: Path, claim: Claim, seed: int) -> dict[str, frozenset[int]]:
    """Return the lines of the copy that run while it is imported and simulates a claim, by file."""
    root = str(copy / PACKAGE) + os.sep
    lines: dict[str, set[int]] = {}

    def enter(frame: Any, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(root):
            return None
        own = lines.setdefault(frame.f_code.co_filename.removeprefix(root), set())
        own.add(frame.f_lineno)

        def step(frame: Any, event: str, _: object) -> Any:
            own.add(frame.f_lineno)
            return step

        return step

    sys.settrace(enter)
    try:
        _open(copy)
        _simulated(claim, seed)
    finally:
        sys.settrace(None)
    return {file: frozenset(own) for file, own in lines.items()}
