"""What a Langevin model of mini-batch descent gets right, and the shape of the noise that it gets wrong."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.minibatch_descent import random_descent
from descent_audit.dynamics.trajectories import Optimizer, iterate, last, update_rule
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.cells import Cell, Sampling
from descent_audit.measurement.observations import Curve, Observation, Observations
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.tallies import Tally, mean_interval, moments, tally
from descent_audit.theory.constant_noise import (
    first_order_excess,
    hessian_variances,
    isotropic_variance,
    isotropic_variances,
    stationary_variances,
    transient_variances,
)
from descent_audit.theory.sign_design_moments import mean_excess, moments_at, stationary_moments, variance_factor

Array = NDArray[np.float64]
CELL = "runs"
ISOTROPIC = "isotropic model"


def batch_noise_shape(
    *,
    optimizer: str,
    dimension: int,
    smallest_scale: float,
    noise: float,
    learning_rate: float,
    batch_size: int,
    isotropic: bool,
    displacement: float,
    steps: int,
    runs: int,
    block_size: int,
    scaling_learning_rates: list[float],
    scaling_batch_sizes: list[int],
) -> Sampling:
    r"""Compare the spread of mini-batch descent around its minimum with that of two Langevin models.

    Their steps are $x' = x - \eta(Hx + \zeta)$ with normal $\zeta$ of constant covariance: isotropic,
    $\bar s I$ with $\bar s = \phi\sigma^2\mathrm{tr}H/d$, the total of the batch noise at the minimum; or
    $\phi\sigma^2H$, its shape there. With ``isotropic`` the runs are those of the first model. Off the minimum the
    batch noise is enumerated at $e$ = ``displacement`` in every coordinate. Raises ``OutOfRange`` where there is no
    noise or no limit in mean square.
    """
    design = SignDesign(dimension, smallest_scale, noise)
    factor = _checked_factor(design, "", learning_rate, batch_size)
    if len(scaling_batch_sizes) != len(scaling_learning_rates):
        allowed = f"as many as scaling_learning_rates: {len(scaling_learning_rates)}"
        raise OutOfRange("scaling_batch_sizes", len(scaling_batch_sizes), allowed)
    scaling = [
        (rate, size, _checked_factor(design, "scaling_", rate, size))
        for rate, size in zip(scaling_learning_rates, scaling_batch_sizes, strict=True)
    ]
    noise_of_model = factor * isotropic_variance(design) if isotropic else None
    draw = partial(_squares, design, update_rule(optimizer), learning_rate, batch_size, noise_of_model, steps)

    def report(tallies: Mapping[str, Tally]) -> Observations:
        start = np.zeros(dimension)
        (expected,) = moments_at(design, start, lambda _: learning_rate, factor, [steps])
        found = _covariance(design, displacement) + _models(design, learning_rate, factor)
        found += _measured(tallies[CELL], expected) + _scaling(design, scaling)
        if isotropic:
            found += _model_law(tallies[CELL], transient_variances(design, learning_rate, factor, steps))
        laws = {
            "batches": expected,
            ISOTROPIC: isotropic_variances(design, learning_rate, factor),
            "noise like the Hessian": hessian_variances(design, learning_rate, factor),
        }
        return found + _drawn_variances(tallies[CELL], design, laws, series=ISOTROPIC if isotropic else "batches")

    return Sampling([Cell(CELL, runs, block_size, draw)], report)


def enumerated_covariance(design: SignDesign, error: Array) -> Array:
    """Return the covariance over all samples of their gradients at $w + e$, of shape ``(d, d)``."""
    loss = design.loss
    gradients = (loss.inputs @ (design.minimizer + error) - loss.targets)[:, None] * loss.inputs
    centred = gradients - gradients.mean(axis=0)
    return centred.T @ centred / design.samples


def _checked_factor(design: SignDesign, prefix: str, learning_rate: float, batch_size: int) -> float:
    r"""Return $\phi$; raise ``OutOfRange`` where there is no noise, or no limit in mean square.

    ``prefix`` tells the lists of the scaling, whose names are in the plural, from the two settings of the runs.
    """
    rates, sizes = (f"{prefix}{key}{'s' if prefix else ''}" for key in ("learning_rate", "batch_size"))
    if design.noise <= 0.0:
        raise OutOfRange("noise", design.noise, "above 0: without it the batch noise vanishes at the minimum")
    if not 1 <= batch_size < design.samples:
        raise OutOfRange(sizes, batch_size, f"1 to {design.samples - 1}: a batch of all samples has no noise")
    factor = variance_factor(design.samples, batch_size)
    try:
        stationary_moments(design, learning_rate, factor)
    except ValueError:
        raise OutOfRange(rates, learning_rate, f"stable in mean square on batches of {batch_size}") from None
    return factor


def _squares(
    design: SignDesign,
    rule: Optimizer,
    learning_rate: float,
    batch_size: int,
    variance: float | None,
    steps: int,
    rng: Generator,
    count: int,
) -> Tally:
    """Run descent from the minimum, on batches or under isotropic noise, and sum the squared errors at the end."""
    start = np.tile(design.minimizer, (count, 1))

    def langevin_gradient(theta: Array) -> Array:
        return design.loss.gradient(theta) + np.sqrt(variance or 0.0) * rng.standard_normal(theta.shape)

    if variance is None:
        path = random_descent(design.loss, rule, rng, start, learning_rate, steps, batch_size)
    else:
        path = iterate(langevin_gradient, start, learning_rate, steps, rule)
    return tally(count, moments("square", (last(path, start) - design.minimizer) ** 2))


def _covariance(design: SignDesign, displacement: float) -> Observations:
    """Compare the enumerated noise with its formula, at the minimum and off it; report shape and size."""
    observations, totals = [], []
    for length in (0.0, displacement):
        error = np.full(design.dimension, length)
        found, formula = enumerated_covariance(design, error), design.sample_covariance(error)
        deviation = float(np.abs(found - formula).max() / np.abs(formula).max())
        observations.append(Observation("covariance_error", deviation, 0.0, {"displacement": length}))
        totals.append(float(np.trace(found)))
    eigenvalues = np.linalg.eigvalsh(enumerated_covariance(design, np.zeros(design.dimension)))
    condition = float(design.curvatures[0] / design.curvatures[-1])
    observations += [
        Observation("noise_anisotropy", float(eigenvalues[-1] / eigenvalues[0]), condition),
        Observation("state_ratio", totals[1] / totals[0], _state_ratio(design, displacement)),
    ]
    return Observations.of(observations)


def _state_ratio(design: SignDesign, displacement: float) -> float:
    r"""Return $\frac{(\sigma^2 + e^\top He)\,\mathrm{tr}H - e^\top H^2e}{\sigma^2\,\mathrm{tr}H}$ at equal $e_k$."""
    total, square = float(design.curvatures.sum()), displacement**2
    spread = (design.noise**2 + square * total) * total - square * float(np.sum(design.curvatures**2))
    return spread / (design.noise**2 * total)


def _models(design: SignDesign, learning_rate: float, factor: float) -> Observations:
    """Report what the models' stationary laws say of shape and loss, against the exact second moments."""
    exact = stationary_moments(design, learning_rate, factor)
    shapes = isotropic_variance(design) * np.eye(design.dimension), design.noise**2 * np.diag(design.curvatures)
    white, shaped = (stationary_variances(design, learning_rate, factor * covariance) for covariance in shapes)
    steep, flat = 2.0 - learning_rate * design.curvatures[[0, -1]]
    ratio = float(design.curvatures[0] / design.curvatures[-1] * steep / flat)
    return Observations.of(
        [
            Observation("model_ratio", float(white[-1] / white[0]), ratio),
            Observation("loss_over_model", float(mean_excess(design, exact) / mean_excess(design, white)), 1.0),
            Observation("isotropic_model_error", float(np.abs(exact / white - 1.0).max())),
            Observation("hessian_model_error", float(np.abs(exact / shaped - 1.0).max())),
        ]
    )


