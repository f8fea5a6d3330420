"""Label noise in a diagonal linear network: flatter solutions, which generalize where they match the truth."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, update_rule
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import Interval
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, mean_interval, moments, positive_mean_interval, tally
from descent_audit.networks.diagonal import Weights, dual_solution, hessian_trace, weights_of
from descent_audit.numerics.datasets import kronecker

Array = NDArray[np.float64]
Truth = Literal["sparse", "dense"]
CELL = "runs"
SIGNS = np.array([2.0, -2.0])[:, None, None]
"""What the slope in the coefficients is multiplied by in the gradient of each layer, besides its weights."""


class Problem(NamedTuple):
    """Inputs ``(n, d)``, the coefficients ``(d,)`` behind their labels, and these, which are without noise."""

    inputs: Array
    truth: Array
    labels: Array

    def error(self, function: Array) -> Array:
        r"""Return the test error $\|\beta - \beta^*\|^2$, of the shape of the leading axes."""
        return np.asarray(np.sum((function - self.truth) ** 2, axis=-1))


class Phases(NamedTuple):
    """Steps under label noise of a size at a rate, and full-batch steps without noise after them, at another rate."""

    label_noise: float
    full_batch: bool
    learning_rate: float
    steps: int
    cooling_rate: float
    cooling_steps: int


def label_noise(
    *,
    optimizer: str,
    samples: int,
    dimension: int,
    truth: Truth,
    nonzero: int,
    start_product: float,
    label_noise: float,
    full_batch: bool,
    learning_rate: float,
    steps: int,
    cooling_rate: float,
    cooling_steps: int,
    runs: int,
    block_size: int,
    drawn_points: int,
    drawn_products: list[float],
) -> Sampling:
    r"""Train on labels with fresh noise $\pm\delta$ at every step, one sample at a time, then cool without noise.

    ``start_product`` is $\alpha_0$. The sparse truth has ``nonzero`` coefficients $\pm1$, the dense one is a multiple
    of $X^\top(1, -1, \dots)$ of the same norm. All ends are compared with the dual solution at the measured $\alpha$.
    """
    problem = _problem(samples, dimension, truth, nonzero)
    phases = Phases(label_noise, full_batch, learning_rate, steps, cooling_rate, cooling_steps)
    if not (samples < dimension and start_product > 0.0):
        raise OutOfRange("samples", samples, f"below {dimension}, and start_product above 0: other fits must exist")
    shown = sample_steps(steps, drawn_points)
    draw = partial(_runs, problem, update_rule(optimizer), start_product, phases, shown)

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = tallies[CELL]
        reference = dual_solution(problem.inputs, problem.labels, np.full(dimension, start_product))
        plain, flat = float(problem.error(reference)), _trace(problem, reference, np.full(dimension, start_product))
        error, trace = float(found.mean("error")), float(found.mean("trace"))
        observations = [
            Observation("shrink_identity", float(found.largest["identity"]), 0.0),
            Observation("dual_deviation", float(found.largest["deviation"]), 0.0),
            Observation("test_error", error, float(found.mean("dual_error")), replicates=found.replicates),
            Observation("reference_error", plain),
            Observation("error_ratio", error / plain, replicates=found.replicates),
            Observation("trace_ratio", trace / flat, replicates=found.replicates),
        ]
        if label_noise > 0.0:
            ratio = float(found.mean("shrink_ratio"))
            observations.append(Observation("shrink_ratio", ratio, replicates=found.replicates))
        return Observations.of(observations, _drawn(problem, found, truth, shown, flat, drawn_products))

    return Sampling([Cell(CELL, runs, block_size, draw)], report)


def same_function(
    *, samples: int, dimension: int, nonzero: int, start_product: float, products: list[float]
) -> Observations:
    r"""Report the trace of the Hessian at one function $\beta$, the dual solution, with other $\alpha$."""
    problem = _problem(samples, dimension, "sparse", nonzero)
    function = dual_solution(problem.inputs, problem.labels, np.full(dimension, start_product))
    layers = {product: weights_of(function, np.full(dimension, product)) for product in products}
    squares = np.mean(problem.inputs**2, axis=0)
    traces = {product: float(hessian_trace(problem.inputs, one)) for product, one in layers.items()}
    return Observations.of(
        [
            *(
                Observation(
                    "function_difference", float(np.abs(one.function - function).max()), 0.0, {"product": product}
                )
                for product, one in layers.items()
            ),
            *(
                Observation(
                    "trace",
                    trace,
                    float(4.0 * np.sum(squares * np.sqrt(function**2 + 4.0 * product**2))),
                    {"product": product},
                )
                for product, trace in traces.items()
            ),
            Observation("largest_over_smallest_trace", max(traces.values()) / min(traces.values())),
        ]
    )


def _problem(samples: int, dimension: int, truth: Truth, nonzero: int) -> Problem:
    inputs = kronecker(samples, dimension)
    signs, mixed = ((-1.0) ** np.arange(size) for size in (dimension, samples))
    sparse = np.where(np.arange(dimension) < nonzero, signs, 0.0)
    dense = inputs.T @ mixed
    chosen = sparse if truth == "sparse" else dense * math.sqrt(nonzero) / float(np.linalg.norm(dense))
    return Problem(inputs, chosen, inputs @ chosen)


def _runs(
    problem: Problem,
    rule: Optimizer,
    start_product: float,
    phases: Phases,
    shown: NDArray[np.int_],
    rng: Generator,
    count: int,
) -> Tally:
    """Train, cool, and sum what the runs end at; ``shown`` are the steps at which the trace is summed too."""
    inputs, start = problem.inputs, np.full((count, problem.inputs.shape[1]), math.sqrt(start_product))
    layers, logs, traces = np.stack([start, start]), np.zeros_like(start), []
    for step, gradient in enumerate(_gradients(problem, phases, rng, count)):
        if step in shown:
            traces.append(hessian_trace(inputs, Weights(*layers)))
        slope = gradient(layers)
        logs += np.log1p(-((2.0 * phases.learning_rate * slope) ** 2))
        layers = _moved(rule, layers, slope, phases.learning_rate)
    noisy = Weights(*layers)
    traces.append(hessian_trace(inputs, noisy))
    for _ in range(phases.cooling_steps):
        layers = _moved(rule, layers, _full_gradient(problem, layers), phases.cooling_rate)
    weights = Weights(*layers)
    dual = np.array([dual_solution(inputs, problem.labels, product) for product in weights.product])
    sums = {
        **moments("error", problem.error(weights.function)),
        **moments("dual_error", problem.error(dual)),
        **moments("trace", hessian_trace(inputs, weights)),
        **moments("path", np.stack(traces, axis=-1)),
        **moments("log_product", np.log(weights.product).mean(axis=-1)),
    }
    if phases.label_noise > 0.0:
        expected = 4.0 * (phases.learning_rate * phases.label_noise) ** 2 * phases.steps * np.mean(inputs**2, axis=0)
        sums |= moments("shrink_ratio", np.mean(-np.log(noisy.product / start_product) / expected, axis=-1))
    identity = np.abs(np.log(noisy.product) - logs - math.log(start_product)).max()
    deviation = max(_deviation(problem, one) for one in (noisy, weights))
    return tally(count, sums, {"identity": identity, "deviation": deviation})


def _gradients(problem: Problem, phases: Phases, rng: Generator, count: int) -> Iterator[Callable[[Array], Array]]:
    r"""Yield for every noisy step the gradient in $\beta$ as a function of both layers ``(2, runs, d)``.

    Of the full loss, or of one sample each whose label is off by plus or minus the noise.
    """
    if phases.full_batch:
        yield from (partial(_full_gradient, problem) for _ in range(phases.steps))
        return
    picked = rng.integers(0, len(problem.inputs), (phases.steps, count))
    flips = np.where(rng.integers(0, 2, (phases.steps, count)), phases.label_noise, -phases.label_noise)
    for sample, flip in zip(picked, flips, strict=True):
        yield partial(_sample_gradient, problem.inputs[sample], problem.labels[sample] + flip)


def _full_gradient(problem: Problem, layers: Array) -> Array:
    function = layers[0] ** 2 - layers[1] ** 2
    return np.asarray((function @ problem.inputs.T - problem.labels) @ problem.inputs / len(problem.inputs))


def _sample_gradient(inputs: Array, labels: Array, layers: Array) -> Array:
    residual = np.einsum("rd,rd->r", inputs, layers[0] ** 2 - layers[1] ** 2) - labels
    return np.asarray(residual[:, None] * inputs)


def _moved(rule: Optimizer, layers: Array, slope: Array, rate: float) -> Array:
    """Take one step in both layers, whose gradients are $2gu$ and $-2gv$ with g the slope in the coefficients."""
    moved, _ = rule.update(layers, SIGNS * slope * layers, rule.init(layers), rate)
    return moved


def _deviation(problem: Problem, weights: Weights) -> float:
    """Return how far the coefficients are from the dual solution of their own predictions, at their own product."""
    function = weights.function
    dual = [
        dual_solution(problem.inputs, problem.inputs @ one, product)
        for one, product in zip(function, weights.product, strict=True)
    ]
    return float(np.abs(function - np.array(dual)).max())


def _trace(problem: Problem, function: Array, product: Array) -> float:
    return float(hessian_trace(problem.inputs, weights_of(function, product)))


def _drawn(
    problem: Problem, found: Tally, truth: Truth, shown: NDArray[np.int_], flat: float, products: list[float]
) -> list[Curve]:
    dimension, series = problem.inputs.shape[1], f"{truth} truth"
    grid = np.geomspace(products[0], products[-1], 25)
    errors = [
        float(problem.error(dual_solution(problem.inputs, problem.labels, np.full(dimension, one)))) for one in grid
    ]
    at = [math.exp(float(found.mean("log_product")))]
    path = mean_interval(found, "path")
    return [
        Curve("error", series, "predicted", grid, errors),
        Curve("error", series, "measured", at, [float(found.mean("error"))]).within(
            positive_mean_interval(found, "error")
        ),
        Curve("trace", series, "measured", shown[1:], found.mean("path")[1:] / flat).within(
            Interval(path.low[1:] / flat, path.high[1:] / flat)
        ),
    ]
