"""What the inner loops cost: python benchmarks/kernels.py [--rounds 7].

Each beside its limit, measured in the same process: the bare rate of what it cannot do without (normal draws, memory
traffic, logarithms, matrix products); and beside compiled JAX and PyTorch on the same work, where they are installed
(``pip install jax torch numba``; the project needs none of them). Processor seconds, one thread, double precision.
"""

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import langevin
import networks
import numpy as np
from timing import Row, in_turn, ratio, table

from descent_audit.dynamics.scheduled_runs import step_factors
from descent_audit.dynamics.schedules import linear_warmup
from descent_audit.dynamics.trajectories import final_state
from descent_audit.experiments.momentum.momentum_runs import grid, run_cells
from descent_audit.networks.floors import orthonormal_inputs
from descent_audit.networks.linear import LinearNetwork, LinearTraining, semi_orthogonal_start
from descent_audit.optimizers.adam import Adam

Run = Callable[[], object]
CELLS, STEPS = 181, 400
ADAM = {"first_decay": 0.9, "second_decay": 0.999, "epsilon": 1e-8}
RATE = 0.01
BLOCK = 64


def has(package: str) -> bool:
    """Say whether a package is installed."""
    return importlib.util.find_spec(package) is not None


def jax_loop(step: Callable[[Any], Any], first: Any, steps: int) -> Run:
    """Return a compiled loop in double precision over a step of JAX arrays."""
    import jax

    jax.config.update("jax_enable_x64", True)
    start = jax.tree.map(jax.numpy.asarray, first)
    whole = jax.jit(lambda state: jax.lax.fori_loop(0, steps, lambda _, now: step(now), state))
    return lambda: jax.block_until_ready(whole(start))


def torch_loop(step: Callable[[Any], Any], first: tuple[np.ndarray, ...], steps: int) -> Run:
    """Return a loop over a step of PyTorch tensors, on one thread and without derivatives."""
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    start = tuple(torch.from_numpy(one.copy()) for one in first)

    def run() -> object:
        state = start
        for _ in range(steps):
            state = step(state)
        return state

    return run


def others(step: Callable[[Any, Any], Any], first: tuple[np.ndarray, ...], steps: int) -> dict[str, Run]:
    """Return the runs of JAX and PyTorch that are installed; ``step(library, state)`` is written once for both."""
    runs: dict[str, Run] = {}
    if has("jax"):
        runs["jax"] = jax_loop(partial(step, importlib.import_module("jax.numpy")), first, steps)
    if has("torch"):
        runs["torch"] = torch_loop(partial(step, importlib.import_module("torch")), first, steps)
    return runs


