"""Preconditioned descent: the inverse Hessian, in one step, and its limits in floating point and off quadratics."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate, last
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.quadratic import Quadratic, geometric_spectrum, random_orthogonal, rotated_hessian
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.bisection import bisect
from descent_audit.optimizers.preconditioned_descent import PreconditionedDescent

Array = NDArray[np.float64]
Precondition = Callable[[Array], Array]
EPSILON = 2.0**-52
"""Rounding unit of double precision."""
OVERFLOW = 20.0
r"""Beyond this $|x|$ a Newton iterate on $\log\cosh$ counts as diverged; the next one would overflow."""
FAR = 1048576.0
"""Size of the start in the new coordinates, a power of two: a relative deviation keeps every bit, another one grows."""
IDEAL = ("eigendecomposition", "inverse", "solve")
"""Three ways to the inverse Hessian."""
DRAWN = {
    "eigendecomposition": "eigenvectors",
    "inverse": "inverse",
    "solve": "solve",
    "hessian": "$P = H$",
    "perturbed": "perturbed",
}


def one_step(
    *,
    condition_numbers: list[float],
    dimension: int,
    preconditioners: list[Literal["eigendecomposition", "inverse", "solve", "hessian", "perturbed"]],
    perturbation: float,
    identity_condition_number: float,
    identity_steps: int,
    streams: Streams,
) -> Observations:
    r"""Take one unit step $x_1 = x_0 - PHx_0$ and compare preconditioned descent with descent in new coordinates.

    With $P = H^{-1}$ the step ends at the minimum; rounding leaves $\|x_1\|/\|x_0\|$ of the order of
    $\varepsilon_{\rm mach}\kappa$ (Higham 2002, chapter 14). With $P = CC^\top$ and $u = C^{-1}x$ the step is
    one of gradient descent on $f(Cu)$.
    """
    observations, curves = [], []
    for kind in preconditioners:
        errors = [_one_step_error(kappa, dimension, kind, perturbation, streams) for kappa in condition_numbers]
        for condition_number, error in zip(condition_numbers, errors, strict=True):
            at = {"condition_number": condition_number, "preconditioner": kind}
            scaled = error / (EPSILON * condition_number)
            observations.append(Observation("one_step_error", error, 0.0 if kind in IDEAL else None, at))
            observations.append(Observation("error_over_eps_kappa", scaled, None, at))
        curves.append(Curve("one_step_error", DRAWN[kind], "measured", condition_numbers, errors))
    grid = np.array([min(condition_numbers), max(condition_numbers)])
    curves.append(Curve("one_step_error", r"$\varepsilon\kappa$", "guide", grid, EPSILON * grid))
    return Observations.of(observations, curves) + _identities(
        identity_condition_number, dimension, preconditioners, perturbation, identity_steps, streams
    )


def newton_on_log_cosh(
    *,
    lowest_start: float,
    highest_start: float,
    halvings: int,
    newton_steps: int,
    compared_starts: list[float],
    plain_steps: int,
) -> Observations:
    r"""Bisect the start beyond which Newton's method on $\log\cosh x$ diverges, and run plain descent from the same.

    $f'' = 1 - f'^2$ makes the step $x' = x - \tfrac12\sinh 2x$. It maps x to $-x$ where $\sinh 2x = 4x$; from
    beyond that point $|x|$ grows at every step. Gradient descent at $1/L$ converges from everywhere.
    """
    threshold = bisect(
        lambda start: _newton_distance(start, newton_steps) >= OVERFLOW, lowest_start, highest_start, halvings=halvings
    )
    root = bisect(lambda x: np.sinh(2 * x) > 4 * x, lowest_start, highest_start, halvings=halvings)
    starts = np.array(compared_starts)
    plain = np.abs(final(LogCosh().gradient, starts, 1.0, plain_steps))
    observations = [Observation("newton_threshold", threshold[0], float(root[0]))]
    for start, newton, descent in zip(compared_starts, _newton_distance(starts, newton_steps), plain, strict=True):
        observations.append(Observation("newton_final_distance", newton, at={"start": start}))
        observations.append(Observation("plain_final_distance", descent, at={"start": start}))
    return Observations.of(observations)


def preconditioner(hessian: Array, kind: str, perturbation: float, rng: Generator) -> Precondition:
    r"""Return the map from a gradient to $P$ times it, for one way to make $P$.

    ``eigendecomposition``, ``inverse`` and ``solve`` are three routes to $H^{-1}$; ``hessian`` is $P = H$, and
    ``perturbed`` the inverse with each eigenvalue changed by up to ``perturbation`` of itself.
    ``inverse`` is applied from the right, as ``numpy.linalg.inv`` solves $HX = I$: $HX - I$ is of the order of
    $\varepsilon_{\rm mach}\kappa$, $XH - I$ may be larger by up to $\kappa$ (Higham 2002, chapter 14).
    """
    if kind == "solve":
        return lambda gradient: np.asarray(np.linalg.solve(hessian, gradient), dtype=float)
    if kind == "hessian":
        return lambda gradient: hessian @ gradient
    if kind == "inverse":
        inverse = np.linalg.inv(hessian)
        return lambda gradient: gradient @ inverse
    curvatures, basis = np.linalg.eigh(hessian)
    change = rng.uniform(-perturbation, perturbation, len(hessian)) if kind == "perturbed" else 0.0
    rebuilt = (basis * (1 + change) / curvatures) @ basis.T
    return lambda gradient: rebuilt @ gradient


def _problem(condition_number: float, dimension: int, rng: Generator) -> tuple[Array, Array]:
    """Return a Hessian in a random basis and a random start."""
    spectrum = geometric_spectrum(1 / condition_number, 1.0, dimension)
    return rotated_hessian(spectrum, random_orthogonal(dimension, rng)), rng.standard_normal(dimension)


def _one_step_error(condition_number: float, dimension: int, kind: str, perturbation: float, streams: Streams) -> float:
    cell = f"condition_number={condition_number:g}"
    hessian, start = _problem(condition_number, dimension, streams.generator(cell))
    rule = PreconditionedDescent(preconditioner(hessian, kind, perturbation, streams.generator(f"perturbation {cell}")))
    end = next(iterate(Quadratic(hessian).gradient, start, 1.0, 1, rule))
    return float(np.linalg.norm(end) / np.linalg.norm(start))


def _identities(
    condition_number: float, dimension: int, kinds: Sequence[str], perturbation: float, steps: int, streams: Streams
) -> Observations:
    r"""Measure $\kappa(PH)$ for each $P$ (1 for the inverse, $\kappa^2$ for $H$), and the change of coordinates."""
    hessian, start = _problem(condition_number, dimension, streams.generator("identity"))
    at: dict[str, Scalar] = {"condition_number": condition_number, "steps": steps}
    observations = [Observation("transformed_deviation", _transformed_deviation(hessian, FAR * start, steps), 0.0, at)]
    for kind in kinds:
        precondition = preconditioner(hessian, kind, perturbation, streams.generator("identity perturbation"))
        predicted = {**dict.fromkeys(IDEAL, 1.0), "hessian": condition_number**2}.get(kind)
        condition = float(np.linalg.cond(precondition(hessian)))
        observations.append(
            Observation("preconditioned_condition", condition, predicted, {**at, "preconditioner": kind})
        )
    return Observations.of(observations)


def _transformed_deviation(hessian: Array, start: Array, steps: int) -> float:
    r"""Return the largest $\|x_k - Cu_k\|/\|x_k\|$ for the Jacobi preconditioner, $C = \mathrm{diag}(H)^{-1/2}$.

    The rate is $1/\lambda_{\max}(CHC)$; the unit step would be beyond twice that.
    """
    scale = 1 / np.sqrt(np.diag(hessian))
    transformed = Quadratic(hessian * np.outer(scale, scale))
    rate = 1 / transformed.smoothness
    rule = PreconditionedDescent(lambda gradient: scale**2 * gradient)
    preconditioned = iterate(Quadratic(hessian).gradient, start, rate, steps, rule)
    plain = iterate(transformed.gradient, start / scale, rate, steps)
    pairs = zip(preconditioned, plain, strict=True)
    return max(float(np.linalg.norm(x - scale * u) / np.linalg.norm(x)) for x, u in pairs)


def _newton_distance(start: Array, steps: int) -> Array:
    r"""Return $|x|$ after the steps, cut at ``OVERFLOW``; what overflowed on the way counts as that far."""
    rule = PreconditionedDescent(lambda gradient: gradient / (1 - gradient**2))
    end = last(iterate(LogCosh().gradient, start, 1.0, steps, rule), start)
    return np.where(np.abs(end) < OVERFLOW, np.abs(end), OVERFLOW)
