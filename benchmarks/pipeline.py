"""What the pipeline costs: python benchmarks/pipeline.py [--scale full] [--cores 2] [--claim NAME]

Prints a table and writes benchmarks/pipeline.json. Everything runs in a temporary copy of the project, so that the
results of the working tree stay as they are. One plain Python process doing the same work is measured beside it.
"""

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
COPIED = ("src", "workflow", "config", "reports", "Snakefile", "environment.yml")
SINGLE = """
import sys
from pathlib import Path
from descent_audit import figures, judge, manifest, report, simulate, tables
from descent_audit.catalogue import load_claims
scale, seed = sys.argv[1], 20260101
results, claims = Path("results") / scale, load_claims()
for name, claim in claims.items():
    simulate.write_results(results, name, simulate.simulate(name, claim.arms(scale), seed))
judge.main(["--scale", scale, "--results", str(results)])
tables.main(["--results", str(results)])
figures.main(["--results", str(results)])
manifest.main(["--scale", scale, "--results", str(results)])
for form in ("html", "pdf"):
    report.main(["--scale", scale, "--results", str(results), "--output", f"reports/{scale}/audit.{form}"])
"""
EXPERIMENTS = """
import sys, time
from descent_audit import simulate
from descent_audit.catalogue import load_claims
for name, claim in load_claims().items():
    arms, start = claim.arms(sys.argv[1]), time.process_time()
    simulate.simulate(name, arms, 20260101)
    print(name, time.process_time() - start)
"""


def copied(folder: Path) -> Path:
    """Return a copy of all that a run needs."""
    for name in COPIED:
        source, target = PROJECT / name, folder / name
        ignore = shutil.ignore_patterns("__pycache__", "smoke", "full", "deep")
        shutil.copytree(
            source, target, ignore=None if name == "config" else ignore
        ) if source.is_dir() else shutil.copy2(source, target)
    if not (folder / "workflow" / "rules").is_dir():
        raise SystemExit(f"{PROJECT}: no workflow here")
    (folder / "profiles").symlink_to("workflow/profiles")
    return folder


def timed(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Return wall and CPU seconds of a command and its children, and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


def jobs(folder: Path, scale: str) -> dict[str, dict[str, float]]:
    """Return wall seconds and peak memory of every job, from Snakemake's benchmark files."""
    found = {}
    root = folder / "results" / scale / "benchmarks"
    for path in sorted(root.rglob("*.tsv")):
        (row,) = csv.DictReader(path.open(), delimiter="\t")
        memory = float(row["max_rss"]) if row["max_rss"] not in ("", "-", "NA") else float("nan")
        found[path.relative_to(root).with_suffix("").as_posix()] = {"seconds": float(row["s"]), "megabytes": memory}
    return found


def measure(scale: str, cores: int, claim: str) -> dict[str, object]:
    """Return all figures of one round."""
    snakemake = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--config", f"scale={scale}"]
    with tempfile.TemporaryDirectory() as temporary:
        first, second = copied(Path(temporary, "a")), copied(Path(temporary, "b"))
        wall, cpu, _ = timed(snakemake, first)
        per_job = jobs(first, scale)
        idle, _, _ = timed(snakemake, first)
        (first / "results" / scale / "seals" / f"{claim}.sha256").unlink()
        one, _, _ = timed(snakemake, first)
        single, single_cpu, _ = timed([sys.executable, "-c", SINGLE, scale], second)
        _, _, printed = timed([sys.executable, "-c", EXPERIMENTS, scale], second)
    experiments = {name: float(seconds) for name, seconds in (line.split() for line in printed.splitlines())}
    inside = sum(experiments.values())
    return {
        "scale": scale,
        "cores": cores,
        "claims": len(experiments),
        "pipeline_wall": wall,
        "pipeline_cpu": cpu,
        "experiments_cpu": inside,
        "overhead_share": 1 - inside / cpu,
        "noop_wall": idle,
        "one_claim_wall": one,
        "single_process_wall": single,
        "single_process_cpu": single_cpu,
        "peak_megabytes": max(job["megabytes"] for job in per_job.values()),
        "jobs": per_job,
        "experiments": experiments,
    }


def table(figures: dict[str, object]) -> str:
    """Return the figures as text."""
    lines = [
        f"{key:<22}{value:>12.2f}" if isinstance(value, float) else f"{key:<22}{value:>12}"
        for key, value in figures.items()
        if not isinstance(value, dict)
    ]
    jobs, experiments = figures["jobs"], figures["experiments"]
    assert isinstance(jobs, dict)
    assert isinstance(experiments, dict)
    lines += ["", f"{'job':<52}{'wall s':>8}{'MB':>8}{'CPU s inside':>14}"]
    for name, job in jobs.items():
        inside = experiments.get(name.rpartition("/")[2])
        lines.append(
            f"{name:<52}{job['seconds']:>8.2f}{job['megabytes']:>8.0f}{'' if inside is None else f'{inside:>14.2f}'}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--claim", default="quadratic_divergence_threshold", help="the claim that is run again alone")
    options = parser.parse_args()
    figures = measure(options.scale, options.cores, options.claim)
    print(table(figures))
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
