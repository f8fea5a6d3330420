"""What an experiment reports: named quantities with their predictions, and the curves to draw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from descent_audit.measurement.intervals import Interval

Role = Literal["measured", "predicted", "guide"]
Scalar = int | float | str | bool


@dataclass(frozen=True)
class Observation:
    """One measured number.

    ``predicted`` is the value in closed form or from an exact reference, ``None`` where there is none.
    ``at`` names the parameter point. ``standard_error`` is ``None`` for a number without sampling error,
    and ``replicates`` counts the independent repetitions behind it.
    """

    quantity: str
    value: float
    predicted: float | None = None
    at: Mapping[str, Scalar] = field(default_factory=dict)
    standard_error: float | None = None
    replicates: int = 1


@dataclass(frozen=True, eq=False)
class Curve:
    """One series of a panel: ``x`` and ``y`` of shape ``(points,)``, on a map also ``value``.

    ``low`` and ``high`` are the ends of the 95 % interval of every mark that is estimated from replicates.
    """

    panel: str
    series: str
    role: Role
    x: ArrayLike
    y: ArrayLike
    value: ArrayLike | None = None
    low: ArrayLike | None = None
    high: ArrayLike | None = None

    def within(self, interval: Interval) -> "Curve":
        """Return the curve with the intervals of its marks."""
        return replace(self, low=interval.low, high=interval.high)


@dataclass(frozen=True)
class Observations:
    """All that one run of an experiment reports; ``+`` joins the reports of its parts."""

    measured: tuple[Observation, ...] = ()
    curves: tuple[Curve, ...] = ()

    @classmethod
    def of(cls, measured: Iterable[Observation] = (), curves: Iterable[Curve] = ()) -> "Observations":
        """Return a report of the given observations and curves."""
        return cls(tuple(measured), tuple(curves))

    def __add__(self, other: "Observations") -> "Observations":
        """Return both reports as one."""
        return Observations(self.measured + other.measured, self.curves + other.curves)


def sample_steps(last: int, points: int = 60, *, log: bool = False) -> np.ndarray:
    """Return at most ``points`` distinct steps from 0 (1 where ``log``) to ``last``, spread evenly.

    A drawn curve needs no more; it keeps the curve files small whatever the length of the run.
    """
    steps = np.geomspace(1, max(last, 1), points) if log else np.linspace(0, last, points)
    return np.unique(np.rint(steps).astype(int))
