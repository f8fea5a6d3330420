r"""Gradient descent at a minimum with a steep and a flat side: convergent up to $1/a + 1/b$, beyond $2/L$."""

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import final, iterate
from descent_audit.landscapes.asymmetric import AsymmetricQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.numerics.bisection import bisect

Array = NDArray[np.float64]
RENORMALISE = 20
"""Steps after which an iterate is scaled back to size 1 and the logarithm of its size added up."""
LEVELS = 5
"""Halvings that one run decides: 31 rates per cell cost little more than one."""


def asymmetric_threshold(
    *, steep_curvature: float, curvature_ratios: list[float], start: float, steps: int, halvings: int
) -> Observations:
    r"""Measure the rate beyond which $|x_N| > |x_0|$, for several ratios of the two curvatures $a \le b$.

    With $\eta a > 1$ every step crosses the minimum and two steps multiply x by $(\eta a - 1)(\eta b - 1)$, which is 1
    at $\eta_c = 1/a + 1/b$; in units of $2/L = 2/b$ this is $(1 + b/a)/2$.
    """
    ratios = np.array(curvature_ratios)
    loss = AsymmetricQuadratic(steep_curvature / ratios, steep_curvature)
    predicted = loss.critical_rate

    def grows(rates: Array) -> NDArray[np.bool_]:
        return ~(log_growth(loss, start, rates, steps) <= 0.0)

    measured = bisect(grows, 1.0 / steep_curvature, 3.0 * predicted, halvings=halvings, levels=LEVELS)
    stable = 2.0 / loss.smoothness
    observations = []
    for ratio, rate, expected, bound in zip(curvature_ratios, measured, predicted, stable, strict=True):
        at = {"curvature_ratio": ratio, "steps": steps}
        observations += [
            Observation("critical_rate", rate, expected, at),
            Observation("excess_over_two_over_L", rate / bound, expected / bound, at),
        ]
    line = np.geomspace(ratios.min(), ratios.max(), 60)
    curves = [
        Curve("excess", "critical rate", "measured", ratios, measured / stable),
        Curve("excess", "critical rate", "predicted", line, 0.5 * (1.0 + line)),
        Curve("excess", r"bound $2/L$", "guide", line, np.ones_like(line)),
    ]
    return Observations.of(observations, curves)


def decrease_beyond_bound(
    *, steep_curvature: float, curvature_ratio: float, relative_rate: float, start: float, steps: int
) -> Observations:
    r"""Count the steps that raise the loss at a rate beyond $2/L$, and report the loss that is left.

    From a start on the steep side the first step lands at $(1 - \eta b)x_0$ on the flat side, which changes the loss by
    the factor $(1 - \eta b)^2 a/b$; from there it falls by $(1 - \eta a)^2$ per step as long as $\eta a < 1$.
    """
    loss = AsymmetricQuadratic(steep_curvature / curvature_ratio, steep_curvature)
    rate = relative_rate / float(loss.smoothness)
    first = np.array(start)
    path = np.array([first, *iterate(loss.gradient, first, rate, steps)])
    losses = loss.value(path) / loss.value(first)
    landed = (1.0 - relative_rate) ** 2 / curvature_ratio
    predicted = landed * (1.0 - relative_rate / curvature_ratio) ** (2 * (steps - 1))
    at = {"curvature_ratio": curvature_ratio, "relative_rate": relative_rate, "steps": steps}
    shown = sample_steps(steps, 40)
    return Observations.of(
        [
            Observation("loss_increases", int(np.count_nonzero(np.diff(losses) > 0)), 0.0, at),
            Observation("final_loss_ratio", losses[-1], predicted, at),
        ],
        [
            Curve(
                "loss", rf"$\eta L$ = {relative_rate:g}, $b/a$ = {curvature_ratio:g}", "measured", shown, losses[shown]
            )
        ],
    )


def log_growth(loss: AsymmetricQuadratic, start: float, rates: Array, steps: int) -> Array:
    r"""Return $\ln(|x_N|/|x_0|)$ of the shape of ``rates``, without over- or underflow; minus infinity at $x_N = 0$."""
    x = np.full(rates.shape, np.sign(start))
    total = np.zeros(rates.shape)
    for done in range(0, steps, RENORMALISE):
        x = final(loss.gradient, x, rates, min(RENORMALISE, steps - done))
        size = np.abs(x)
        total += np.log(size)
        x = x / np.where(size > 0, size, 1.0)
    return total