def traffic(arrays: int, size: int, steps: int) -> Run:
    """Return a run that reads or writes so many arrays a step and does nothing else: copies, each reads and writes."""
    source, target = np.ones(size), np.empty(size)

    def run() -> object:
        for _ in range(steps * arrays // 2):
            np.copyto(target, source)
        return target

    return run


def momentum_runs() -> Mapping[str, Run]:
    """Heavy balls on a loss of two slopes, one for every pair of a rate and a momentum."""
    rates, momenta = grid(np.linspace(0.01, 0.4, CELLS), np.linspace(0.0, 0.99, CELLS))
    start = np.ones_like(rates)

    def slope(x: Any, library: Any = np) -> Any:
        return library.where(x > 0, 3.0 * x, x)

    def step(library: Any, state: Any) -> Any:
        x, velocity, lowest, highest, rate, momentum = state
        velocity = momentum * velocity - rate * slope(x, library)
        x = x + velocity
        return x, velocity, library.minimum(lowest, x), library.fmax(highest, x), rate, momentum

    first = (start, np.zeros_like(start), start, start, rates, momenta)
    runs: dict[str, Run] = {
        "limit": traffic(10, start.size, STEPS),
        "own": lambda: run_cells("heavy_ball.HeavyBall", slope, start, rates, momenta, STEPS),
    }
    return {**runs, **others(step, first, STEPS)}


def adam_runs() -> Mapping[str, Run]:
    """Adam on quadratics, one for every pair of a curvature and a rate."""
    rates, curvatures = grid(np.linspace(0.001, 0.1, CELLS), np.linspace(0.1, 10.0, CELLS))
    start = np.ones_like(rates)
    rule = Adam(**ADAM, bias_correction=True)

    def step(library: Any, state: Any) -> Any:
        x, mean, square, done, rate, curvature = state
        done, slope = done + 1.0, curvature * x
        mean = ADAM["first_decay"] * mean + (1 - ADAM["first_decay"]) * slope
        square = ADAM["second_decay"] * square + (1 - ADAM["second_decay"]) * slope * slope
        corrected, size = mean / (1 - ADAM["first_decay"] ** done), square / (1 - ADAM["second_decay"] ** done)
        return x - rate * corrected / (library.sqrt(size) + ADAM["epsilon"]), mean, square, done, rate, curvature

    first = (start, np.zeros_like(start), np.zeros_like(start), np.zeros(1), rates, curvatures)
    runs: dict[str, Run] = {
        "limit": traffic(8, start.size, STEPS),
        "own": lambda: final_state(lambda x: curvatures * x, start, rates, STEPS, rule),
    }
    return {**runs, **others(step, first, STEPS)}


def warmup_runs() -> Mapping[str, Run]:
    """The decades by which a warmed-up iterate grows, over rates and lengths of the warmup: sums of logarithms."""
    high, warmup, tiny = 10.0, 200, np.finfo(float).tiny
    rates, steps = np.linspace(0.5, 6.0, 200), np.arange(1, 2001)
    factors = step_factors(high, linear_warmup(steps, rates[:, None] / high, warmup))
    out = np.empty_like(factors)

    def own() -> object:
        logs = np.cumsum(np.log(step_factors(high, linear_warmup(steps, rates[:, None] / high, warmup))), axis=-1)
        return np.maximum.accumulate(logs, axis=-1)

    runs: dict[str, Run] = {"limit": lambda: np.log(factors, out=out), "own": own}
    if has("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)

        @jax.jit
        def grown(rate: Any, step: Any) -> Any:
            scale = jax.numpy.minimum(step / warmup, 1.0)
            logs = jax.numpy.log(jax.numpy.abs(1.0 - rate[:, None] * scale) + tiny)
            return jax.lax.cummax(jax.numpy.cumsum(logs, axis=-1), axis=1)

        given = jax.numpy.asarray(rates), jax.numpy.asarray(steps, dtype=float)
        runs["jax"] = lambda: jax.block_until_ready(grown(*given))
    if has("torch"):
        import torch

        torch.set_num_threads(1)
        rate, step = torch.from_numpy(rates), torch.from_numpy(steps.astype(float))

        def torch_grown() -> object:
            scale = torch.clamp(step / warmup, max=1.0)
            logs = torch.log(torch.abs(1.0 - rate[:, None] * scale) + tiny)
            return torch.cummax(torch.cumsum(logs, dim=-1), dim=-1)

        runs["torch"] = torch_grown
    return runs


def training_runs(steps: int = 200) -> Mapping[str, Run]:
    """A block of deep linear networks, each with data of its own."""
    network = LinearNetwork(networks.NETWORKS[0])
    rng = np.random.default_rng(1)
    inputs = orthonormal_inputs(network.dimensions[0], network.dimensions[0], BLOCK, rng)
    labels = rng.standard_normal((BLOCK, network.dimensions[-1], network.dimensions[0]))
    start = semi_orthogonal_start(network, BLOCK, rng)
    training = LinearTraining(network, inputs, labels)
    runs = {
        "limit": networks.bare_products(network, BLOCK, steps),
        "own": networks.numpy_runs(training, start, steps)["training"],
    }
    builders = {"jax": networks.jax_run, "torch": networks.torch_run}
    return {**runs, **{name: build(training, start, steps) for name, build in builders.items() if has(name)}}


def langevin_runs(walkers: int = 4096) -> Mapping[str, Run]:
    """Walkers between two wells."""
    steps = langevin.PARTICLE_STEPS // walkers
    ways = {"limit": "bare normal draws", "own": "walk, in place", "numba": "numba.njit", "jax": "jax.jit"}
    found = {name: langevin.WAYS[way] for name, way in ways.items()}
    return {name: run(walkers, steps) for name, (run, package) in found.items() if package is None or has(package)}


LIMITS = {
    "Langevin walkers": (langevin_runs, "bare normal draws", "at most 1.18"),
    "momentum map": (momentum_runs, "memory traffic of its arrays", ""),
    "Adam map": (adam_runs, "memory traffic of its arrays", ""),
    "warmup diagram": (warmup_runs, "bare logarithms", ""),
    "linear networks": (training_runs, "bare matrix products", ""),
}
"""Each inner loop: what runs it, what limits it, and how close it is to come; 1.18 is 85 % of the bare rate."""


def measure(rounds: int = 7) -> list[Row]:
    """Return the ratios of every inner loop to its limit and to other libraries: below 1 is faster than they are."""
    rows = []
    for what, (build, limit, aim) in LIMITS.items():
        found = in_turn(build(), rounds)
        rows.append(ratio(what, limit, found["own"], found["limit"], aim))
        rows += [
            ratio(what, name, found["own"], seconds, "at most 1")
            for name, seconds in found.items()
            if name not in ("own", "limit")
        ]
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    print(table(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
