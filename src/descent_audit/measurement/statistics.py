"""Fits, intervals and levels that more than one claim needs."""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

FALSE_ALARM = 1e-6
"""Family-wise probability that a true claim misses any of its expectations, per claim and seed."""


def half_width(standard_error: float, tests: int = 1) -> float:
    """Return the half width of a two-sided normal interval at level ``FALSE_ALARM / tests`` (Bonferroni)."""
    return standard_error * NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * max(tests, 1)))


def loglog_slope(x: ArrayLike, y: ArrayLike) -> float:
    """Return the ordinary least-squares slope of log y against log x; both of shape ``(points,)``."""
    log_x, log_y = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    centred = log_x - log_x.mean()
    return float(centred @ log_y / (centred @ centred))
