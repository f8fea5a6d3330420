"""Backtracking under the Armijo rule on smooth functions: how long it takes and how short its steps become."""

import math

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.backtracking import Armijo, LineSearch
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.schedules.armijo_limits import nonsmooth_search, pair_label, resolved, rounding_share
from descent_audit.experiments.smooth_functions import SmoothFunction, random_points, smooth_functions
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.intervals import binomial_interval
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]
SLACK = 1e-12
"""Relative room that the bounds leave to rounding."""
MARK = 0.05
"""Height of the lines that mark bounds in a histogram of shares."""


def step_bounds(
    *,
    optimizer: str,
    functions: list[str],
    dimensions: list[int],
    radii: list[float],
    condition_number: float,
    samples: int,
    pairs: list[list[float]],
    points: int,
    first_relative_rate: float,
    longest_search: int,
    rounding_multiple: float,
    exact_smoothness: list[float],
    exact_cells: int,
    exact_decreases: list[float],
    exact_shrinks: list[float],
    exact_first_step: float,
    exact_search: int,
    knife_edge: float,
    nonsmooth_exponent: float,
    nonsmooth_distances: list[float],
    nonsmooth_first_step: float,
    nonsmooth_decrease: float,
    nonsmooth_shrink: float,
    rounding_range: list[float],
    rounding_cells: int,
    rounding_points: int,
    streams: Streams,
) -> Observations:
    r"""Measure accepted steps and numbers of trials on smooth functions, on a parabola, and on a power below 2.

    The bounds are those of ``Armijo``. ``pairs`` lists c and $\tau$; ``exact_smoothness`` and ``rounding_range`` hold
    the ends of a range. Points whose squared gradient is below ``rounding_multiple`` times
    $L\varepsilon_{\rm mach}|f|$ are left out and counted: rounding decides there.
    """
    rule = update_rule(optimizer)
    smooth = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    starts = {}
    report = Observations()
    for function in smooth:
        x = random_points(function, points, streams.generator(f"points {function.name}"))
        kept = resolved(function, x, rounding_multiple * np.finfo(float).eps)
        skipped = Observation("skipped_points", int(np.sum(~kept)), at={"function": function.name}, replicates=points)
        starts[function.name], report = x[kept], report + Observations.of([skipped])
    for decrease, shrink in pairs:
        one = Armijo(decrease, shrink, longest_search, rule)
        report += _bounded(one, smooth, starts, first_relative_rate)
        report += rounding_share(one, first_relative_rate, rounding_range, cells=rounding_cells, points=rounding_points)
    report += Observations.of(curves=[Curve("steps", "$2/L$", "guide", [2.0, 2.0], [0.0, 1.0])])
    smoothness = np.geomspace(exact_smoothness[0], exact_smoothness[-1], exact_cells)
    for decrease in exact_decreases:
        for shrink in exact_shrinks:
            one = Armijo(decrease, shrink, exact_search, rule)
            report += _exact_counts(one, smoothness, exact_first_step, knife_edge)
    return report + nonsmooth_search(
        optimizer=optimizer,
        exponent=nonsmooth_exponent,
        distances=nonsmooth_distances,
        first_step=nonsmooth_first_step,
        sufficient_decrease=nonsmooth_decrease,
        shrink=nonsmooth_shrink,
        longest_search=exact_search,
    )


def long_steps(
    *,
    optimizer: str,
    functions: list[str],
    dimensions: list[int],
    radii: list[float],
    condition_number: float,
    samples: int,
    decrease: float,
    shrink: float,
    points: int,
    first_relative_rate: float,
    longest_search: int,
    streams: Streams,
) -> Observations:
    r"""Measure the share of all searches that end at a step beyond $2/L$, all functions together."""
    smooth = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    rule = Armijo(decrease, shrink, longest_search, update_rule(optimizer))
    long = []
    for function in smooth:
        x = random_points(function, points, streams.generator(f"points {function.name}"))
        first = first_relative_rate / function.smoothness
        found = rule.search(function.loss.value, x, function.loss.gradient(x), first)
        long.append(found.step > 2 / function.smoothness)
    at: dict[str, Scalar] = {"function": "all", "decrease": decrease, "shrink": shrink}
    share, searches = float(np.mean(long)), points * len(smooth)
    return Observations.of(
        [
            Observation("fraction_above_two_over_L", share, at=at, replicates=searches),
            Observation("searches", np.size(long), searches, at),
        ]
    )


