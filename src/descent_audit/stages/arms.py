"""From an arm of a claim file to what its experiment reports, whole or in shards."""

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from threadpoolctl import threadpool_limits

from descent_audit.claims.claims import Arm
from descent_audit.claims.sources import experiment as checked
from descent_audit.claims.sources import is_sampled, takes_streams
from descent_audit.claims.validation import fault
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.tallies import Tally

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
Reports = Sequence[tuple[Arm, Observations]]
Tallies = Mapping[str, Mapping[str, Tally]]
"""Tallies by arm and cell."""


@dataclass(frozen=True)
class Block:
    """One block of one cell of one arm: the smallest piece of work of a sampled claim."""

    arm: Arm
    cell: Cell
    index: int
    streams: Streams

    def tally(self) -> Tally:
        """Draw the block."""
        with _one_line_faults(self.arm):
            return self.cell.block(self.streams, self.index)


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """Let the libraries of linear algebra use so many threads: their number decides the last digits of a product.

    Those that are loaded are told; those that an experiment loads later read it from the environment. Afterwards both
    are what they were.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(count)))
    try:
        with threadpool_limits(limits=count):
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def simulate(claim: str, arms: Sequence[Arm], seed: int, *, threads: int = 1) -> Reports:
    """Return the report of every arm, each with streams of its own."""
    with blas_threads(threads):
        return [(arm, run_arm(arm, Streams(seed, claim, arm.name))) for arm in arms]


def run_arm(arm: Arm, streams: Streams) -> Observations:
    """Return what the arm's experiment reports; the module is imported only after its name was validated.

    Raises ``ConfigurationError`` where the parameters, each in its range, do not fit together; it says where.
    """
    prepared = prepare(arm, streams)
    with _one_line_faults(arm):
        return prepared.whole(streams) if isinstance(prepared, Sampling) else prepared


def prepare(arm: Arm, streams: Streams) -> Observations | Sampling:
    """Return the report of a deterministic arm, or what a sampled one draws. Raises as ``run_arm`` does."""
    checked(arm.target, arm.file)
    settings = {"_target_": arm.target, **arm.parameters}
    experiment = instantiate(settings, _partial_=True, _recursive_=False, _convert_="all")
    with _one_line_faults(arm):
        prepared: Observations | Sampling = experiment(**({"streams": streams} if takes_streams(arm.target) else {}))
        return prepared


def all_blocks(claim: str, arms: Sequence[Arm], seed: int) -> Iterator[Block]:
    """Yield every block of every sampled arm in a fixed order; deterministic arms have none and are not run."""
    for arm in arms:
        if is_sampled(arm.target):
            streams = Streams(seed, claim, arm.name)
            prepared = prepare(arm, streams)
            for cell in prepared.cells if isinstance(prepared, Sampling) else ():
                yield from (Block(arm, cell, index, streams) for index in range(cell.blocks))


def count_blocks(claim: str, arms: Sequence[Arm], seed: int = 0) -> int:
    """Return the number of blocks of a claim: the most shards that it can be split into."""
    return sum(1 for _ in all_blocks(claim, arms, seed))


def check_shards(claim: str, shards: int, blocks: int) -> None:
    """Raise ``ConfigurationError`` where a claim is to be split into more shards than it has blocks."""
    if not 1 <= shards <= max(blocks, 1):
        raise fault("command line", "shards", str(shards), f"1 to {blocks}, the blocks of {claim} at this scale")


@blas_threads(1)
def shard_tallies(claim: str, arms: Sequence[Arm], seed: int, shard: int, shards: int) -> dict[str, dict[str, Tally]]:
    """Return the tallies of every ``shards``-th block from block ``shard`` on, counted from 0; merged per cell."""
    found: dict[str, dict[str, Tally]] = {}
    for block in islice(all_blocks(claim, arms, seed), shard, None, shards):
        cells = found.setdefault(block.arm.name, {})
        tally = block.tally()
        cells[block.cell.name] = cells[block.cell.name] + tally if block.cell.name in cells else tally
    return found


@blas_threads(1)
def gather(claim: str, arms: Sequence[Arm], seed: int, tallies: Tallies) -> Reports:
    """Return the report of every arm, of the sampled ones from tallies that were drawn before.

    Raises ``ConfigurationError`` where the tallies are not those of these parameters.
    """
    reports = []
    for arm in arms:
        streams = Streams(seed, claim, arm.name)
        prepared = prepare(arm, streams)
        if isinstance(prepared, Sampling):
            found = tallies.get(arm.name, {})
            for cell in prepared.cells:
                drawn = found[cell.name].replicates if cell.name in found else 0
                if drawn != cell.replicates:
                    allowed = f"{cell.replicates}; remove the shards of {claim} and run again"
                    raise fault(f"shards of {claim}", f"{arm.name}, {cell.name}", f"{drawn} replicates", allowed)
            with _one_line_faults(arm):
                prepared = prepared.report(found)
        reports.append((arm, prepared))
    return reports


@contextmanager
def _one_line_faults(arm: Arm) -> Iterator[None]:
    """Turn what an experiment raises into the one line of a configuration fault; overflow is not an event."""
    place = f"arm {arm.name}"
    try:
        with np.errstate(all="ignore"):
            yield
    except OutOfRange as error:
        raise fault(arm.file, f"{place}: {error.key}", error.found, error.allowed) from error
    except (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError) as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(str(error).split())
        found = f"{type(error).__name__} ({text}) in {Path(line.filename).name}, line {line.lineno}"
        raise fault(arm.file, place, found, "parameters that fit together") from error
