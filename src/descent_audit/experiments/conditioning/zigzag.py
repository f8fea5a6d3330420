r"""The path of gradient descent down a narrow valley: its turns, its length, and how often it crosses the floor."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.conditioning.line_search import line_search_path
from descent_audit.experiments.iteration_counts import blocks
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar

Array = NDArray[np.float64]
SMOOTHNESS = 1.0
SMALLEST_COORDINATE = 1e-150
"""Below this the stiff coordinate is about to underflow, and its sign says nothing any more."""
SMALLEST_PRODUCT = 1e-200
"""Product of two step lengths below which their angle is not computed."""


def zigzag_path(
    *,
    condition_numbers: list[float],
    starts: list[Literal["diagonal", "balanced", "stiff_axis"]],
    relative_rate: float | Literal["optimal"],
    steps_per_condition_number: int,
    scan_condition_number: float,
    scan_relative_rates: list[float],
    scan_steps: int,
    line_search_condition_number: float,
    line_search_start: list[float],
    line_search_steps: int,
    drawn_condition_number: float,
    drawn_relative_rate: float,
    drawn_steps: int,
) -> Observations:
    r"""Follow paths on curvatures $1, 1/\kappa$ from $(1,1)$, $(1,\kappa)$ and $(1,0)$, the stiff coordinate first.

    At $2/(L+\mu)$ both coordinates are multiplied by $\pm\rho$, $\rho = (\kappa-1)/(\kappa+1)$. The angle between
    successive steps is then constant, $\cos = (x_2^2/\kappa^2 - x_1^2)/(x_2^2/\kappa^2 + x_1^2)$, and the path has
    the length $\sqrt{\kappa^2x_1^2 + x_2^2}$. The stiff coordinate changes sign at every step just where $\eta L > 1$.
    """
    return (
        _paths(condition_numbers, starts, relative_rate, steps_per_condition_number)
        + _scan(scan_condition_number, scan_relative_rates, scan_steps)
        + _line_search(line_search_condition_number, np.array(line_search_start), line_search_steps)
        + _drawn_paths(drawn_condition_number, drawn_relative_rate, drawn_steps)
    )


def start_point(start: str, condition_number: float) -> Array:
    r"""Return $(1,1)$, $(1,\kappa)$, whose gradient components are equal, or $(1,0)$, of shape ``(2,)``."""
    flat = {"diagonal": 1.0, "balanced": condition_number, "stiff_axis": 0.0}[start]
    return np.array([1.0, flat])


def turning_cosine(condition_number: float, start: Array) -> float:
    r"""Return the cosine between successive steps at $2/(L+\mu)$."""
    stiff, flat = start[0] ** 2, (start[1] / condition_number) ** 2
    return float((flat - stiff) / (flat + stiff))


def path_ratio(condition_number: float, start: Array, relative_rate: Array | float, steps: int) -> Array:
    r"""Return $\sum_k \|x_{k+1} - x_k\|/\|x_0\|$, of the shape of the rates.

    The step k has the components $\eta\lambda_j(1-\eta\lambda_j)^k x_{0,j}$; the sum is taken over the steps made.
    """
    products = np.atleast_1d(relative_rate)[:, None, None] * np.array([1.0, 1 / condition_number])
    powers = np.abs(1 - products) ** np.arange(steps, dtype=float)[:, None]
    lengths = np.linalg.norm(products * powers * start, axis=-1)
    return lengths.sum(axis=-1) / np.linalg.norm(start)


def line_search_factor(condition_number: float, start: Array) -> float:
    r"""Return the factor of the loss in every step of exact line search in the plane.

    It is $1 - \frac{(1 + q)^2}{(1 + q/\kappa)(1 + \kappa q)}$, where q is the square of the flat component of the
    gradient over the stiff one. Steps turn by right angles, so that q becomes $1/q$ and back.
    """
    q = (start[1] / (condition_number * start[0])) ** 2
    return float(1 - (1 + q) ** 2 / ((1 + q / condition_number) * (1 + condition_number * q)))


@dataclass(frozen=True, eq=False)
class Walk:
    """What is added up along paths; arrays of shape ``(cells,)``.

    ``crossings`` of the ``counted`` steps change the sign of the stiff coordinate. The turning cosines of a path lie
    between ``lowest_cosine`` and ``highest_cosine``.
    """

    length: Array
    crossings: Array
    counted: Array
    lowest_cosine: Array
    highest_cosine: Array


def walk(start: Array, path: Iterator[Array]) -> Walk:
    """Follow paths from ``start``, of shape ``(cells, 2)``, without keeping them."""
    length, crossings, counted = np.zeros((3, len(start)))
    lowest, highest = np.full(len(start), np.inf), np.full(len(start), -np.inf)
    last, moves = start[None], np.empty((0, *start.shape))
    for block in blocks(path):
        points = np.concatenate([last, block])
        length += np.linalg.norm(np.diff(points, axis=0), axis=-1).sum(axis=0)
        stiff = points[..., 0]
        visible = np.abs(stiff[1:]) >= SMALLEST_COORDINATE
        crossings += (visible & (np.sign(stiff[1:]) != np.sign(stiff[:-1]))).sum(axis=0)
        counted += visible.sum(axis=0)
        moves = np.concatenate([moves[-1:], np.diff(points, axis=0)])
        cosines = successive_cosines(moves)
        lowest = np.fmin(lowest, np.fmin.reduce(cosines, axis=0, initial=np.inf))
        highest = np.fmax(highest, np.fmax.reduce(cosines, axis=0, initial=-np.inf))
        last = block[-1:]
    return Walk(length, crossings, counted, lowest, highest)


def successive_cosines(vectors: Array) -> Array:
    """Return the cosines between neighbours of shape ``(steps - 1, ...)``; NaN where both are too short to tell."""
    sizes = np.linalg.norm(vectors, axis=-1)
    products = sizes[1:] * sizes[:-1]
    dots = np.sum(vectors[1:] * vectors[:-1], axis=-1)
    return np.where(products >= SMALLEST_PRODUCT, dots / np.maximum(products, SMALLEST_PRODUCT), np.nan)


def _paths(
    condition_numbers: list[float], starts: Sequence[str], relative_rate: float | Literal["optimal"], length: int
) -> Observations:
    observations = []
    for kappa in condition_numbers:
        rate = 2 / (1 + 1 / kappa) if isinstance(relative_rate, str) else relative_rate
        loss, steps = DiagonalQuadratic(np.array([1.0, 1 / kappa])), math.ceil(length * kappa)
        points = np.stack([start_point(name, kappa) for name in starts])
        found = walk(points, iterate(loss.gradient, points, rate / SMOOTHNESS, steps))
        for cell, (name, start) in enumerate(zip(starts, points, strict=True)):
            at: dict[str, Scalar] = {"condition_number": kappa, "start": name}
            ratio = found.length[cell] / np.linalg.norm(start)
            predicted = float(path_ratio(kappa, start, rate, steps)[0])
            if relative_rate == "optimal":
                predicted = math.hypot(kappa * start[0], start[1]) / math.hypot(*start)
                observations.append(_worst_turning(found, cell, turning_cosine(kappa, start), at))
            observations.append(Observation("path_ratio", ratio, predicted, at))
            observations.append(_flip_fraction(found, cell, rate, at))
    return Observations.of(observations)


def _worst_turning(found: Walk, cell: int, predicted: float, at: Mapping[str, Scalar]) -> Observation:
    extremes = found.lowest_cosine[cell], found.highest_cosine[cell]
    return Observation("turning_cosine", max(extremes, key=lambda cosine: abs(cosine - predicted)), predicted, at)


def _flip_fraction(found: Walk, cell: int, rate: float, at: Mapping[str, Scalar]) -> Observation:
    fraction = found.crossings[cell] / max(found.counted[cell], 1.0)
    return Observation("flip_fraction", fraction, float(rate > 1), at)


def _scan(kappa: float, relative_rates: list[float], steps: int) -> Observations:
    """Follow one path from (1, 1) per learning rate, all at once."""
    rates, start = np.array(relative_rates), np.ones(2)
    loss, starts = DiagonalQuadratic(np.array([1.0, 1 / kappa])), np.ones((len(rates), 2))
    found = walk(starts, iterate(loss.gradient, starts, rates[:, None] / SMOOTHNESS, steps))
    ratios = found.length / np.linalg.norm(start)
    observations = []
    for cell, predicted in enumerate(path_ratio(kappa, start, rates, steps)):
        at = {"condition_number": kappa, "relative_rate": relative_rates[cell]}
        observations.append(Observation("path_ratio", ratios[cell], float(predicted), at))
        observations.append(_flip_fraction(found, cell, relative_rates[cell], at))
    grid = 2 - np.geomspace(1.7, 0.015, 60)
    return Observations.of(
        observations,
        [
            Curve("path_ratio", "path from $(1, 1)$", "measured", rates, ratios),
            Curve("path_ratio", "path from $(1, 1)$", "predicted", grid, path_ratio(kappa, start, grid, steps)),
        ],
    )


def _line_search(kappa: float, start: Array, steps: int) -> Observations:
    loss = DiagonalQuadratic(np.array([1.0, 1 / kappa]))
    path = line_search_path(loss, start, steps)
    cosines = successive_cosines(loss.gradient(path))
    worst = float(np.max(np.abs(cosines[~np.isnan(cosines)])))
    decay = float(loss.value(path[-1]) / loss.value(start)) ** (1 / steps)
    at = {"condition_number": kappa}
    return Observations.of(
        [
            Observation("line_search_cosine", worst, 0.0, at),
            Observation("line_search_factor", decay, line_search_factor(kappa, start), at),
        ]
    )


def _drawn_paths(kappa: float, relative_rate: float, steps: int) -> Observations:
    r"""Draw two paths from $(1, \kappa)$ on halves of level sets; the flat coordinate is the horizontal one."""
    loss, start = DiagonalQuadratic(np.array([1.0, 1 / kappa])), start_point("balanced", kappa)
    turn = np.linspace(0, np.pi, 121)
    ellipse = np.stack([np.cos(turn), math.sqrt(kappa) * np.sin(turn)])
    curves: list[Curve] = []
    for label, rate in (
        (rf"$\eta L$ = {relative_rate:g}", relative_rate),
        (r"$\eta = 2/(L+\mu)$", 2 / (1 + 1 / kappa)),
    ):
        points = np.stack([start, *iterate(loss.gradient, start, rate / SMOOTHNESS, steps)])
        powers = (1 - rate * loss.curvatures) ** np.arange(steps + 1, dtype=float)[:, None]
        stiff, flat = ellipse * math.sqrt(2 * loss.value(points[len(curves) // 3]))
        curves += [
            Curve("paths", "level sets", "guide", flat, stiff),
            Curve("paths", label, "measured", points[:, 1], points[:, 0]),
            Curve("paths", label, "predicted", *(powers * start).T[::-1]),
        ]
    return Observations.of(curves=curves)
