"""The same maximal rate with and without warmup, in a loss whose basins are finite."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import Schedule, scheduled
from descent_audit.dynamics.schedules import constant, linear_warmup
from descent_audit.landscapes.cosine_well import CosineWell
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps

Array = NDArray[np.float64]

OUTCOMES = {False: "stays in the basin", True: "leaves the basin"}
"""How a figure calls a path by whether it left."""


def basin_retention(
    *,
    learning_rate: float,
    high_curvature: float,
    low_curvature: float,
    high_steps: int,
    warmup_steps: int,
    steps: int,
    nearest: float,
    furthest: float,
    starts: int,
    drawn_starts: int,
    drawn_steps: int,
) -> Observations:
    r"""Measure the fraction of starts that ever leave $|w| < \pi$, at a constant rate and with warmup.

    The loss is $a_k(1 - \cos w)$, its curvature high for the first ``high_steps`` steps. With warmup no step
    expands while $\eta_k a_k \le 2$, since then $|w - \eta a \sin w| \le |w|$: nothing leaves if $K \le 2S/c$.
    At a constant rate one step reaches $\sqrt{c^2 - 1} - \arccos(1/c)$, beyond the border for $c > 4.6033$. ``starts``
    points are spread evenly over [``nearest``, ``furthest``].
    """
    start = np.linspace(nearest, furthest, starts)
    every = -(-starts // drawn_starts)
    schedules: dict[str, Schedule] = {
        "constant": partial(constant, learning_rate=learning_rate),
        "warmup": partial(linear_warmup, learning_rate=learning_rate, warmup_steps=warmup_steps),
    }
    left, curves = {}, []
    for name, schedule in schedules.items():
        left[name], drawn = _run(schedule, (high_curvature, low_curvature), high_steps, start, steps, drawn_steps)
        curves += _drawn(name, drawn[:, ::every])
    return Observations.of(
        [
            Observation("left_fraction_constant", float(np.mean(left["constant"])), replicates=starts),
            Observation("left_fraction_warmup", float(np.mean(left["warmup"])), 0.0, replicates=starts),
        ],
        curves,
    )


def _run(
    schedule: Schedule, curvatures: tuple[float, float], high_steps: int, start: Array, steps: int, drawn_steps: int
) -> tuple[NDArray[np.bool_], Array]:
    """Return which starts ever left the basin, ``(starts,)``, and the first points, ``(drawn + 1, starts)``."""
    early, late = (CosineWell(curvature) for curvature in curvatures)
    left, drawn = np.zeros(start.shape, dtype=bool), [start]
    path = scheduled(lambda w, k: (early if k <= high_steps else late).gradient(w), start, schedule, steps)
    for k, w in enumerate(path, 1):
        left |= ~(np.abs(w) < CosineWell.basin_radius)
        if k <= drawn_steps:
            drawn.append(w)
    return left, np.array(drawn)


def _drawn(panel: str, path: Array) -> list[Curve]:
    last, border = len(path) - 1, CosineWell.basin_radius
    shown = sample_steps(last, 41)
    gap = [np.nan]  # ends the line of one start
    points = [
        Curve(panel, OUTCOMES[bool(np.any(np.abs(w) >= border))], "measured", [*shown, *gap], [*w[shown], *gap])
        for w in path.T
    ]
    steps, sides = [0, last, *gap] * 2, [-border, -border, *gap, border, border, *gap]
    return [*points, Curve(panel, "border of the basin", "guide", steps, sides)]
