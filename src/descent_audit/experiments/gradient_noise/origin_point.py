"""The critical point of a deep tanh network at which all its hidden units are idle."""

from dataclasses import replace

import numpy as np

from descent_audit.measurement.observations import Observation, Observations
from descent_audit.networks.deep_tanh import DeepTanhNetwork
from descent_audit.networks.penalised_fit import regression_fit


def idle_network(
    *,
    hidden_units: list[int],
    samples: int,
    interval: float,
    frequency: float,
    slope: float,
    penalty: float,
    target_shifts: list[float],
) -> Observations:
    r"""Measure gradient and Hessian of the penalised fit at $p = 0$ but $b_3 = \bar y/(1 + \delta)$, per shift of y.

    The residual has the mean $b_3 - \bar y = -\delta\bar y/(1 + \delta)$ there, the only coupling in the Hessian is
    that of $w_3$ with $b_2$ by this number, and all else is $\delta$ or more: the smallest eigenvalue is
    $\delta\,(1 - \frac{|\bar y|}{1 + \delta})$, a strict minimum or, for $|\bar y| > 1 + \delta$, a saddle.
    """
    unshifted = regression_fit(DeepTanhNetwork(*hidden_units), samples, interval, frequency, slope, penalty)
    observations = []
    for shift in target_shifts:
        fit = replace(unshifted, targets=unshifted.targets + shift)
        mean = float(fit.targets.mean())
        point = mean / (1.0 + penalty) * fit.basis[-1]
        eigenvalue = float(np.linalg.eigvalsh(fit.hessian(point))[0])
        expected = penalty * (1.0 - abs(mean) / (1.0 + penalty))
        at = {"target_shift": shift}
        observations += [
            Observation("origin_gradient", float(np.linalg.norm(fit.gradient(point))), 0.0, at),
            Observation("origin_eigenvalue", eigenvalue, expected, at),
        ]
    return Observations.of(observations)
