"""Preconditioned steps in exact rational arithmetic, and Newton's threshold with SciPy's root finder."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize

from descent_audit.experiments.conditioning.preconditioning import newton_on_log_cosh, one_step, preconditioner
from descent_audit.measurement.randomness import Streams


def report(**changes):
    settings = {
        "condition_numbers": [10.0, 1e6],
        "dimension": 8,
        "preconditioners": ["eigendecomposition", "inverse", "solve"],
        "perturbation": 0.1,
        "identity_condition_number": 50.0,
        "identity_steps": 20,
        "streams": Streams(5, "ideal_preconditioner_step", "claim"),
    }
    return one_step(**{**settings, **changes})


def values(observations, quantity):
    return [one.value for one in observations.measured if one.quantity == quantity]


def test_exact_inverse_ends_at_the_minimum_in_rational_arithmetic():
    a, b, d = Fraction(3, 7), Fraction(1, 9), Fraction(2, 5)
    x = (Fraction(5, 3), Fraction(-7, 2))
    gradient = (a * x[0] + b * x[1], b * x[0] + d * x[1])
    determinant = a * d - b * b
    step = ((d * gradient[0] - b * gradient[1]) / determinant, (a * gradient[1] - b * gradient[0]) / determinant)
    assert (x[0] - step[0], x[1] - step[1]) == (0, 0)
    hessian = np.array([[float(a), float(b)], [float(b), float(d)]])
    for kind in ("eigendecomposition", "inverse", "solve"):
        apply = preconditioner(hessian, kind, 0.1, np.random.default_rng(0))
        np.testing.assert_allclose(apply(np.array([float(g) for g in gradient])), [float(s) for s in step], rtol=1e-13)


def test_perturbed_inverse_is_off_by_at_most_the_perturbation():
    hessian = np.diag([1.0, 0.1, 0.01])
    apply = preconditioner(hessian, "perturbed", 0.1, np.random.default_rng(1))
    product = apply(hessian)
    assert np.abs(product - np.eye(3)).max() <= 0.1
    assert np.abs(np.diag(product) - 1).min() > 1e-6


def test_error_grows_with_the_condition_number_and_stays_near_rounding():
    found = report()
    assert max(values(found, "error_over_eps_kappa")) < 10
    errors = values(found, "one_step_error")
    assert all(large > 100 * small for small, large in zip(errors[::2], errors[1::2], strict=True))


@pytest.mark.parametrize("kind", ["hessian", "perturbed"])
def test_error_rejects_a_preconditioner_that_is_not_the_inverse(kind):
    assert min(values(report(preconditioners=[kind]), "error_over_eps_kappa")) > 10


def test_condition_number_after_preconditioning():
    assert values(report(), "preconditioned_condition") == pytest.approx([1.0] * 3, abs=1e-12)
    assert values(report(preconditioners=["hessian"]), "preconditioned_condition") == pytest.approx([2500.0], rel=1e-9)


def test_coordinates_make_no_difference():
    assert max(values(report(), "transformed_deviation")) < 1e-13


def test_all_preconditioners_meet_the_same_problem():
    alone = values(report(preconditioners=["solve"]), "one_step_error")
    assert alone == values(report(), "one_step_error")[-2:]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_newton_threshold_is_the_root_of_the_two_cycle():
    found = newton_on_log_cosh(
        lowest_start=0.5, highest_start=2.0, halvings=45, newton_steps=60, compared_starts=[0.9, 1.3], plain_steps=60
    )
    root = scipy.optimize.brentq(lambda x: np.sinh(2 * x) - 4 * x, 0.5, 2.0, xtol=1e-14)
    (threshold,) = (one for one in found.measured if one.quantity == "newton_threshold")
    assert threshold.value == pytest.approx(root, abs=1e-9)
    assert threshold.predicted == pytest.approx(root, abs=1e-12)
    inside, outside = values(found, "newton_final_distance")
    assert inside < 1e-9
    assert outside == 20
    assert max(values(found, "plain_final_distance")) < 1e-9
