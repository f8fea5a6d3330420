"""Random one-hot labels on inputs that depend on each other are fitted with a positive probability."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
from numpy.random import Generator

from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, tally
from descent_audit.networks.floors import least_squares_floor, one_hot_labels

DUPLICATE = {0: 1}
COMBINATION = {0: 1, 1: 1, 2: -1}
"""The last input as a combination of earlier ones: their numbers and coefficients."""


def discrete_labels(
    *, classes: list[int], drawn_classes: list[int], dimension: int, samples: int, draws: int, block_size: int
) -> Sampling:
    r"""Count how often one-hot labels of uniform classes are consistent with an input that depends on others.

    A duplicate, $x_n = x_1$, is consistent with probability $1/k$; $x_n = x_1 + x_2 - x_3$ needs
    $e_{y_n} = e_{y_1} + e_{y_2} - e_{y_3}$, hence $y_3 \in \{y_1, y_2\}$: probability $(2k-1)/k^3$. Both are
    enumerated for each k of ``classes`` and drawn for each of ``drawn_classes``, with the floor from singular values.
    """
    if not 4 <= samples <= dimension + 1:
        raise OutOfRange("samples", samples, f"4 to {dimension + 1}: one more than inputs that are independent")
    cells = [
        Cell(f"{name} classes={k}", draws, block_size, partial(_consistent, k, dimension, samples, combination))
        for k in drawn_classes
        for name, combination in (("duplicate", DUPLICATE), ("combination", COMBINATION))
    ]
    return Sampling(cells, partial(_consistency, classes, drawn_classes))


def enumerated_consistency(classes: int, combination: Mapping[int, int]) -> float:
    """Return the share of all labelings of a combination and its result that one linear map can fit."""
    basis = np.eye(classes, dtype=int)
    coefficients = np.array(list(combination.values()))
    fits = [
        np.array_equal(coefficients @ basis[list(labels[:-1])], basis[labels[-1]])
        for labels in product(range(classes), repeat=len(combination) + 1)
    ]
    return sum(fits) / len(fits)


def consistency_probability(classes: int, combination: Mapping[int, int]) -> float:
    """Return the same in closed form, of a duplicate or of a sum of two less a third."""
    return 1.0 / classes if len(combination) == 1 else (2.0 * classes - 1.0) / classes**3


def _consistent(
    classes: int, dimension: int, samples: int, combination: Mapping[int, int], rng: Generator, count: int
) -> Tally:
    inputs = rng.standard_normal((count, dimension, samples))
    inputs[:, :, -1] = sum(weight * inputs[:, :, index] for index, weight in combination.items())
    labels = one_hot_labels(classes, samples, count, rng)
    floors = least_squares_floor(inputs, labels)
    consistent = floors < 1e-10
    sums = {"consistent": np.count_nonzero(consistent)}
    unfitted = floors[~consistent].min() if not consistent.all() else math.inf
    return tally(count, sums, {"fitted": floors[consistent].max(initial=0.0), "unfitted": -min(unfitted, 1.0)})


def _consistency(classes: Sequence[int], drawn_classes: Sequence[int], tallies: Mapping[str, Tally]) -> Observations:
    measured, curves = [], []
    for name, combination in (("duplicate", DUPLICATE), ("combination", COMBINATION)):
        exact = [enumerated_consistency(k, combination) for k in classes]
        for k, share in zip(classes, exact, strict=True):
            at: dict[str, Scalar] = {"classes": k, "input": name}
            measured.append(Observation("enumerated_probability", share, consistency_probability(k, combination), at))
        for k in drawn_classes:
            found = tallies[f"{name} classes={k}"]
            at = {"classes": k, "input": name}
            expected = found.replicates * consistency_probability(k, combination)
            count = float(found["consistent"])
            measured += [
                Observation("consistent_count", count, expected, at, replicates=found.replicates),
                Observation("largest_fitted_floor", float(found.largest["fitted"]), 0.0, at),
                Observation("smallest_unfitted_floor", -float(found.largest["unfitted"]), at=at),
            ]
        shown = range(min(classes), max(classes) + 1)
        line = [consistency_probability(k, combination) for k in shown]
        curves.append(Curve("consistent", name, "measured", classes, exact))
        curves.append(Curve("consistent", name, "predicted", shown, line))
    return Observations.of(measured, curves)
