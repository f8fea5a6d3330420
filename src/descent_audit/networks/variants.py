"""Set-ups of linear networks as rows of a table: how data and start are drawn and how long training may last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.measurement.parameters import OutOfRange
from descent_audit.networks.floors import conditioned_inputs, one_hot_labels, orthonormal_inputs, spectral_labels
from descent_audit.networks.linear import (
    LinearNetwork,
    LinearTraining,
    gaussian_start,
    semi_orthogonal_start,
    zero_start,
)

Array = NDArray[np.float64]
STARTS = {"semi_orthogonal": semi_orthogonal_start, "gaussian": gaussian_start}


@dataclass(frozen=True)
class Variant:
    """One way to draw data and start, and how long to train."""

    name: str
    network: LinearNetwork
    label_strengths: tuple[float, ...]
    samples: int
    inputs: str
    condition_number: float
    labels: str
    start: str
    start_scale: float
    learning_rate: float
    steps: int
    replicas: int

    def training(self, replicas: int, rng: Generator) -> LinearTraining:
        """Draw data for each replica."""
        dimension, outputs = self.network.dimensions[0], self.network.dimensions[-1]
        if self.inputs == "gaussian":
            inputs = rng.standard_normal((replicas, dimension, self.samples))
        elif self.condition_number > 1:
            inputs = conditioned_inputs(dimension, self.condition_number, replicas, rng)
        else:
            inputs = orthonormal_inputs(dimension, self.samples, replicas, rng)
        if self.labels == "one_hot":
            labels = one_hot_labels(outputs, self.samples, replicas, rng)
        elif self.labels == "spectral":
            labels = spectral_labels(outputs, np.array(self.label_strengths), replicas, rng)
        else:
            labels = rng.standard_normal((replicas, outputs, self.samples))
        return LinearTraining(self.network, inputs, labels)

    def started(self, replicas: int, rng: Generator) -> Array:
        """Draw weights, of shape ``(replicas, p)``."""
        if self.start == "zero":
            return zero_start(self.network, replicas)
        return self.start_scale * STARTS[self.start](self.network, replicas, rng)


def aligned(rows: Mapping[str, Sequence[Any]], count: int) -> list[tuple[Any, ...]]:
    """Return the parameters of each of ``count`` set-ups. Raises ``OutOfRange`` for a list of another length."""
    for key, values in rows.items():
        if len(values) not in (1, count):
            raise OutOfRange(key, len(values), f"{count} values, one for each of variants, or a single one")
    return list(zip(*(list(values) * (count if len(values) == 1 else 1) for values in rows.values()), strict=True))


def check_square(setting: Variant, dimensions: Sequence[int]) -> None:
    """Raise ``OutOfRange`` where a basis of given condition or labels of given spectrum would not be square."""
    if setting.condition_number > 1 and setting.samples != dimensions[0]:
        raise OutOfRange("samples", setting.samples, f"{dimensions[0]}, the inputs of a basis that has a condition")
    if setting.labels == "spectral":
        square = (dimensions[-1], setting.samples)
        if square != (len(setting.label_strengths),) * 2:
            allowed = f"{len(setting.label_strengths)} samples and outputs, one for each of label_strengths"
            raise OutOfRange("samples", setting.samples, allowed)
