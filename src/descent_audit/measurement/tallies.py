"""Block statistics that merge without rounding: no grouping and no order of the blocks changes a bit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.measurement.intervals import Interval, student_interval

Array = NDArray[np.float64]
UNIT_EXPONENT = 1074
"""Every finite double is a whole multiple of 2**-1074, the smallest subnormal one."""
UNITS = 1 << UNIT_EXPONENT
"""Units in the number one."""


@dataclass(frozen=True, eq=False)
class ExactSum:
    """The exact sum of doubles, entry by entry, as whole multiples of 2**-1074.

    ``multiples`` holds Python integers, ``nonfinite`` the sum of what was infinite or NaN; both of one shape. Addition
    is exact, hence commutative and associative, and the rounding to doubles comes once, at the end.
    """

    multiples: NDArray[np.object_]
    nonfinite: Array

    @classmethod
    def of(cls, values: ArrayLike) -> "ExactSum":
        """Return the sum whose only terms are ``values``, one per entry."""
        array = np.asarray(values, dtype=float)
        finite = np.isfinite(array)
        mantissa, exponent = np.frexp(np.where(finite, array, 0.0))
        whole = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
        shift = np.maximum(exponent.astype(np.int64) - 53 + UNIT_EXPONENT, 0).astype(object)
        dropped = np.maximum(53 - UNIT_EXPONENT - exponent.astype(np.int64), 0).astype(object)
        return cls(np.asarray((whole << shift) >> dropped, dtype=object), np.where(finite, 0.0, array))

    def __add__(self, other: "ExactSum") -> "ExactSum":
        """Return the sum of all terms of both."""
        with np.errstate(invalid="ignore"):
            return ExactSum(
                np.asarray(self.multiples + other.multiples, dtype=object), self.nonfinite + other.nonfinite
            )

    def rounded(self) -> Array:
        """Return the double next to each sum; infinite or NaN where a term was."""
        nearest = np.array([_nearest(multiple) for multiple in self.multiples.ravel()])
        return nearest.reshape(self.nonfinite.shape) + self.nonfinite


@dataclass(frozen=True, eq=False)
class Tally:
    """What one or more blocks found: their number of replicates, exact sums and largest values, by name.

    ``tally[name]`` is a sum as an array of doubles; a count stays a whole number up to 2**53.
    """

    replicates: int
    sums: Mapping[str, ExactSum] = field(default_factory=dict)
    largest: Mapping[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        """Return a sum over all replicates."""
        return self.sums[name].rounded()

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of both: replicates and sums added, of the largest the larger (NaN stays)."""
        return Tally(
            self.replicates + other.replicates,
            {name: total + other.sums[name] for name, total in self.sums.items()},
            {name: np.maximum(value, other.largest[name]) for name, value in self.largest.items()},
        )

    def mean(self, name: str) -> Array:
        """Return the mean over replicates of what ``moments`` summed under this name."""
        return self[name] / self.replicates

    def standard_error(self, name: str) -> Array:
        """Return the standard error of that mean from the spread of the replicates (divisor n - 1)."""
        mean = self.mean(name)
        spread = np.maximum(self[f"{name}_squared"] / self.replicates - mean * mean, 0.0)
        return np.sqrt(spread / (self.replicates - 1))


def tally(
    replicates: int, sums: Mapping[str, ArrayLike] | None = None, largest: Mapping[str, ArrayLike] | None = None
) -> Tally:
    """Return what one block found; every value is already the sum (or the largest) over the block's replicates."""
    return Tally(
        replicates,
        {name: ExactSum.of(value) for name, value in (sums or {}).items()},
        {name: np.asarray(value, dtype=float) for name, value in (largest or {}).items()},
    )


def mean_interval(found: Tally, name: str) -> Interval:
    """Return Student's interval of a mean over replicates, of which ``moments`` made the sums."""
    return student_interval(found.mean(name), found.standard_error(name), found.replicates)


def positive_mean_interval(found: Tally, name: str) -> Interval:
    """Return the interval of a mean of positive numbers: Student's of its logarithm, whose error is the relative one.

    It stays positive where few replicates make up the sum, and is too short all the same where rarer ones would.
    """
    mean = found.mean(name)
    factor = student_interval(0.0, found.standard_error(name) / mean, found.replicates)
    return factor.through(lambda log: mean * np.exp(log))


def moments(name: str, values: Array) -> dict[str, Array]:
    """Return the sums behind ``Tally.mean`` and ``Tally.standard_error`` of values ``(replicates, ...)``."""
    return {name: values.sum(axis=0), f"{name}_squared": np.sum(values * values, axis=0)}


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the tally of all; the order makes no difference."""
    return reduce(Tally.__add__, tallies)


def to_plain(found: Tally) -> dict[str, Any]:
    """Return a tally as JSON holds it: whole numbers as hexadecimal text, doubles as their shortest text."""
    return {
        "replicates": found.replicates,
        "sums": {
            name: {
                "multiples": [f"{multiple:x}" for multiple in total.multiples.ravel()],
                "nonfinite": [repr(value) for value in total.nonfinite.ravel().tolist() if value != 0.0],
                "at": np.flatnonzero(total.nonfinite).tolist(),
                "shape": list(total.nonfinite.shape),
            }
            for name, total in found.sums.items()
        },
        "largest": {
            name: {"values": [repr(entry) for entry in value.ravel().tolist()], "shape": list(value.shape)}
            for name, value in found.largest.items()
        },
    }


def from_plain(document: Mapping[str, Any]) -> Tally:
    """Return the tally that ``to_plain`` wrote. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for any other."""
    return Tally(
        int(document["replicates"]),
        {name: _exact(entry) for name, entry in document["sums"].items()},
        {name: _doubles(entry["values"], entry["shape"]) for name, entry in document["largest"].items()},
    )


def _exact(entry: Mapping[str, Any]) -> ExactSum:
    shape = tuple(entry["shape"])
    multiples = np.empty(len(entry["multiples"]), dtype=object)
    multiples[:] = [int(text, 16) for text in entry["multiples"]]
    nonfinite = np.zeros(len(multiples))
    nonfinite[entry["at"]] = [float(text) for text in entry["nonfinite"]]
    return ExactSum(multiples.reshape(shape), nonfinite.reshape(shape))


def _doubles(texts: Sequence[str], shape: Sequence[int]) -> Array:
    return np.array([float(text) for text in texts], dtype=float).reshape(tuple(shape))


def _nearest(multiple: int) -> float:
    """Return the double next to a whole multiple of 2**-1074, infinite beyond the largest."""
    try:
        return multiple / UNITS
    except OverflowError:
        return float("inf") if multiple > 0 else float("-inf")
