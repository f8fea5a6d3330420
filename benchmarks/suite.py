"""All benchmarks of this project: python benchmarks/suite.py [--scale full] [--rounds 5].

Writes ``benchmarks/results/<platform>.json``, which the report shows, and prints the tables. Half an hour on two cores;
a machine that does nothing else makes the spread small. JAX, PyTorch and Numba are compared with where they are
installed.
"""

import argparse
import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import growth
import kernels
import pipeline
from timing import PROJECT, platform_name

PACKAGES = ("numpy", "scipy", "matplotlib", "snakemake", "jax", "torch", "numba")


def versions() -> dict[str, str]:
    """Return the versions of what is measured and of what it is compared with, as far as it is installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def measure(scale: str, rounds: int) -> dict[str, object]:
    """Return all tables."""
    return {
        "platform": platform_name(),
        "cores": os.cpu_count(),
        "packages": versions(),
        "kernels": kernels.measure(rounds),
        "growth": growth.measure(rounds),
        **pipeline.measure(scale, rounds),
    }


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=PROJECT / "benchmarks" / "results")
    options = parser.parse_args()
    found = measure(options.scale, options.rounds)
    path = options.results / f"{platform_name()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join(pipeline.shown(found)))


if __name__ == "__main__":
    main()