def _bounded(
    rule: Armijo, smooth: list[SmoothFunction], starts: dict[str, Array], relative_rate: float
) -> Observations:
    """Report the searches from all starts on all functions against the bounds, and the lengths of their steps."""
    report, refused = Observations(), []
    for function in smooth:
        x, first = starts[function.name], relative_rate / function.smoothness
        found = rule.search(function.loss.value, x, function.loss.gradient(x), first)
        report += _violations(rule, found, function, first)
        refused.append(found.refused)
    return report + _histogram(rule, np.concatenate(refused), relative_rate)


def _violations(rule: Armijo, found: LineSearch, function: SmoothFunction, first: float) -> Observations:
    r"""Report the searches that miss a bound, and the share that ends beyond $2/L$.

    These are the ones that refuse fewer than $\ln(\alpha_0L/2)/\ln(1/\tau)$ steps.
    """
    at: dict[str, Scalar] = {
        "function": function.name, "decrease": rule.sufficient_decrease, "shrink": rule.shrink,
    }  # fmt: skip
    shortest = rule.shortest_step(first, function.smoothness) * (1 - SLACK)
    most = max(math.ceil(float(rule.trial_bound(first * function.smoothness)) + SLACK), 0)
    counts = (
        Observation("not_terminated", int(np.sum(~found.accepted)), 0.0, at),
        Observation("step_bound_violations", int(np.sum(~(found.step >= shortest))), 0.0, at),
        Observation("count_bound_violations", int(np.sum(found.refused > most)), 0.0, at),
    )
    above = float(np.sum(found.step > 2 / function.smoothness)) / max(len(found.step), 1)
    needed = math.log(first * function.smoothness / 2) / -math.log(rule.shrink)
    fewer = float(np.sum(found.refused < needed)) / max(len(found.step), 1)
    return Observations.of([*counts, Observation("fraction_above_two_over_L", above, fewer, at)])


def _histogram(rule: Armijo, refused: NDArray[np.int_], relative_rate: float) -> Observations:
    """Draw the share of searches that end at each length, of which there is one per trial, over the lower bound."""
    trials, counts = np.unique(refused, return_counts=True)
    share, label, bound = counts / len(refused), pair_label(rule), float(rule.shortest_step(relative_rate, 1.0))
    return Observations.of(
        curves=[
            Curve("steps", label, "measured", relative_rate * rule.shrink**trials, share).within(
                binomial_interval(counts, len(refused))
            ),
            Curve("steps", label, "predicted", [bound, bound], [0.0, MARK]),
        ]
    )


def _exact_counts(rule: Armijo, smoothness: Array, first: float, knife_edge: float) -> Observations:
    r"""Report on $\tfrac L2 x^2$ from 1 how many counts differ from the formula, and the largest of them.

    Where the formula's argument is within ``knife_edge`` of a whole number rounding decides: not compared, counted.
    """
    loss, x = DiagonalQuadratic(smoothness[:, None]), np.ones((len(smoothness), 1))
    found = rule.search(loss.value, x, loss.gradient(x), first)
    argument = rule.trial_bound(first * smoothness)
    edge = (np.abs(argument - np.round(argument)) < knife_edge) & (np.round(argument) >= 0)
    expected = np.maximum(np.ceil(argument), 0)[~edge]
    at: dict[str, Scalar] = {"decrease": rule.sufficient_decrease, "shrink": rule.shrink}
    return Observations.of(
        [
            Observation("exact_count_mismatches", int(np.sum(found.refused[~edge] != expected)), 0.0, at),
            Observation("largest_count", int(found.refused[~edge].max()), float(expected.max()), at),
            Observation("knife_edge_cells", int(np.sum(edge)), at=at),
        ]
    )
