r"""Adaptive methods on a rescaled loss: the same path, until the gradients are as small as $\epsilon$."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from descent_audit.dynamics.scheduled_runs import SingleSteps
from descent_audit.dynamics.trajectories import Optimizer, iterate, update_rule
from descent_audit.experiments.adaptive_rates.adaptive_methods import LABELS, Implementations
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar, sample_steps

Array = NDArray[np.float64]


def scale_invariance(
    *,
    methods: list[Literal["adam", "rmsprop", "gradient_descent"]],
    adam_optimizer: str,
    rmsprop_optimizer: str,
    baseline_optimizer: str,
    first_decay: float,
    second_decay: float,
    curvatures: list[float],
    start: list[float],
    learning_rate: float,
    steps: int,
    binary_exponents: list[int],
    decimal_exponents: list[int],
    epsilon: float,
    gradient_exponents: list[int],
    constant_gradients: list[float],
    constant_steps: int,
) -> Observations:
    r"""Compare runs on $c f$ with that on f, $f = \tfrac12\sum_j\lambda_j x_j^2$, and find out where $\epsilon$ acts.

    Without $\epsilon$ an update depends on gradients only through their ratios, so that the points are the same for
    every scale c: to the last bit for $c = 2^k$, whose factors are exact, to rounding for $c = 10^k$. With it Adam's
    first step is $\eta u/(1+u)$, $u = c|g|/\epsilon$. A gradient that is always zero gives zero over zero. Under a
    constant gradient the t-th step is $\eta$ (Adam) or $\eta/\sqrt{1-\beta_2^t}$ (RMSProp) whatever $|g|$, a rate of
    that size over $|g|$ (Kingma and Ba 2015, section 2.1).
    """
    implementations = Implementations(
        adam=adam_optimizer, rmsprop=rmsprop_optimizer, gradient_descent=baseline_optimizer
    )
    constants = {"first_decay": first_decay, "second_decay": second_decay}
    report = _epsilon_steps(implementations, constants, epsilon, gradient_exponents, learning_rate)
    loss, x0 = np.array(curvatures), np.array(start)
    binary, decimal = (
        np.array([base**exponent for exponent in exponents])
        for base, exponents in ((2.0, binary_exponents), (10.0, decimal_exponents))
    )
    for method in methods:
        rule = implementations.rule(method, **constants, epsilon=0.0)
        guarded = implementations.rule(method, **constants, epsilon=epsilon)
        report += _deviations(method, rule, loss, x0, learning_rate, steps, binary, decimal)
        report += _zero_gradient(method, rule, guarded, learning_rate, steps)
        root = np.sqrt(1 - second_decay**constant_steps) if method == "rmsprop" else 1.0
        report += _effective_rates(method, rule, constant_gradients, learning_rate, constant_steps, root)
    return report


def dominant_epsilon(
    *,
    rmsprop_optimizer: str,
    baseline_optimizer: str,
    second_decay: float,
    curvatures: list[float],
    start: list[float],
    learning_rate: float,
    steps: int,
    scale: float,
    epsilon: float,
) -> Observations:
    r"""Compare RMSProp on $c f$ with gradient descent at $\eta/\epsilon$, where $c|g|$ is far below $\epsilon$.

    Then $\sqrt v + \epsilon$ is $\epsilon$ up to $\sqrt v/\epsilon \le c\max|g|/\epsilon$. Reported is the largest
    relative difference of the displacements $x_t - x_0$.
    """
    loss, x0 = DiagonalQuadratic(scale * np.array(curvatures)), np.array(start)
    rule = update_rule(rmsprop_optimizer, second_decay=second_decay, epsilon=epsilon)
    adaptive = iterate(loss.gradient, x0, learning_rate, steps, rule)
    descent = iterate(loss.gradient, x0, learning_rate / epsilon, steps, update_rule(baseline_optimizer))
    deviations = [np.abs((x - x0) / (y - x0) - 1).max() for x, y in zip(adaptive, descent, strict=True)]
    return Observations.of(
        [Observation("displacement_deviation", float(max(deviations)), 0.0, {"scale": scale, "epsilon": epsilon})]
    )


def _deviations(
    method: str,
    rule: Optimizer,
    curvatures: Array,
    x0: Array,
    learning_rate: float,
    steps: int,
    binary: Array,
    decimal: Array,
) -> Observations:
    """Report the largest deviation from the run at scale 1, over all steps and coordinates; all scales run at once."""
    scales = np.concatenate([[1.0], binary, decimal])
    loss = DiagonalQuadratic(scales[:, None] * curvatures)
    largest, drawn, shown = np.zeros(len(scales)), [], sample_steps(steps, 60, log=True)
    for t, x in enumerate(iterate(loss.gradient, np.tile(x0, (len(scales), 1)), learning_rate, steps, rule), 1):
        largest = np.maximum(largest, np.abs(x - x[0]).max(axis=-1))
        if t in shown:
            drawn.append(x[:, 0])
    exact, rounded = np.split(largest[1:], [len(binary)])
    observations = [
        *(
            Observation("scale_deviation_binary", float(value), 0.0, _scaled(method, scale))
            for scale, value in zip(binary, exact, strict=True)
        ),
        *(
            Observation("scale_deviation_decimal", float(value), 0.0, _scaled(method, scale))
            for scale, value in zip(decimal, rounded, strict=True)
        ),
    ]
    return Observations.of(observations, _drawn_paths(method, shown, np.array(drawn), len(decimal)))


def _drawn_paths(method: str, shown: NDArray[np.int64], paths: Array, others: int) -> list[Curve]:
    """Draw a coordinate: the run at scale 1 as a line, the last ``others`` as marks that take turns along it."""
    return [
        Curve("path", LABELS[method], "predicted", shown, paths[:, 0]),
        Curve("path", "minimum", "guide", shown[[0, -1]], [0.0, 0.0]),
        *(
            Curve("path", LABELS[method], "measured", shown[turn::others], paths[turn::others, turn - others])
            for turn in range(others)
        ),
    ]


def _scaled(method: str, scale: float) -> dict[str, Scalar]:
    return {"method": method, "scale": float(scale)}


def _zero_gradient(method: str, rule: Optimizer, guarded: Optimizer, learning_rate: float, steps: int) -> Observations:
    """Count the coordinates that are not finite after a run in which one of two has no gradient at all."""
    loss = DiagonalQuadratic(np.array([1.0, 0.0]))

    def nonfinite(tested: Optimizer) -> int:
        *_, end = iterate(loss.gradient, np.ones(2), learning_rate, steps, tested)
        return int(np.sum(~np.isfinite(end)))

    return Observations.of(
        [
            Observation("nonfinite_without_epsilon", nonfinite(rule), at={"method": method}),
            Observation("nonfinite_with_epsilon", nonfinite(guarded), 0.0, {"method": method}),
        ]
    )


def _effective_rates(
    method: str, rule: Optimizer, gradients: list[float], learning_rate: float, steps: int, root: float
) -> Observations:
    r"""Report effective rate times $|g|$, the size of a late step, against $\eta$ over ``root``, per coordinate."""
    constant = np.array(gradients)
    *_, step = iterate(lambda _: constant, np.zeros_like(constant), learning_rate, steps, SingleSteps(rule))
    return Observations.of(
        Observation(
            "effective_rate_product", abs(float(size)), learning_rate / root, {"method": method, "gradient": gradient}
        )
        for gradient, size in zip(gradients, step, strict=True)
    )


def _epsilon_steps(
    implementations: Implementations,
    constants: dict[str, float],
    epsilon: float,
    gradient_exponents: list[int],
    learning_rate: float,
) -> Observations:
    rule = implementations.rule("adam", **constants, epsilon=epsilon)
    gradients = np.array([10.0**exponent for exponent in gradient_exponents])
    (x,) = iterate(lambda _: gradients, np.zeros_like(gradients), learning_rate, 1, rule)
    measured, predicted = np.abs(x) / learning_rate, gradients / (gradients + epsilon)
    observations = [
        Observation("epsilon_step_ratio", float(value), float(formula), {"gradient": float(gradient)})
        for gradient, value, formula in zip(gradients, measured, predicted, strict=True)
    ]
    if epsilon == 0:
        return Observations.of(observations)
    every = np.geomspace(gradients.min(), gradients.max(), 100) / epsilon
    return Observations.of(
        observations,
        [
            Curve("epsilon", "Adam", "measured", gradients / epsilon, measured),
            Curve("epsilon", "Adam", "predicted", every, every / (1 + every)),
        ],
    )
