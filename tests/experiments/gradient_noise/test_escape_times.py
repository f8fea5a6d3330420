"""Counts of passages against their exact moments, and fits of laws against SciPy and against laws themselves."""

import math

import numpy as np
import pytest
from scipy.optimize import curve_fit

from descent_audit.experiments.gradient_noise.escape_times import (
    FEATURES,
    escape_time_law,
    fitted_laws,
    passage_counts,
    polynomial_fits,
    residual_errors,
    scaled,
)
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
SETTING = {
    "sharp_width": 0.5, "sharp_depth": 1.0, "flat_width": 1.5, "flat_depth": 1.0, "barrier_factor": 1.0,
    "learning_rate": 0.005, "temperatures": [0.4, 0.6, 0.9], "steps": 600, "walkers": 600, "block_size": 256,
    "exact_fits": True, "drawn_points": 5,
}  # fmt: skip
TEMPERATURES = np.array([0.2, 0.3, 0.5, 0.7])


def report(seed=1, **changed):
    return escape_time_law(**{**SETTING, **changed}).whole(Streams(seed, "claim", "arm"))


def found_in(observations, quantity, **at):
    return [one for one in observations.measured if one.quantity == quantity and at.items() <= dict(one.at).items()]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counts_have_their_exact_mean(seed):
    assert all(abs(one.value) < 5 for one in found_in(report(seed), "count_z"))


def test_scores_have_variance_one():
    """A Poisson variance in place of the exact one would be too large by the spacing of passages."""
    scores = [one.value for seed in range(40) for one in found_in(report(seed, exact_fits=False), "count_z")]
    assert np.mean(scores) == pytest.approx(0.0, abs=0.45)
    assert np.var(scores) == pytest.approx(1.0, abs=0.55)


def test_time_is_steps_per_passage():
    for one in found_in(report(), "escape_time"):
        mean, variance = passage_counts(LOSS, 0.005, one.at["temperature"], 600)
        assert one.predicted == pytest.approx(600 / mean)
        assert one.value == pytest.approx(one.predicted, rel=6 * math.sqrt(variance / 600) / mean)
    products = [one.value for one in found_in(report(), "time_temperature_product")]
    assert found_in(report(), "product_ratio")[0].value == pytest.approx(products[0] / products[-1])


def test_each_law_is_recovered_from_its_own_times():
    errors = np.full(4, 0.01)
    exact = {
        "inverse": 50.0 / TEMPERATURES,
        "power": 50.0 * TEMPERATURES**-2.5,
        "Arrhenius": 50.0 * np.exp(0.9 / TEMPERATURES),
    }
    for law, times in exact.items():
        fits = fitted_laws(TEMPERATURES, times, errors)
        assert fits[law].aic == pytest.approx(2 if law == "inverse" else 4, abs=1e-6)
        assert math.exp(fits[law].intercept) == pytest.approx(50.0)
        assert fits[law].slope == pytest.approx({"inverse": 1.0, "power": 2.5, "Arrhenius": 0.9}[law])


def test_fits_agree_with_scipy():
    rng = np.random.default_rng(0)
    log_times, errors = rng.normal(size=4), np.array([0.1, 0.05, 0.2, 0.1])
    fits = fitted_laws(TEMPERATURES, np.exp(log_times), errors)
    laws = {
        "inverse": lambda t, a: a - np.log(t),
        "power": lambda t, a, b: a - b * np.log(t),
        "Arrhenius": lambda t, a, b: a + b / t,
    }
    for law, formula in laws.items():
        parameters, _ = curve_fit(
            formula, TEMPERATURES, log_times, p0=np.ones(1 if law == "inverse" else 2), sigma=errors
        )
        chi_square = np.sum(((log_times - formula(TEMPERATURES, *parameters)) / errors) ** 2)
        assert fits[law].aic == pytest.approx(chi_square + 2 * len(parameters))
        assert [fits[law].intercept, fits[law].slope][: len(parameters)] == pytest.approx(parameters, rel=1e-5)


