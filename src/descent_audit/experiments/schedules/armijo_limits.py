"""Where the Armijo rule has no bound on its steps, where it accepts none, and where rounding decides."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.backtracking import Armijo
from descent_audit.dynamics.trajectories import update_rule
from descent_audit.experiments.smooth_functions import SmoothFunction, random_points, smooth_functions
from descent_audit.landscapes.power import Power
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.statistics import loglog_slope

Array = NDArray[np.float64]
SPARE = 4
"""Points drawn for each that is wanted where some do not qualify."""


def nonsmooth_search(
    *,
    optimizer: str,
    exponent: float,
    distances: list[float],
    first_step: float,
    sufficient_decrease: float,
    shrink: float,
    longest_search: int,
) -> Observations:
    r"""Measure the accepted step on $|x|^p$, $1 < p < 2$, close to the minimum: it vanishes like $|x|^{2-p}$.

    With $\alpha = s|x|^{2-p}$ the rule reads $|1 - ps|^p \le 1 - c\,p^2 s$, the same for every x: the search ends, but
    no positive bound holds for all steps. Steps come in powers of ``shrink``.
    """
    rule = Armijo(sufficient_decrease, shrink, longest_search, update_rule(optimizer))
    loss, x = Power(exponent), np.array(distances)[:, None]
    found = rule.search(loss.value, x, loss.gradient(x), first_step)
    near, far = np.argmin(distances), np.argmax(distances)
    at: dict[str, Scalar] = {"function": "power", "exponent": exponent}
    slope = found.step[far] * (np.sort(distances) / distances[far]) ** (2 - exponent)
    return Observations.of(
        [
            Observation("not_terminated", int(np.sum(~found.accepted)), 0.0, at, replicates=len(distances)),
            Observation("nonsmooth_step_exponent", loglog_slope(distances, found.step), 2 - exponent, at),
            Observation(
                "nonsmooth_step_ratio",
                found.step[near] / found.step[far],
                (distances[near] / distances[far]) ** (2 - exponent),
                at,
            ),
        ],
        [
            Curve("nonsmooth", "accepted step", "measured", distances, found.step),
            Curve("nonsmooth", "accepted step", "predicted", np.sort(distances), slope),
        ],
    )


def uphill_search(
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
    resolution: float,
    streams: Streams,
) -> Observations:
    r"""Search along the ascent direction of convex functions, where no step lowers the loss.

    Only points with $\|\nabla f\|^2$ above ``resolution`` times $L|f|$ are taken: there even the shortest trial changes
    the loss by more than its rounding, so that none is accepted for not having moved.
    """
    smooth = smooth_functions(
        functions, dimensions, radii, condition_number=condition_number, samples=samples, streams=streams
    )
    report = Observations()
    for function in smooth:
        x = random_points(function, SPARE * points, streams.generator(f"points {function.name}"))
        x = x[resolved(function, x, resolution)][:points]
        gradient = function.loss.gradient(x)
        for decrease, shrink in pairs:
            rule = Armijo(decrease, shrink, longest_search, update_rule(optimizer))
            first = first_relative_rate / function.smoothness
            found = rule.search(function.loss.value, x, gradient, first, direction=gradient)
            at: dict[str, Scalar] = {"function": function.name, "decrease": decrease, "shrink": shrink}
            report += _refusals(found.accepted, at)
    return report


def excessive_decrease(
    *,
    optimizer: str,
    starts: list[float],
    sufficient_decrease: float,
    shrinks: list[float],
    first_relative_rate: float,
    longest_search: int,
) -> Observations:
    r"""Demand more than the slope promises, c > 1, on $1 + \tfrac12x^2$: a convex function never gives that much."""
    x, report = np.array(starts)[:, None], Observations()
    for shrink in shrinks:
        rule = Armijo(sufficient_decrease, shrink, longest_search, update_rule(optimizer))
        found = rule.search(_raised_parabola, x, x, first_relative_rate)
        report += _refusals(found.accepted, {"decrease": sufficient_decrease, "shrink": shrink})
    return report


def kinked_search(
    *,
    optimizer: str,
    slopes: list[float],
    start: list[float],
    subgradient: list[float],
    pairs: list[list[float]],
    first_relative_rate: float,
    longest_search: int,
) -> Observations:
    r"""Search along a subgradient of $\sum_j b_j|x_j|$ on a kink: a step against it need not lower the loss.

    At (1, 0) on $|x_1| + 2|x_2|$ the vector (1, 2) is a subgradient, yet a step against it gains $\alpha$ in the first
    coordinate and loses $4\alpha$ in the second. ``first_relative_rate`` is the first step: there is no L to measure
    it by.
    """
    x, g, weights, report = np.array([start]), np.array([subgradient]), np.array(slopes), Observations()
    for decrease, shrink in pairs:
        rule = Armijo(decrease, shrink, longest_search, update_rule(optimizer))
        found = rule.search(lambda y: np.sum(weights * np.abs(y), axis=-1), x, g, first_relative_rate)
        report += _refusals(found.accepted, {"decrease": decrease, "shrink": shrink})
    return report


def resolved(function: SmoothFunction, x: Array, multiple: float) -> NDArray[np.bool_]:
    r"""Return at which points $\|\nabla f\|^2$ exceeds a multiple of $L|f|$, the more the less rounding matters."""
    size = np.sum(function.loss.gradient(x) ** 2, axis=-1)
    return size > multiple * function.smoothness * np.abs(function.loss.value(x))


def rounding_share(rule: Armijo, first_step: float, ends: list[float], *, cells: int, points: int) -> Observations:
    r"""Return the share of steps below the bound on $1 + \tfrac12x^2$ where rounding can decide.

    The axis is $\|\nabla f\|^2/(L\varepsilon_{\rm mach}|f|)$, from ``ends[0]`` to ``ends[1]`` in ``cells`` cells of
    ``points`` points each, equally spaced in the logarithm.
    """
    edges = np.geomspace(ends[0], ends[-1], cells + 1)
    spread = np.geomspace(edges[:-1], edges[1:], points, endpoint=False, axis=-1)
    x = np.sqrt(spread.ravel() * np.finfo(float).eps)[:, None]
    found = rule.search(_raised_parabola, x, x, first_step)
    short = found.step < rule.shortest_step(first_step, 1.0) * (1 - 1e-12)
    share = short.reshape(cells, points).mean(axis=-1)
    return Observations.of(
        curves=[Curve("rounding", pair_label(rule), "measured", np.sqrt(edges[:-1] * edges[1:]), share)]
    )


def pair_label(rule: Armijo) -> str:
    """Return the two constants of a rule as they are drawn."""
    return rf"$c$ = {rule.sufficient_decrease:g}, $\tau$ = {rule.shrink:g}"


def _raised_parabola(x: Array) -> Array:
    return 1.0 + 0.5 * np.sum(x * x, axis=-1)


def _refusals(accepted: NDArray[np.bool_], at: dict[str, Scalar]) -> Observations:
    """Report how many searches were cut off and how many ended."""
    return Observations.of(
        [
            Observation("not_terminated", int(np.sum(~accepted)), 0.0, at, replicates=len(accepted)),
            Observation("accepted_points", int(np.sum(accepted)), at=at, replicates=len(accepted)),
        ]
    )
