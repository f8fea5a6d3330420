"""How the benchmarks measure: commands and calls, taken in turn, and what is said of them.

What disturbs the machine disturbs all that is compared, since every round runs all of it; a ratio is that of two runs
of one round. Every row is a dictionary of plain values, as ``benchmarks/results/<platform>.json`` holds it.
"""

import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
COPIED = ("src", "workflow", "config", "reports", "benchmarks", "Snakefile", "environment.yml", "CITATION.cff")
SETTINGS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
"""One thread, as in the pipeline's jobs, for whatever they are compared with too."""
Row = dict[str, object]
Samples = dict[str, list[float]]


class Cost(NamedTuple):
    """Seconds on the clock and of all processors, and what was printed."""

    wall: float
    cpu: float
    printed: str


def platform_name() -> str:
    """Return what a file of results is called after: system, architecture, Python and cores, and no machine's name."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{platform.system().lower()}-{platform.machine()}-python{python}-{os.cpu_count()}cores"


def copied(folder: Path) -> Path:
    """Return a copy of all that a run needs, so that no measurement touches the results of the working tree."""
    ignored = shutil.ignore_patterns("__pycache__", "smoke", "full", "deep")
    for name in COPIED:
        source, target = PROJECT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=None if name == "config" else ignored)
        else:
            shutil.copy2(source, target)
    (folder / "profiles").symlink_to("workflow/profiles")
    return folder


def timed(command: Sequence[str], folder: Path) -> Cost:
    """Return the cost of a command with its children, run in a copy. Exits with what it printed where it fails.

    Python may keep what it has compiled, as it does unless someone has told it not to: the copy's modules are read by
    some eighty processes.
    """
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "", **SETTINGS}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout)


def in_turn(runs: Mapping[str, Callable[[], object]], rounds: int) -> Samples:
    """Return processor seconds of every call, one number a round; each is called once before, which does not count."""
    for run in runs.values():
        run()
    found: Samples = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            run()
            found[name].append(time.process_time() - start)
    return found


def ratio(what: str, over: str, top: Sequence[float], bottom: Sequence[float], aim: str = "") -> Row:
    """Return a row about the ratios of two samples that were taken in turn: median, lowest, highest.

    ``aim`` is "at most X" or "at least X".
    """
    found = [one / other for one, other in zip(top, bottom, strict=True)]
    return {"what": what, "over": over, **spread(found), "aim": aim, "met": meets(statistics.median(found), aim)}


def spread(found: Sequence[float]) -> Row:
    """Return median, lowest, highest and number of a sample."""
    return {"median": statistics.median(found), "low": min(found), "high": max(found), "rounds": len(found)}


def growth(what: str, against: str, found: Mapping[int, Sequence[float]], unit: str) -> Row:
    """Return a row about how a cost grows with a size: the slope of its logarithm, by least squares."""
    costs = {size: statistics.median(sample) for size, sample in found.items()}
    logs = [[math.log(value) for value in values] for values in (costs.keys(), costs.values())]
    return {
        "what": what,
        "against": against,
        "smallest": min(costs),
        "largest": max(costs),
        "first": costs[min(costs)],
        "last": costs[max(costs)],
        "unit": unit,
        "exponent": statistics.linear_regression(*logs).slope,
        "rounds": min(map(len, found.values())),
    }


def meets(value: float, aim: str) -> bool | None:
    """Say whether a value reaches its aim; ``None`` where there is none."""
    word, _, bound = aim.rpartition(" ")
    return {"at most": value <= float(bound), "at least": value >= float(bound)}[word] if aim else None


def table(rows: Sequence[Row]) -> str:
    """Return rows of the same keys as aligned text."""
    cells = [[f"{one:.3g}" if isinstance(one, float) else str(one) for one in row.values()] for row in rows]
    lines = [list(rows[0]), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