def test_expected_differences_are_the_means_over_noise():
    """The noise of the times adds the same to all laws but for the number of their free parameters."""
    rng = np.random.default_rng(6)
    errors = np.array([0.1, 0.05, 0.2, 0.1])
    log_times = 3.0 + 0.8 / TEMPERATURES + 0.1 * TEMPERATURES**2
    exact = fitted_laws(TEMPERATURES, np.exp(log_times), errors)
    drawn = [fitted_laws(TEMPERATURES, np.exp(log_times + errors * rng.normal(size=4)), errors) for _ in range(4000)]
    for law, fewer in (("power", 0.0), ("inverse", 1.0)):
        differences = [fits[law].aic - fits["Arrhenius"].aic for fits in drawn]
        error = np.std(differences) / math.sqrt(len(drawn))
        assert np.mean(differences) == pytest.approx(exact[law].aic - exact["Arrhenius"].aic + fewer, abs=5 * error)


def test_exact_fit_of_the_claim_is_its_own_prediction():
    for quantity in ("aic_power_minus_arrhenius", "aic_inverse_minus_arrhenius", "arrhenius_slope"):
        (one,) = found_in(report(), quantity, fit="exact")
        assert one.value == pytest.approx(one.predicted)
        assert not found_in(report(exact_fits=False), quantity, fit="exact")


def test_without_a_barrier_the_counts_are_others():
    scores = [one.value for one in found_in(report(barrier_factor=0.02, drawn_points=0), "count_z")]
    assert max(map(abs, scores)) > 6
    assert scaled(LOSS, 0.02).value(np.array([-0.5, 1.5])) == pytest.approx([-0.02, -0.02])


def test_reference_is_converged():
    assert found_in(report(), "reference_change")[0].value < 1e-9


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"temperatures": [0.0, 0.5]}, "temperatures"),
        ({"temperatures": [0.5]}, "temperatures"),
        ({"learning_rate": 0.02}, "learning_rate"),
        ({"barrier_factor": 0.0}, "sharp_depth"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed, key):
    with pytest.raises(OutOfRange) as refused:
        escape_time_law(**{**SETTING, **changed})
    assert refused.value.key == key


def test_polynomials_find_the_same_laws():
    rng = np.random.default_rng(1)
    times, errors = np.exp(rng.normal(size=4)), rng.uniform(0.05, 0.3, 4)
    for law, fit in fitted_laws(TEMPERATURES, times, errors).items():
        other = polynomial_fits(TEMPERATURES, times, errors)[law]
        assert (other.intercept, other.slope, other.aic) == pytest.approx((fit.intercept, fit.slope, fit.aic), rel=1e-9)


@pytest.mark.parametrize("law", list(FEATURES))
def test_errors_of_residuals_add_up_what_an_error_of_each_mean_time_changes(law):
    errors, log_times = np.array([0.05, 0.02, 0.03, 0.01]), np.array([9.0, 7.5, 6.0, 5.5])

    def missed(shift):
        times = np.exp(log_times + shift)
        return np.log(times / fitted_laws(TEMPERATURES, times, errors)[law].times(FEATURES[law](TEMPERATURES)))

    changes = [missed(shift) - missed(0.0) for shift in np.diag(errors)]
    expected = np.sqrt(np.sum(np.square(changes), axis=0))
    assert residual_errors(law, TEMPERATURES, errors) == pytest.approx(expected, rel=1e-9)
    assert np.all(residual_errors(law, TEMPERATURES, errors) < errors)


def test_interval_of_a_mean_time_is_that_of_the_passages_turned_around():
    found = report()
    (times,) = (curve for curve in found.curves if (curve.panel, curve.role) == ("times", "measured"))
    steps, walkers = SETTING["steps"], SETTING["walkers"]
    passages = steps / np.array([times.high, times.y, times.low])
    below, above = passages[1] - passages[0], passages[2] - passages[1]
    assert below == pytest.approx(above, rel=1e-9)
    variance = [passage_counts(LOSS, SETTING["learning_rate"], t, steps)[1] for t in SETTING["temperatures"]]
    assert above == pytest.approx(1.96 * np.sqrt(np.array(variance) / walkers), rel=0.3)
