"""What a deep run would cost on many nodes: python benchmarks/scaling.py [--shards 16] [--jobs 100 1000 10000]

Measures, on this machine alone, what such a run is made of: the first shard of every sampled claim, the planning of
many jobs, and the merging of many shards. Prints tables and writes benchmarks/scaling.json; docs/scaling.md draws the
conclusions.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from timing import Cost, copied, timed

from descent_audit.claims.catalogue import Claim, claim_choices, load_claims
from descent_audit.records.storage import shard_path
from descent_audit.stages.arms import count_blocks, gather, shard_tallies
from descent_audit.stages.recipes import simulation
from descent_audit.stages.shards import read_shards, write_shard

Row = dict[str, object]
SCALE = "deep"
SEED = 20260101
MERGED = "minibatch_gradient_moments"
"""The claim whose shards are merged: the one with most blocks, and cheap to draw."""


def sampled() -> dict[str, tuple[Claim, int]]:
    """Return every sampled claim and the number of its blocks, the most first."""
    found = {name: claim for name, claim in load_claims().items() if claim.is_sampled(SCALE)}
    counted = {name: (claim, count_blocks(name, claim.arms(SCALE))) for name, claim in found.items()}
    return dict(sorted(counted.items(), key=lambda one: -one[1][1]))


def first_shard(name: str, shards: int, folder: Path) -> Row:
    """Return wall and CPU seconds and bytes of one shard, drawn as the workflow does it, by a process of its own."""
    told = [f"claim={claim_choices()[name]}", f"scale={SCALE}", f"output={folder}", "shard=0", f"shards={shards}"]
    wall, cpu, _ = timed([sys.executable, "-m", "descent_audit.simulate", *told], folder)
    (path,) = folder.glob(f"shards/{name}/*/0_of_{shards}.json")
    return {"wall": wall, "cpu": cpu, "bytes": path.stat().st_size}


def options(jobs: int, names: list[str]) -> list[str]:
    """Return the options of a run with a number of shards of some claims."""
    return [f"scale={SCALE}", f"shards={jobs // len(names)}", f"claims={','.join(names)}"]


def planned(jobs: int, names: list[str], folder: Path) -> Cost:
    """Return what it costs Snakemake to plan a number of shards of some claims."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "tables", "manifest"]
    return timed([*command, "--config", *options(jobs, names), "--dry-run", "--quiet", "all"], folder)


def planning(jobs: int, names: list[str], folder: Path) -> Row:
    """Return the seconds in which Snakemake plans a number of shards of some claims, and tells their state."""
    plan, cpu, _ = planned(jobs, names, folder)
    state, state_cpu, _ = timed([sys.executable, "-m", "descent_audit.workflow.status", *options(jobs, names)], folder)
    return {"jobs": jobs, "plan": plan, "plan_cpu": cpu, "status": state, "status_cpu": state_cpu}


def merging(claim: Claim, shards: int, folder: Path) -> Row:
    """Return the seconds in which some shards of a claim are read, merged and reported, and what they weigh."""
    arms = claim.arms(SCALE)
    made_of = simulation(claim, arms, SEED).digest
    for shard in range(shards):
        tallies = shard_tallies(claim.name, arms, SEED, shard, shards)
        write_shard(shard_path(folder, claim.name, made_of, shard, shards), made_of, tallies)
    start = time.perf_counter()
    drawn = read_shards(folder, claim.name, made_of, shards)
    read = time.perf_counter() - start
    gather(claim.name, arms, SEED, drawn)
    files = folder.joinpath("shards", claim.name, made_of).glob(f"*_of_{shards}.json")
    weight = sum(path.stat().st_size for path in files)
    return {"shards": shards, "read": read, "report": time.perf_counter() - start - read, "bytes": weight}


def measure(shards: int, jobs: list[int]) -> dict[str, list[Row]]:
    """Return all tables."""
    claims = sampled()
    widest = list(claims)[:4]
    with tempfile.TemporaryDirectory() as temporary:
        folder = copied(Path(temporary))
        drawn: list[Row] = [
            {"claim": name, "blocks": blocks, **first_shard(name, min(shards, blocks), folder)}
            for name, (_, blocks) in claims.items()
        ]
        least: list[Row] = [{"claim": MERGED, **first_shard(MERGED, claims[MERGED][1], folder)}]
        planned = [planning(count, widest, folder) for count in jobs]
        merged = [merging(claims[MERGED][0], count, folder) for count in (16, 256, claims[MERGED][1])]
    return {"first_shard": drawn, "one_block": least, "planning": planned, "merging": merged}


def table(rows: list[Row]) -> str:
    """Return rows as aligned text."""
    cells = [[f"{one:.2f}" if isinstance(one, float) else str(one) for one in row.values()] for row in rows]
    lines = [list(rows[0]), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=16, help="into how many a claim is split")
    parser.add_argument("--jobs", type=int, nargs="+", default=[100, 1000, 10000], help="shards to plan for")
    asked = parser.parse_args()
    figures = measure(asked.shards, asked.jobs)
    for name, rows in figures.items():
        print(f"{name}\n{table(rows)}\n")
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
