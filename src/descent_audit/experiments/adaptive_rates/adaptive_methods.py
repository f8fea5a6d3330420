"""The methods with adaptive rates that the claims compare, built from the implementations under audit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Optimizer, update_rule

Array = NDArray[np.float64]
LABELS = {
    "adam": "Adam",
    "adam_uncorrected": "Adam, uncorrected",
    "amsgrad": "AMSGrad",
    "rmsprop": "RMSProp",
    "gradient_descent": "gradient descent",
}


class Implementations(NamedTuple):
    """The classes that take the part of each method, as claim files name them; empty where a claim needs none."""

    adam: str = ""
    amsgrad: str = ""
    rmsprop: str = ""
    gradient_descent: str = ""

    def rule(
        self, method: str, *, first_decay: Array | float, second_decay: Array | float, epsilon: Array | float
    ) -> Optimizer:
        """Return the update rule of a method of ``LABELS``, with those of the constants that it has."""
        averages = {"first_decay": first_decay, "second_decay": second_decay, "epsilon": epsilon}
        match method:
            case "adam" | "adam_uncorrected":
                return update_rule(self.adam, **averages, bias_correction=method == "adam")
            case "amsgrad":
                return update_rule(self.amsgrad, **averages)
            case "rmsprop":
                return update_rule(self.rmsprop, second_decay=second_decay, epsilon=epsilon)
            case "gradient_descent":
                return update_rule(self.gradient_descent)
        raise ValueError(f"method: found {method!r}, allowed: {', '.join(LABELS)}")
