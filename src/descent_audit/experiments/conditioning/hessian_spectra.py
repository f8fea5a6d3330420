"""How far the curvature of a regression spreads by chance, by correlation, and by features that are not centred."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.intervals import student_interval
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.numerics.bisection import bisect
from descent_audit.theory.spectrum_edges import samples_per_dimension, spectrum_edges, white_condition_number

Array = NDArray[np.float64]
STIFF_SHARE = 0.1
"""An eigenvalue below this share of the largest one is called flat."""
ROUNDING = 1.0e-9


def hessian_spectrum(
    *,
    correlations: list[float],
    samples: list[int],
    dimensions: list[int],
    draws: int,
    block_size: int,
    feature_dimensions: list[int],
    feature_units: list[int],
    crossing_condition_number: float,
    crossing_halvings: int,
    drawn_cell: int,
    drawn_bins: int,
    drawn_ratios: list[float],
    streams: Streams,
) -> Sampling:
    r"""Draw Hessians $H = X^\top X/n$, rows $N(0, C)$ with $C_{jk} = \rho^{|j-k|}$, a cell for each entry of the lists.

    Compared are the condition number with that of the limiting spectrum's edges, and two exact laws of finite size:
    with $v_1, v_d$ the extreme eigenvectors of C and $t_1, t_d$ its extreme eigenvalues, $n\,v_1^\top Hv_1/t_1$ is
    $\chi^2_n$ and $n/(t_d\,v_d^\top H^{-1}v_d)$ is $\chi^2_{n-d+1}$ (Muirhead 1982, section 3.2). Random ReLU features
    of standard normal inputs have the population Hessian of ``relu_kernel`` (Cho and Saul 2009).
    """
    for n, d in zip(samples, dimensions, strict=True):
        if not d < n:
            raise OutOfRange("samples", n, f"above {d}, the dimension: else the condition number is infinite")
    problems = list(zip(correlations, samples, dimensions, strict=True))
    edges = [spectrum_edges(population_spectrum(rho, d), d / n) for rho, n, d in problems]
    bins = _bins(edges[drawn_cell], drawn_bins)
    cells = [Cell(_name(problem), draws, block_size, partial(_drawn_hessians, *problem, bins)) for problem in problems]

    def report(tallies: Mapping[str, Tally]) -> Observations:
        found = Observations()
        for problem, edge in zip(problems, edges, strict=True):
            found += _compared(tallies[_name(problem)], problem, edge)
        return (
            found
            + _features(feature_dimensions, feature_units, streams)
            + _crossing(crossing_condition_number, crossing_halvings)
            + _spectrum(tallies[_name(problems[drawn_cell])], edges[drawn_cell], bins, problems[drawn_cell])
            + _white(tallies, problems, drawn_ratios, crossing_condition_number)
        )

    return Sampling(cells, report)


def covariance(correlation: float, dimension: int) -> Array:
    r"""Return $C_{jk} = \rho^{|j-k|}$, of shape ``(d, d)``; the identity at $\rho = 0$."""
    index = np.arange(dimension)
    return np.asarray(correlation ** np.abs(index[:, None] - index), dtype=float)


def population_spectrum(correlation: float, dimension: int) -> Array:
    """Return the eigenvalues of C, rising, of shape ``(d,)``."""
    return np.asarray(np.linalg.eigvalsh(covariance(correlation, dimension)), dtype=float)


def relu_kernel(directions: Array) -> Array:
    r"""Return $E\,\mathrm{relu}(w_i\cdot x)\,\mathrm{relu}(w_j\cdot x)$, x standard normal, unit rows w: ``(p, p)``."""
    cosine = np.clip(directions @ directions.T, -1.0, 1.0)
    angle = np.arccos(cosine)
    return np.asarray((np.sin(angle) + (np.pi - angle) * cosine) / (2.0 * np.pi))


def _name(problem: tuple[float, int, int]) -> str:
    return "correlation={}, samples={}, dimension={}".format(*problem)


def _at(problem: tuple[float, int, int]) -> dict[str, float | int]:
    return dict(zip(("correlation", "samples", "dimension"), problem, strict=True))


def _drawn_hessians(correlation: float, samples: int, dimension: int, bins: Array, rng: Generator, count: int) -> Tally:
    """Draw Hessians one by one and sum the logarithm of their condition number, both energies and the spectrum."""
    spectrum, vectors = np.linalg.eigh(covariance(correlation, dimension))
    root = np.asarray(np.linalg.cholesky(covariance(correlation, dimension)), dtype=float)
    rows = np.array([_statistics(rng, samples, root, spectrum, vectors) for _ in range(count)])
    eigenvalues = rows[:, 4:]
    sums = {
        **moments("log_condition", rows[:, 0]),
        "stiff": rows[:, 1].sum(),
        "flat": rows[:, 2].sum(),
        "violations": rows[:, 3].sum(),
        **moments("share", np.stack([np.histogram(one, bins)[0] for one in eigenvalues]) / dimension),
    }
    return tally(count, sums)


def _statistics(rng: Generator, samples: int, root: Array, spectrum: Array, vectors: Array) -> Array:
    """Return log condition number, both energies, whether the lower bound is violated, and the eigenvalues."""
    inputs = rng.standard_normal((samples, len(root))) @ root.T
    hessian = inputs.T @ inputs / samples
    eigenvalues = np.linalg.eigvalsh(hessian)
    first, last = vectors[:, -1], vectors[:, 0]
    along = float(first @ hessian @ first)
    against = float(last @ np.linalg.solve(hessian, last))
    condition = eigenvalues[-1] / eigenvalues[0]
    violated = condition < along * against * (1.0 - ROUNDING)
    stiff, flat = samples * along / spectrum[-1], samples / (spectrum[0] * against)
    return np.concatenate([[math.log(condition), stiff, flat, float(violated)], eigenvalues])


def _compared(found: Tally, problem: tuple[float, int, int], edges: tuple[float, float]) -> Observations:
    _, samples, dimension = problem
    at, draws = _at(problem), found.replicates
    population = population_spectrum(problem[0], dimension)
    condition = math.exp(float(found.mean("log_condition")))
    flat = float(np.mean(population < STIFF_SHARE * population[-1]))
    return Observations.of(
        [
            Observation("condition_number", condition, edges[1] / edges[0], at, replicates=draws),
            Observation("stiff_energy", float(found["stiff"]), draws * samples, at, replicates=draws),
            Observation("flat_energy", float(found["flat"]), draws * (samples - dimension + 1), at, replicates=draws),
            Observation("lower_bound_violations", int(found["violations"]), 0.0, at, replicates=draws),
            Observation("flat_share", flat, at=at),
        ]
    )


def _features(dimensions: list[int], units: list[int], streams: Streams) -> Observations:
    r"""Report $\lambda_{\max}/\bar\lambda$ of random ReLU features over its lower bound $p/\pi$."""
    found = []
    for q, p in zip(dimensions, units, strict=True):
        directions = streams.generator(f"features, inputs={q}, units={p}").standard_normal((p, q))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        spectrum = np.linalg.eigvalsh(relu_kernel(directions))
        top = float(spectrum[-1] / spectrum.mean())
        at = {"inputs": q, "units": p}
        found += [
            Observation("features_top_over_mean", top, at=at),
            Observation("features_top_over_bound", top * math.pi / p, at=at),
        ]
    return Observations.of(found)


def _crossing(condition_number: float, halvings: int) -> Observations:
    """Report the samples per dimension at which the condition number of white inputs falls below a number."""

    def below(ratio: Array) -> NDArray[np.bool_]:
        return np.asarray(white_condition_number(1.0 / ratio) < condition_number)

    (found,) = bisect(below, 1.5, 1.0e4, halvings=halvings)
    exact = samples_per_dimension(condition_number)
    return Observations.of([Observation("white_kappa_below_two", float(found), exact)])


def _bins(edges: tuple[float, float], count: int) -> Array:
    """Return borders of bins that hold the whole spectrum, in constant ratio."""
    return np.geomspace(0.5 * edges[0], 1.5 * edges[1], count + 1)


def _spectrum(found: Tally, edges: tuple[float, float], bins: Array, problem: tuple[float, int, int]) -> Observations:
    """Draw the share of eigenvalues in every bin that holds any, with the edges as predicted."""
    centres, share = np.sqrt(bins[1:] * bins[:-1]), found.mean("share")
    hit = share > 0.0
    top, gap = float(share.max()), math.nan
    marks = Curve("spectrum", f"$\\rho = {problem[0]:g}$", "measured", centres[hit], share[hit])
    return Observations.of(
        curves=[
            marks.within(mean_interval(found, "share").at(hit)),
            Curve(
                "spectrum",
                "edges",
                "predicted",
                [place for edge in edges for place in (edge, edge, gap)],
                [0.0, top, gap] * 2,
            ),
        ]
    )


def _white(
    tallies: Mapping[str, Tally], problems: list[tuple[float, int, int]], ratios: list[float], level: float
) -> Observations:
    """Draw condition numbers of white inputs against samples per dimension on their limit."""
    shown = np.geomspace(ratios[0], ratios[1], 60)
    curves = [
        Curve("white", "white inputs", "predicted", shown, white_condition_number(1.0 / shown)),
        Curve("white", f"$\\kappa = {level:g}$", "guide", shown[[0, -1]], [level, level]),
    ]
    for problem in problems:
        if problem[0] == 0.0:
            found = tallies[_name(problem)]
            at, mean = [problem[1] / problem[2]], np.atleast_1d(found.mean("log_condition"))
            interval = student_interval(mean, found.standard_error("log_condition"), found.replicates)
            curves.append(Curve("white", "white inputs", "measured", at, np.exp(mean)).within(interval.through(np.exp)))
    return Observations.of(curves=curves)