def _measured(found: Tally, expected: Array) -> Observations:
    """Report the mean squares of the runs, coordinates counted from 1, and the flattest over the steepest."""
    squares, errors = found.mean("square"), found.standard_error("square")
    observations = [
        Observation("mean_square", float(mean), float(formula), {"coordinate": k}, float(error), found.replicates)
        for k, (mean, formula, error) in enumerate(zip(squares, expected, errors, strict=True), 1)
    ]
    ratio, formula = float(squares[-1] / squares[0]), float(expected[-1] / expected[0])
    observations.append(Observation("flat_stiff_ratio", ratio, formula, replicates=found.replicates))
    return Observations.of(observations)


def _model_law(found: Tally, variances: Array) -> Observations:
    r"""Report $\sum e_k^2/V_k$ over n runs of the isotropic model, which is a $\chi^2_n$ for each coordinate."""
    statistics = found["square"] / variances
    return Observations.of(
        Observation("model_statistic", float(one), found.replicates, {"coordinate": k}, replicates=found.replicates)
        for k, one in enumerate(statistics, 1)
    )


def _scaling(design: SignDesign, scaling: list[tuple[float, int, float]]) -> Observations:
    r"""Report the stationary excess over $\tfrac14\eta\phi\sigma^2\mathrm{tr}H$ at several rates and batch sizes."""
    observations, rates, exact, model = [], [], [], []
    for rate, size, factor in scaling:
        scale = first_order_excess(design, rate, factor)
        rates.append(rate)
        exact.append(float(mean_excess(design, stationary_moments(design, rate, factor))) / scale)
        model.append(float(mean_excess(design, isotropic_variances(design, rate, factor))) / scale)
        at = {"learning_rate": rate, "batch_size": size}
        observations.append(Observation("scaling_constant", exact[-1], 1.0, at))
    return Observations.of(
        observations,
        [
            Curve("scaling", "batches", "measured", rates, exact),
            Curve("scaling", ISOTROPIC, "predicted", rates, model),
            Curve("scaling", "first order", "guide", rates, np.ones(len(rates))),
        ],
    )


def _drawn_variances(found: Tally, design: SignDesign, laws: Mapping[str, Array], *, series: str) -> Observations:
    """Draw mean squares against curvatures: those of the runs as the marks of ``series``, lines of all laws."""
    marks = Curve("variances", series, "measured", design.curvatures, found.mean("square"))
    lines = [Curve("variances", name, "predicted", design.curvatures, law) for name, law in laws.items()]
    return Observations.of(curves=[marks.within(mean_interval(found, "square")), *lines])
