"""The first step of methods with adaptive rates: its size knows the averaging constants, not the gradient."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent_audit.dynamics.trajectories import Optimizer, iterate
from descent_audit.experiments.adaptive_rates.adaptive_methods import LABELS, Implementations
from descent_audit.measurement.observations import Curve, Observation, Observations

Array = NDArray[np.float64]


def adaptive_first_step(
    *,
    methods: list[Literal["adam", "adam_uncorrected", "rmsprop", "gradient_descent"]],
    adam_optimizer: str,
    rmsprop_optimizer: str,
    baseline_optimizer: str,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    gradients: list[float],
    first_decays: list[float],
    second_decays: list[float],
    epsilons: list[float],
    compared_gradients: list[float],
    excursion_start: float,
    excursion_learning_rates: list[float],
    excursion_epsilon: float,
    excursion_steps: int,
) -> Observations:
    r"""Measure the first step over the learning rate, and how far a run on $\tfrac12x^2$ goes from its minimum.

    ``first_decay`` and ``second_decay`` are the constants of what is shown, the lists those of the grid on which the
    formula is checked. ``compared_gradients`` are two whose steps are compared at $\epsilon = 0$. An excursion is the
    largest $|x_t|/|x_0|$ from $t = 1$ on, the start not included.
    """
    implementations = Implementations(
        adam=adam_optimizer, rmsprop=rmsprop_optimizer, gradient_descent=baseline_optimizer
    )
    constants = {"first_decay": first_decay, "second_decay": second_decay}
    report = Observations()
    for method in methods:
        report += _first_steps(method, implementations, learning_rate, constants, compared_gradients)
        report += _grid_error(method, implementations, learning_rate, gradients, first_decays, second_decays, epsilons)
        report += _drawn_steps(method, implementations, learning_rate, constants, gradients, max(epsilons))
        rule = implementations.rule(method, **constants, epsilon=excursion_epsilon)
        rates = np.array(excursion_learning_rates)
        measured = largest_excursions(rule, excursion_start, rates, excursion_steps)
        first = predicted_first_step(method, excursion_start, **constants, epsilon=excursion_epsilon)
        landing = 1 - rates * first / abs(excursion_start)
        scale = np.sqrt(1 - second_decay) * abs(excursion_start)
        report += _excursions(method, measured, rates, landing, scale, excursion_epsilon)
    return report


def predicted_first_step(
    method: str, gradient: ArrayLike, first_decay: ArrayLike, second_decay: ArrayLike, epsilon: ArrayLike
) -> Array:
    r"""Return $|x_1 - x_0|/\eta$ in closed form; the arguments broadcast.

    Adam $|g|/(|g| + \epsilon)$, uncorrected $(1-\beta_1)|g|/(\sqrt{1-\beta_2}\,|g| + \epsilon)$, RMSProp the same
    without $1-\beta_1$, and gradient descent $|g|$.
    """
    size = np.abs(np.asarray(gradient, dtype=float))
    root = np.sqrt(1 - np.asarray(second_decay, dtype=float))
    match method:
        case "adam":
            return size / (size + epsilon)
        case "adam_uncorrected":
            return (1 - np.asarray(first_decay)) * size / (root * size + epsilon)
        case "rmsprop":
            return size / (root * size + epsilon)
    return size


def first_step(rule: Optimizer, gradient: Array, learning_rate: float) -> Array:
    r"""Return $|x_1 - x_0|/\eta$, of the shape of ``gradient``; it starts at 0, so that no digit is lost."""
    (x,) = iterate(lambda _: gradient, np.zeros_like(gradient), learning_rate, 1, rule)
    return np.abs(x) / learning_rate


def largest_excursions(rule: Optimizer, start: float, learning_rates: Array, steps: int) -> Array:
    r"""Return the largest $|x_t|/|x_0|$, $t \ge 1$, on $\tfrac12x^2$, for each learning rate."""
    largest = np.zeros(len(learning_rates))
    for x in iterate(lambda x: x, np.full(len(learning_rates), start), learning_rates, steps, rule):
        largest = np.maximum(largest, np.abs(x))
    return largest / abs(start)


def _first_steps(
    method: str,
    implementations: Implementations,
    learning_rate: float,
    constants: dict[str, float],
    compared_gradients: list[float],
) -> Observations:
    rule = implementations.rule(method, **constants, epsilon=0.0)
    shown = first_step(rule, np.ones(1), learning_rate)[0]
    low, high = first_step(rule, np.array([min(compared_gradients), max(compared_gradients)]), learning_rate)
    predicted = float(predicted_first_step(method, 1.0, **constants, epsilon=0.0))
    return Observations.of(
        [
            Observation("first_step_ratio", shown, predicted, {"method": method, **constants}),
            Observation("step_scale_ratio", high / low, 1.0, {"method": method}),
        ]
    )


def _grid_error(
    method: str,
    implementations: Implementations,
    learning_rate: float,
    gradients: list[float],
    first_decays: list[float],
    second_decays: list[float],
    epsilons: list[float],
) -> Observations:
    """Report the largest relative error of the formula over all combinations, taken in one step."""
    gradient, first, second, epsilon = np.meshgrid(gradients, first_decays, second_decays, epsilons)
    rule = implementations.rule(method, first_decay=first, second_decay=second, epsilon=epsilon)
    predicted = predicted_first_step(method, gradient, first, second, epsilon)
    error = np.abs(first_step(rule, gradient, learning_rate) / predicted - 1)
    return Observations.of([Observation("first_step_error", float(error.max()), 0.0, {"method": method})])


def _drawn_steps(
    method: str,
    implementations: Implementations,
    learning_rate: float,
    constants: dict[str, float],
    gradients: list[float],
    epsilon: float,
) -> Observations:
    rule = implementations.rule(method, **constants, epsilon=epsilon)
    every = np.geomspace(min(gradients), max(gradients), 100)
    predicted = predicted_first_step(method, every, **constants, epsilon=epsilon)
    return Observations.of(
        curves=[
            Curve(
                "first_step",
                LABELS[method],
                "measured",
                gradients,
                first_step(rule, np.array(gradients), learning_rate),
            ),
            Curve("first_step", LABELS[method], "predicted", every, predicted),
        ]
    )


def _excursions(
    method: str, measured: Array, learning_rates: Array, landing: Array, scale: float, epsilon: float
) -> Observations:
    r"""Report the largest excursions; ``landing`` is $x_1/x_0$ in closed form and ``scale`` $\sqrt{1-\beta_2}\,|x_0|$.

    RMSProp's first step jumps past $-x_0$ if and only if $\eta$ exceeds twice the scale, and its largest excursion
    is then the point where it lands, $|1 - \eta/(\sqrt{1-\beta_2}\,|x_0| + \epsilon)|$. It is where any first step
    lands that ends short of the minimum, as the run only comes nearer from there.
    """
    jumps = (learning_rates > 2 * scale) & (method == "rmsprop")
    known = jumps | (landing >= 0)
    observations = [
        Observation(
            "largest_excursion",
            value,
            abs(float(first)) if sure else None,
            {"method": method, "learning_rate": float(rate), "jumps": bool(jump)},
        )
        for rate, value, first, jump, sure in zip(learning_rates, measured, landing, jumps, known, strict=True)
    ]
    ends = np.array([learning_rates.min(), learning_rates.max()])
    curves = [
        Curve("excursion", LABELS[method], "measured", learning_rates, measured),
        Curve("excursion", "start", "guide", ends, np.ones(2)),
    ]
    if method == "rmsprop" and learning_rates.max() > 2 * scale:
        beyond = np.geomspace(2 * scale, learning_rates.max(), 50)
        curves.append(Curve("excursion", LABELS[method], "predicted", beyond, np.abs(1 - beyond / (scale + epsilon))))
    return Observations.of(observations, curves)
