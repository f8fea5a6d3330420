"""What a step of noisy descent costs: python benchmarks/langevin.py [--walkers 4096 8192 16384] [--rounds 7]

Prints million particle-steps per second of the in-place step and of other ways to write it, each beside the bare rate
of NumPy's normal draws in the same process: CPU time, medians over rounds that are taken in turn. A compiled loop may
beat NumPy's draws, since it brings its own. JAX and Numba are measured where they are installed; the project needs
neither.
"""

import argparse
import importlib
import importlib.util
import math
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import SFC64, Generator
from numpy.typing import NDArray

from descent_audit.dynamics.langevin import walk
from descent_audit.landscapes.two_wells import TwoWells, Well

Array = NDArray[np.float64]
Run = Callable[[], object]
LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
LEARNING_RATE, TEMPERATURE = 0.005, 0.33
NOISE = math.sqrt(2 * LEARNING_RATE * TEMPERATURE)
PARTICLE_STEPS = 2_000_000
"""Length of one measurement, a fraction of a second."""


def bare_draws(walkers: int, steps: int) -> Run:
    rng, drawn = Generator(SFC64(1)), np.empty(walkers)

    def run() -> object:
        for _ in range(steps):
            rng.standard_normal(out=drawn)
        return drawn

    return run


def in_place(walkers: int, steps: int) -> Run:
    rng, x = Generator(SFC64(1)), np.full(walkers, LOSS.minima[0])

    def run() -> object:
        for _ in walk(LOSS, rng, x, np.full(steps, LEARNING_RATE), NOISE):
            pass
        return x

    return run


def plain_numpy(walkers: int, steps: int) -> Run:
    """The step as one would write it: a mask, and a new array for each operation."""
    rng, start = Generator(SFC64(1)), np.full(walkers, LOSS.minima[0])

    def run() -> object:
        x = start
        for _ in range(steps):
            slope = np.where(x < 0, LOSS.sharp.gradient(x), LOSS.flat.gradient(x))
            x = x - LEARNING_RATE * slope + NOISE * rng.standard_normal(walkers)
        return x

    return run


def numba_loop(walkers: int, steps: int) -> Run:
    """A compiled loop over walkers, with the same bit generator and the compiler's own draws from it."""
    numba = importlib.import_module("numba")

    @numba.njit
    def loop(rng: Generator, x: Array, count: int, wells: Array, rate: float, noise: float) -> None:
        for _ in range(count):
            for i in range(len(x)):
                depth, width = wells[0] if x[i] < 0 else wells[1]
                slope = 4.0 * depth / width**2 * x[i] * ((x[i] / width) ** 2 - 1.0)
                x[i] += noise * rng.standard_normal() - rate * slope

    rng, x = Generator(SFC64(1)), np.full(walkers, LOSS.minima[0])
    wells = np.array([[well.depth, well.width] for well in (LOSS.sharp, LOSS.flat)])
    return lambda: loop(rng, x, steps, wells, LEARNING_RATE, NOISE)


def jax_scan(walkers: int, steps: int) -> Run:
    """A compiled scan in double precision, with JAX's own counter-based generator."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)

    def slope(x: Any, well: Well) -> Any:
        return 4.0 * well.depth / well.width**2 * x * ((x / well.width) ** 2 - 1.0)

    def step(carry: Any, _: None) -> Any:
        x, key = carry
        key, own = jax.random.split(key)
        moved = x - LEARNING_RATE * jnp.where(x < 0, slope(x, LOSS.sharp), slope(x, LOSS.flat))
        return (moved + NOISE * jax.random.normal(own, x.shape, dtype=x.dtype), key), None

    compiled = jax.jit(lambda x, key: jax.lax.scan(step, (x, key), None, length=steps)[0][0])
    start, key = jnp.full(walkers, LOSS.minima[0]), jax.random.key(1)
    return lambda: compiled(start, key).block_until_ready()


WAYS: dict[str, tuple[Callable[[int, int], Run], str | None]] = {
    "bare normal draws": (bare_draws, None),
    "walk, in place": (in_place, None),
    "numpy, np.where": (plain_numpy, None),
    "numba.njit": (numba_loop, "numba"),
    "jax.jit": (jax_scan, "jax"),
}
"""Each way to run some walkers for some steps, and the package that it needs."""


def rates(walkers: int, rounds: int) -> dict[str, list[float]]:
    """Return million particle-steps per second of CPU time of every way, one number a round."""
    steps = max(PARTICLE_STEPS // walkers, 1)
    runs = {
        name: way(walkers, steps)
        for name, (way, package) in WAYS.items()
        if package is None or importlib.util.find_spec(package)
    }
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            run()
            found[name].append(walkers * steps / (time.process_time() - start) / 1e6)
    return found


def table(walkers: int, found: dict[str, list[float]]) -> str:
    """Return the medians as text: the rate, and the ratio to the bare draws of the same round."""
    bare = found["bare normal draws"]
    lines = [f"{walkers} walkers{'million steps/s':>26}{'of bare draws':>16}"]
    for name, measured in found.items():
        ratio = statistics.median(own / draws for own, draws in zip(measured, bare, strict=True))
        lines.append(f"  {name:<20}{statistics.median(measured):>18.1f}{ratio:>16.2f}")
    missing = [name for name in WAYS if name not in found]
    return "\n".join([*lines, *(f"  {name:<20}{'not installed':>18}" for name in missing)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walkers", type=int, nargs="+", default=[4096, 8192, 16384])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for walkers in options.walkers:
        print(table(walkers, rates(walkers, options.rounds)))


if __name__ == "__main__":
    main()
