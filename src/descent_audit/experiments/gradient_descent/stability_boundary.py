r"""Gradient descent at exactly $2/L$: undamped on a quadratic, slowly convergent where curvature falls away."""

import math

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate, snapshots
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.quadratic import Quadratic, random_orthogonal, rotated_hessian
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]
SMALLEST, LARGEST = 1e-300, 1e300
"""Bounds between which a size is reported, so that its logarithm is a number."""


def boundary_oscillation(
    *,
    curvatures: list[float],
    relative_rate: float,
    steps: int,
    neutral_gap: float,
    neutral_steps: int,
    log_cosh_start: float,
    log_cosh_steps: list[int],
    drawn_steps: int,
    streams: Streams,
) -> Observations:
    r"""Follow a quadratic and $\log\cosh x$ at the learning rate $\eta$ given by $\eta L$, at the boundary 2.

    On the quadratic $x_{2k} \to Px_0$ and $x_{2k+1} \to -Px_0$ with P the projector on the top eigenspace, and the
    loss tends to $\tfrac L2\|Px_0\|^2$. On $\log\cosh x$, where $|x'| = |x|(1 - \tfrac23x^2 + \dots)$, the size falls
    like $\sqrt{3/(4k)}$.
    """
    spectrum, rng = np.array(curvatures), streams.generator("quadratic")
    basis = random_orthogonal(len(spectrum), rng)
    start = rng.standard_normal(len(spectrum))
    return (
        _quadratic_limits(spectrum, basis, start, relative_rate, steps)
        + _neutral_gap(spectrum.max(), relative_rate, neutral_gap, neutral_steps)
        + _log_cosh_decay(relative_rate, log_cosh_start, log_cosh_steps)
        + _drawn_oscillation(relative_rate, drawn_steps)
    )


def _quadratic_limits(spectrum: Array, basis: Array, start: Array, relative_rate: float, steps: int) -> Observations:
    r"""Compare an even and the next odd iterate, and the loss, with their limits at the boundary.

    With c the start in the basis, the components after N steps are exactly $(1 - \eta\lambda_j)^N c_j$: they predict
    the size and the distances from the limits, whose components are $\pm c_j$ in the top eigenspace and 0 elsewhere.
    """
    loss, smoothness, even_steps = Quadratic(rotated_hessian(spectrum, basis)), spectrum.max(), steps - steps % 2
    top = basis[:, spectrum == smoothness]
    limit = top @ (top.T @ start)
    size = float(np.linalg.norm(limit))
    even = final(loss.gradient, start, relative_rate / smoothness, even_steps)
    odd = final(loss.gradient, even, relative_rate / smoothness, 1)
    factors, components = 1.0 - relative_rate * spectrum / smoothness, basis.T @ start
    modes = np.log(np.abs(components)) + even_steps * np.log(np.abs(factors))
    kept, late = components * (spectrum == smoothness), components * factors**even_steps
    even_gap, odd_gap = np.linalg.norm([late - kept, factors * late + kept], axis=1) / size
    predicted = 0.5 * np.logaddexp.reduce(2.0 * modes) - math.log(size)
    at = {"relative_rate": relative_rate, "steps": even_steps}
    return Observations.of(
        [
            Observation("even_limit_distance", float(np.linalg.norm(even - limit)) / size, even_gap, at),
            Observation("odd_limit_distance", float(np.linalg.norm(odd + limit)) / size, odd_gap, at),
            Observation("limit_loss_ratio", loss.value(even) / (0.5 * smoothness * size**2), 1.0, at),
            Observation(
                "final_size_decades", _decades(float(np.linalg.norm(even)) / size), predicted / math.log(10.0), at
            ),
        ]
    )


def _neutral_gap(curvature: float, relative_rate: float, gap: float, steps: int) -> Observations:
    """Return the distance of two runs that start a gap apart; where perturbations are neutral it keeps its size."""
    end = final(lambda x: curvature * x, np.array([1.0, 1.0 + gap]), relative_rate / curvature, steps)
    at = {"relative_rate": relative_rate, "steps": steps}
    return Observations.of([Observation("neutral_gap", abs(end[1] - end[0]), gap, at)])


def _log_cosh_decay(relative_rate: float, start: float, steps: list[int]) -> Observations:
    """Compare the size with its law; the smoothness of log cosh is 1, so that the relative rate is the rate."""
    last = max(steps)
    shown = sorted({*sample_steps(last, 40, log=True).tolist(), *steps})
    path = iterate(LogCosh().gradient, np.array(start), relative_rate, last)
    size = dict(zip(shown, np.abs(snapshots(path, shown)).tolist(), strict=True))
    observations = [
        Observation("sublinear_ratio", size[k] / math.sqrt(0.75 / k), 1.0, {"relative_rate": relative_rate, "steps": k})
        for k in sorted(steps)
    ]
    law = np.sqrt(0.75 / np.array(shown))
    curves = [
        Curve("size", "log cosh", "measured", shown, list(size.values())),
        Curve("size", "log cosh", "predicted", shown, law),
    ]
    return Observations.of(observations, curves)


def _drawn_oscillation(relative_rate: float, steps: int) -> Observations:
    shown = sample_steps(steps, 40, log=True)
    size = np.abs(snapshots(iterate(lambda x: x, np.array(1.0), relative_rate, steps), shown))
    return Observations.of(curves=[Curve("size", "quadratic", "guide", shown, np.clip(size, SMALLEST, LARGEST))])


def _decades(size: float) -> float:
    return math.log10(min(max(size, SMALLEST), LARGEST))
