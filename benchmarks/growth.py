"""How costs grow: python benchmarks/growth.py [--rounds 5].

Each cost over at least two decades of what it should be proportional to, and the slope of its logarithm; of memory the
slope is to be 0. Processor seconds, except where another unit is named.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scaling import planned, sampled
from timing import Row, Samples, copied, growth, in_turn, table, timed

from descent_audit.claims.catalogue import claim_names
from descent_audit.dynamics.trajectories import final

BLOCKS = """
import sys, time
from descent_audit.dynamics.langevin import walk
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.tallies import merged, tally
import numpy as np
loss, block, steps = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0)), 4096, 100
def drawn(index):
    x = np.full(block, loss.minima[0])
    for _ in walk(loss, np.random.Generator(np.random.SFC64([1, index])), x, np.full(steps, 0.005), 0.06):
        pass
    return tally(block, {"flat": np.count_nonzero(x > 0)})
start = time.process_time()
merged(drawn(index) for index in range(int(sys.argv[1]) // block))
seconds = time.process_time() - start
print(seconds, next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
REPLICATES = tuple(4096 * 4**power for power in range(1, 6))
STEPS = tuple(10**power for power in range(2, 6))
DIMENSIONS = (16, 64, 256, 1024, 2048)
JOBS = (100, 1000, 10000)


def by_replicates(rounds: int, folder: Path) -> list[Row]:
    """Return how processor seconds and memory of a process grow with its walkers, drawn block by block."""
    seconds: dict[int, list[float]] = {count: [] for count in REPLICATES}
    memory: dict[int, list[float]] = {count: [] for count in REPLICATES}
    for _ in range(rounds):
        for count in REPLICATES:
            printed = timed([sys.executable, "-c", BLOCKS, str(count)], folder).printed.split()
            for sample, found in zip((seconds, memory), map(float, printed), strict=True):
                sample[count].append(found)
    return [growth("walkers", "replicates", seconds, "s"), growth("walkers, memory", "replicates", memory, "MB")]


def by_steps(rounds: int) -> Row:
    """Return how gradient descent grows with its steps, at a rate at which no point becomes subnormal."""
    curvatures, start = np.linspace(0.1, 1.0, 64), np.ones((64, 64))
    return _in_process(
        "gradient descent",
        "steps",
        STEPS,
        lambda steps: lambda: final(lambda x: curvatures * x, start, 1e-3, steps),
        rounds,
    )


def by_dimension(rounds: int, replicas: int = 16, steps: int = 20) -> Row:
    """Return how gradient descent on a full quadratic grows with its dimension: a product with its matrix a step."""

    def descent(dimension: int) -> Callable[[], object]:
        matrix = np.random.default_rng(0).standard_normal((dimension, dimension)) / dimension
        hessian, start = matrix @ matrix.T, np.ones((replicas, dimension))
        return lambda: final(lambda x: x @ hessian, start, 0.1, steps)

    return _in_process("gradient descent, full Hessian", "dimension", DIMENSIONS, descent, rounds)


def by_claims(rounds: int, folder: Path) -> Row:
    """Return how planning a run grows with its claims, all of which exist: from one to all of them."""
    names = claim_names()
    found: dict[int, list[float]] = {count: [] for count in (1, 4, 16, len(names))}
    for _ in range(rounds):
        for count, sample in found.items():
            sample.append(_planning([f"claims={','.join(names[:count])}", "scale=smoke"], folder))
    return growth("planning", "claims", found, "s")


def by_shards(rounds: int, folder: Path) -> Row:
    """Return how planning a run grows with its shards; the longest plan is made once."""
    widest = list(sampled())[:4]
    found: dict[int, list[float]] = {count: [] for count in JOBS}
    for _ in range(rounds):
        for count, sample in found.items():
            if count < JOBS[-1] or not sample:
                sample.append(planned(count, widest, folder).cpu)
    return growth("planning", "shards", found, "s")


def measure(rounds: int = 5) -> list[Row]:
    """Return every cost that grows, with its exponent."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = copied(Path(temporary) / "growth")
        return [
            *by_replicates(rounds, folder),
            by_steps(rounds),
            by_dimension(rounds),
            by_claims(rounds, folder),
            by_shards(rounds, folder),
        ]


def _in_process(
    what: str, against: str, sizes: Sequence[int], build: Callable[[int], Callable[[], object]], rounds: int
) -> Row:
    found: Samples = in_turn({str(size): build(size) for size in sizes}, rounds)
    return growth(what, against, {int(size): sample for size, sample in found.items()}, "s")


def _planning(options: Sequence[str], folder: Path) -> float:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "tables", "manifest", "--dry-run", "--quiet", "all"]
    return timed([*command, "--config", *options], folder).cpu


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    print(table(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
