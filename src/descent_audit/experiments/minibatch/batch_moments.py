"""Mean and covariance of the mini-batch gradient: over all batches of a small problem, over many of a larger one."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatches import draw_batches
from descent_audit.landscapes.tanh_regression import TanhRegression
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import sample_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange, check_batch_sizes
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.tallies import Tally, moments, tally
from descent_audit.numerics.enumeration import subsets, tuples

Array = NDArray[np.float64]
Indices = NDArray[np.int_]
CELL = "batches"


@dataclass(frozen=True, eq=False)
class Draws:
    r"""How batches are drawn from sample gradients $g_i$, and which covariance is expected of their means.

    Sample i has probability $p_i \propto \|g_i\|^a$; a batch averages $w_i$, which is $g_i$, or $g_i/(np_i)$ where it
    is ``reweighted``. ``gradients`` are of shape ``(..., d, n)``. Unequal probabilities draw with replacement.
    """

    gradients: Array
    exponent: float
    reweighted: bool

    @property
    def mean(self) -> Array:
        """The full gradient, of shape ``(..., d)``."""
        return np.asarray(self.gradients.mean(axis=-1))

    @property
    def probabilities(self) -> Array:
        """The probability of each sample, of shape ``(..., n)``."""
        weights = np.linalg.norm(self.gradients, axis=-2) ** self.exponent
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    @property
    def values(self) -> Array:
        """What is averaged over a batch, of the shape of the gradients."""
        if not self.reweighted:
            return self.gradients
        return self.gradients / (self.gradients.shape[-1] * self.probabilities[..., None, :])

    @property
    def spread(self) -> Array:
        r"""The covariance of one value, $S^2 = \frac1n\sum_i(g_i - g)(g_i - g)^\top$, of shape ``(..., d, d)``.

        Re-weighted it is $\sum_ip_i(w_i - g)(w_i - g)^\top$. Without re-weighting the samples are taken for equally
        likely, whatever their probabilities.
        """
        deviations = self.values - self.mean[..., None]
        share = self.probabilities[..., None, :] if self.reweighted else 1.0 / self.gradients.shape[-1]
        return (share * deviations) @ np.swapaxes(deviations, -1, -2)

    def batches(self, rng: Generator, count: int, batch_size: int) -> Indices:
        """Draw batches ``(count, m)`` of a single problem: subsets where all samples are equally likely."""
        samples = self.gradients.shape[-1]
        if self.exponent:
            return rng.choice(samples, (count, batch_size), p=self.probabilities)
        return draw_batches(rng, count, samples, batch_size, replacement=False)


class Moments(NamedTuple):
    """Over all batches: mean minus full gradient ``(problems, d)``, mean square distance from it ``(problems,)``."""

    bias: Array
    variance: Array


def minibatch_gradient_moments(
    *,
    problems: int,
    enumerated_samples: int,
    enumerated_dimension: int,
    batch_sizes: list[int],
    tuple_samples: int,
    tuple_batch_sizes: list[int],
    samples: int,
    dimension: int,
    batch_size: int,
    runs: int,
    block_size: int,
    label_noise: float,
    enumerated_norm_exponent: float,
    sampled_norm_exponent: float,
    reweighted: bool,
    drawn_batch_size: int,
    drawn_bins: int,
    streams: Streams,
) -> Sampling:
    r"""Compare $E\,g_B$ with $g$ and $\mathrm{Cov}\,g_B$ with $\frac{S^2}m\frac{n-m}{n-1}$, with replacement $S^2/m$.

    Expectations over all batches are sums; on the larger problem ``runs`` batches give the statistic of Hotelling
    (1931) with the known covariance, and the mean of the squared distance in its metric.
    """
    check_batch_sizes("batch_sizes", batch_sizes, enumerated_samples)
    check_batch_sizes("drawn_batch_size", [drawn_batch_size], enumerated_samples)
    if not 1 <= batch_size < samples:
        raise OutOfRange("batch_size", batch_size, f"1 to {samples - 1}: a batch of all samples has no variance")
    small, _ = _gradients(streams, "subsets", problems, enumerated_samples, enumerated_dimension, label_noise)
    ordered, _ = _gradients(streams, "tuples", problems, tuple_samples, enumerated_dimension, label_noise)
    (large,), noise = _gradients(streams, "batches", 1, samples, dimension, label_noise)
    enumerated = partial(Draws, exponent=enumerated_norm_exponent, reweighted=reweighted)
    sampled = Draws(large, sampled_norm_exponent, reweighted)
    cell = Cell(CELL, runs, block_size, partial(_distances, sampled, batch_size))

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = _all_tuples(enumerated(ordered), tuple_batch_sizes) + _sampled_moments(
            sampled, batch_size, tallies[CELL]
        )
        if label_noise:
            found += _noise_law(noise, label_noise)
        if enumerated_norm_exponent:
            return found
        return found + _all_subsets(enumerated(small), batch_sizes) + _histogram(small[0], drawn_batch_size, drawn_bins)

    return Sampling([cell], report)


def enumerated_moments(draws: Draws, batches: Iterable[Indices], weight: Callable[[Indices], Array]) -> Moments:
    """Return the moments of the batch mean over all ``batches``; ``weight`` holds the probability of each."""
    values, mean = draws.values, draws.mean
    bias, variance = np.zeros(mean.shape), np.zeros(mean.shape[:-1])
    for piece in batches:
        deviation = values[..., piece].mean(axis=-1) - mean[..., None]
        share = weight(piece)
        bias += np.sum(np.expand_dims(share, -2) * deviation, axis=-1)
        variance += np.sum(share * np.sum(deviation * deviation, axis=-2), axis=-1)
    return Moments(bias, variance)


def _gradients(
    streams: Streams, name: str, problems: int, samples: int, dimension: int, label_noise: float
) -> tuple[Array, Array]:
    """Draw problems, the same ones in all arms: sample gradients ``(problems, d, n)`` and label noise."""
    rng = streams.shared(f"{name}, samples={samples}, dimension={dimension}")
    inputs = rng.standard_normal((problems, dimension, samples))
    direction = rng.standard_normal((problems, dimension, 1))
    noise = label_noise * rng.standard_normal((problems, samples))
    theta = rng.standard_normal((problems, dimension)) / math.sqrt(dimension)
    targets = np.sin(np.sum(inputs * direction, axis=1)) + noise
    return TanhRegression(inputs, targets).sample_gradients(theta), noise


def _noise_law(noise: Array, label_noise: float) -> Observations:
    r"""Report the squares of normal label noise over their variance, whose sum is a $\chi^2_n$."""
    square = float(np.sum((noise / label_noise) ** 2))
    at = {"samples": noise.size}
    return Observations.of([Observation("squared_label_noise", square, noise.size, at, replicates=noise.size)])


def _distances(draws: Draws, batch_size: int, rng: Generator, count: int) -> Tally:
    """Draw batches; sum the deviations from the full gradient and their squared distances in the known metric."""
    batch = draws.batches(rng, count, batch_size)
    deviation = draws.values[:, batch].mean(axis=-1) - draws.mean[:, None]
    distance = np.sum(deviation * np.linalg.solve(_covariance(draws, batch_size), deviation), axis=0)
    return tally(count, {"deviation": deviation.sum(axis=1), **moments("distance", distance)})


def _covariance(draws: Draws, batch_size: int) -> Array:
    replacement = draws.exponent != 0.0
    return draws.spread * _share(draws.gradients.shape[-1], batch_size, replacement=replacement)


def _share(samples: int, batch_size: int, *, replacement: bool) -> float:
    """Return the covariance of a batch mean over that of one value (divisor n)."""
    return (1.0 if replacement else (samples - batch_size) / (samples - 1)) / batch_size


def _sampled_moments(draws: Draws, batch_size: int, found: Tally) -> Observations:
    dimension = len(draws.mean)
    at = {"samples": draws.gradients.shape[-1], "batch_size": batch_size}
    mean, covariance = found["deviation"] / found.replicates, _covariance(draws, batch_size)
    hotelling = found.replicates * float(mean @ np.linalg.solve(covariance, mean))
    distance, error = float(found.mean("distance")), float(found.standard_error("distance"))
    factor = float(batch_size * np.trace(covariance) / np.trace(draws.spread))
    score = (distance - dimension) / error
    without = (factor * distance - dimension) / (factor * error)
    return Observations.of(
        [
            Observation("hotelling", hotelling, dimension, at, replicates=found.replicates),
            Observation("variance_z", score, 0.0, at, standard_error=1.0, replicates=found.replicates),
            Observation("variance_z_without_factor", without, at=at, replicates=found.replicates),
        ]
    )


def _all_subsets(draws: Draws, batch_sizes: list[int]) -> Observations:
    samples = draws.gradients.shape[-1]

    def weight(batch: Indices) -> Array:
        return np.full(len(batch), 1.0 / math.comb(samples, batch.shape[-1]))

    found = [enumerated_moments(draws, subsets(samples, size), weight) for size in batch_sizes]
    return _compared(draws, batch_sizes, found, replacement=False)


def _all_tuples(draws: Draws, batch_sizes: list[int]) -> Observations:
    probabilities = draws.probabilities

    def weight(batch: Indices) -> Array:
        return np.asarray(probabilities[..., batch].prod(axis=-1))

    found = [enumerated_moments(draws, tuples(probabilities.shape[-1], size), weight) for size in batch_sizes]
    return _compared(draws, batch_sizes, found, replacement=True)


def _compared(draws: Draws, batch_sizes: list[int], found: list[Moments], *, replacement: bool) -> Observations:
    r"""Report the worst problem for each batch size. The bias of a batch is that of one draw, $\sum_ip_iw_i - g$."""
    samples = draws.gradients.shape[-1]
    scale = np.linalg.norm(draws.gradients, axis=-2).max(axis=-1)
    total = np.trace(draws.spread, axis1=-2, axis2=-1)
    single = np.sum(draws.probabilities[..., None, :] * draws.values, axis=-1) - draws.mean
    expected_bias = float((np.abs(single).max(axis=-1) / scale).max())
    observations, measured = [], {}
    for size, (bias, variance) in zip(batch_sizes, found, strict=True):
        at = {"batch_size": size, "replacement": replacement}
        relative, expected = variance / total, _share(samples, size, replacement=replacement)
        observations.append(Observation("relative_bias", float((np.abs(bias).max(axis=-1) / scale).max()), 0.0, at))
        observations.append(Observation("largest_bias", observations[-1].value, expected_bias, at))
        if expected:
            error = float(np.abs(relative / expected - 1.0).max())
            observations.append(Observation("variance_law_error", error, 0.0, at))
            measured[size] = relative
        else:
            observations.append(Observation("variance_at_full_batch", float(relative.max()), 0.0, at))
    sizes, shares = np.linspace(1.0, max(measured), 60), np.stack(list(measured.values()), axis=1)
    law = [_share(samples, size, replacement=replacement) for size in sizes]
    means = [float(relative.mean()) for relative in measured.values()]
    series = "with replacement" if replacement else "without replacement"
    return Observations.of(
        observations,
        [
            Curve("variance", series, "measured", list(measured), means).within(sample_interval(shares)),
            Curve("variance", series, "predicted", sizes, law),
        ],
    )


def _histogram(gradients: Array, batch_size: int, bins: int) -> Observations:
    """Draw the first component of all batch gradients of one problem, in standard deviations from the full gradient."""
    component, samples = gradients[0], gradients.shape[-1]
    width = math.sqrt(_share(samples, batch_size, replacement=False)) * float(component.std())
    means = np.concatenate([component[piece].mean(axis=-1) for piece in subsets(samples, batch_size)])
    deviations = (means - component.mean()) / width if width else means - component.mean()
    density, edges = np.histogram(deviations, bins, density=True)
    centre, normal = float(deviations.mean()), np.linspace(edges[0], edges[-1], 120)
    return Observations.of(
        curves=[
            Curve("histogram", "all batches", "measured", 0.5 * (edges[1:] + edges[:-1]), density),
            Curve(
                "histogram", "normal density", "predicted", normal, np.exp(-0.5 * normal**2) / math.sqrt(2 * math.pi)
            ),
            Curve("histogram", "their mean", "guide", [centre, centre], [0.0, float(density.max())]),
        ]
    )
