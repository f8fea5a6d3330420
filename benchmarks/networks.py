"""What training linear networks costs beside its bare matrix products: python benchmarks/networks.py [--steps 200]

Prints microseconds per replica and step, for several block sizes, and writes benchmarks/networks.json. Everything is
measured in this one process, single-threaded if OMP_NUM_THREADS=1 is set before it starts. PyTorch and JAX are measured
beside it where they are installed; nothing needs them.
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from descent_audit.networks.floors import orthonormal_inputs
from descent_audit.networks.linear import LinearNetwork, LinearTraining, semi_orthogonal_start
from descent_audit.networks.training import MomentTraining, train
from descent_audit.optimizers.gradient_descent import GradientDescent

NETWORKS = ((8, 32, 32, 8), (8, 32, 4, 32, 8), (8, 32, 32, 32, 8))
BLOCK_SIZES = (8, 16, 32, 64, 128, 256)
RATE = 0.05
REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """Return the shortest of a few runs, the first one not counted."""
    work()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def bare_products(network: LinearNetwork, block_size: int, steps: int) -> Callable[[], None]:
    """Return a run of the matrix products of a gradient alone, of the same shapes, into memory that is there."""
    rng = np.random.default_rng(0)
    jobs = []
    width, outputs = network.dimensions[0], network.dimensions[-1]

    def job(rows: int, inner: int, columns: int) -> None:
        left = rng.standard_normal((block_size, rows, inner))
        right = rng.standard_normal((block_size, inner, columns))
        jobs.append((left, right, left @ right))

    for rows, columns in network.shapes[1:]:
        job(rows, columns, width)
        job(rows, width, columns)
        job(columns, rows, width)
    assert outputs == network.shapes[-1][0]

    def run() -> None:
        for _ in range(steps):
            for left, right, out in jobs:
                np.matmul(left, right, out=out)

    return run


def numpy_runs(training: LinearTraining, start: np.ndarray, steps: int) -> dict[str, Callable[[], object]]:
    """Return the runs of this project: gradients through samples and through moments, and whole training."""
    moments, nowhere = MomentTraining.of(training), np.full(len(start), -np.inf)

    def repeated(gradient: Callable[[np.ndarray], np.ndarray]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(steps):
                gradient(start)

        return run

    return {
        "samples": repeated(training.gradient),
        "moments": repeated(moments.gradient),
        "training": lambda: train(training, start, nowhere, RATE, steps, GradientDescent(), check_every=50),
    }


def torch_run(training: LinearTraining, start: np.ndarray, steps: int) -> Callable[[], object]:
    """Return plain training with torch.bmm and its derivatives by hand."""
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    first = [torch.tensor(np.ascontiguousarray(matrix)) for matrix in training.network.matrices(start)]
    inputs, labels = torch.tensor(training.inputs), torch.tensor(training.labels)
    samples = inputs.shape[-1]

    def run() -> object:
        matrices = [matrix.clone() for matrix in first]
        for _ in range(steps):
            hidden = [inputs]
            for matrix in matrices:
                hidden.append(torch.bmm(matrix, hidden[-1]))
            delta = (hidden.pop() - labels) / samples
            for layer in reversed(range(len(matrices))):
                gradient = torch.bmm(delta, hidden[layer].mT)
                delta = torch.bmm(matrices[layer].mT, delta)
                matrices[layer].sub_(gradient, alpha=RATE)
        return matrices

    return run


def jax_run(training: LinearTraining, start: np.ndarray, steps: int) -> Callable[[], object]:
    """Return training compiled as one loop, the gradient of a single network by jax.grad, batched by jax.vmap."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    first = [jnp.asarray(matrix) for matrix in training.network.matrices(start)]
    inputs, labels = jnp.asarray(training.inputs), jnp.asarray(training.labels)

    def loss(matrices: list, one_inputs: Any, one_labels: Any) -> Any:
        hidden = one_inputs
        for matrix in matrices:
            hidden = matrix @ hidden
        return 0.5 * jnp.sum((hidden - one_labels) ** 2) / inputs.shape[-1]

    gradient = jax.vmap(jax.grad(loss))

    @jax.jit
    def whole(matrices: list) -> list:
        def step(_: int, now: list) -> list:
            slopes = gradient(now, inputs, labels)
            return [matrix - RATE * slope for matrix, slope in zip(now, slopes, strict=True)]

        return jax.lax.fori_loop(0, steps, step, matrices)

    return lambda: jax.block_until_ready(whole(first))


def measure(network: LinearNetwork, block_size: int, steps: int) -> dict[str, float]:
    """Return microseconds per replica and step of every run."""
    rng = np.random.default_rng(1)
    inputs = orthonormal_inputs(network.dimensions[0], network.dimensions[0], block_size, rng)
    labels = rng.standard_normal((block_size, network.dimensions[-1], network.dimensions[0]))
    start = semi_orthogonal_start(network, block_size, rng)
    training = LinearTraining(network, inputs, labels)
    runs = {"bare": bare_products(network, block_size, steps), **numpy_runs(training, start, steps)}
    for name, build in (("torch", torch_run), ("jax", jax_run)):
        if importlib.util.find_spec(name):
            runs[name] = build(training, start, steps)
    return {name: 1e6 * seconds(run) / (steps * block_size) for name, run in runs.items()}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for dimensions in NETWORKS:
        network = LinearNetwork(dimensions)
        for block_size in BLOCK_SIZES:
            found = measure(network, block_size, options.steps)
            if not rows:
                columns = "".join(f"{name:>10}" for name in found)
                print(f"{'network':<18}{'block':>6}{columns}{'training/bare':>15}   us per replica and step")
            rows.append({"dimensions": list(dimensions), "block_size": block_size, **found})
            numbers = "".join(f"{value:>10.2f}" for value in found.values())
            ratio = found["training"] / found["bare"]
            print(f"{'-'.join(map(str, dimensions)):<18}{block_size:>6}{numbers}{ratio:>15.2f}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
