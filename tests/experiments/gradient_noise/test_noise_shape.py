"""Shape and size of the batch noise against all batches, long single runs, and the model that is the control."""

import numpy as np
import pytest
from scipy import stats

from descent_audit.experiments.gradient_noise.noise_shape import batch_noise_shape, enumerated_covariance
from descent_audit.landscapes.sign_design import SignDesign
from descent_audit.measurement.parameters import OutOfRange
from descent_audit.measurement.randomness import Streams
from descent_audit.numerics.enumeration import subsets

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "dimension": 2,
    "smallest_scale": 0.4,
    "noise": 0.5,
    "learning_rate": 0.2,
    "batch_size": 2,
    "isotropic": False,
    "displacement": 1.0,
    "steps": 60,
    "runs": 1000,
    "block_size": 500,
    "scaling_learning_rates": [0.05, 0.1],
    "scaling_batch_sizes": [1, 2],
}
DESIGN = SignDesign(2, 0.4, 0.5)


def whole(**changes):
    return batch_noise_shape(**{**SMALL, **changes}).whole(Streams(1, "name", "claim"))


def measured(**changes):
    return {(one.quantity, *one.at.values()): one for one in whole(**changes).measured}


@pytest.mark.parametrize("size", [1, 2, 5])
def test_covariance_of_all_batches_is_the_share_of_the_samples(size):
    error, means = np.array([0.4, -1.1]), []
    for piece in subsets(8, size):
        inputs = DESIGN.loss.inputs[piece]
        residual = inputs @ (DESIGN.minimizer + error) - DESIGN.loss.targets[piece]
        means.append(np.mean(residual[..., None] * inputs, axis=1))
    expected = np.cov(np.concatenate(means).T, bias=True)
    share = (8 - size) / (size * 7)
    assert share * enumerated_covariance(DESIGN, error) == pytest.approx(expected, abs=1e-14)


def test_enumerated_noise_follows_its_formula():
    found = measured()
    assert max(found["covariance_error", length].value for length in (0.0, 1.0)) < 1e-14
    assert found["noise_anisotropy",].value == pytest.approx(1 / 0.4**2, rel=1e-12)
    totals = [np.trace(enumerated_covariance(DESIGN, np.full(2, length))) for length in (0.0, 1.0)]
    assert found["state_ratio",].predicted == pytest.approx(totals[1] / totals[0], rel=1e-13)
    assert found["state_ratio",].value > 2


def test_mean_squares_agree_with_a_naive_loop_over_long_runs():
    rng, error, squares = np.random.default_rng(5), np.zeros(2), []
    for step in range(40000):
        batch = rng.choice(8, 2, replace=False)
        inputs = DESIGN.loss.inputs[batch]
        residual = inputs @ (DESIGN.minimizer + error) - DESIGN.loss.targets[batch]
        error = error - 0.2 * residual @ inputs / 2
        if step > 100:
            squares.append(error**2)
    found = measured()
    for coordinate, mean in enumerate(np.mean(squares, axis=0), 1):
        one = found["mean_square", coordinate]
        assert one.predicted == pytest.approx(mean, rel=0.15)
        assert abs(one.value - one.predicted) < 5 * one.standard_error


def test_models_share_the_loss_and_not_the_shape():
    found = measured(learning_rate=0.02)
    assert found["loss_over_model",].value == pytest.approx(1, abs=0.02)
    assert found["hessian_model_error",].value < 0.02 < 0.3 < found["isotropic_model_error",].value
    assert found["model_ratio",].value == pytest.approx(1 / 0.4**2, rel=0.02)
    assert found["model_ratio",].value == pytest.approx(found["model_ratio",].predicted, rel=1e-12)


def test_control_has_the_law_of_the_model_and_misses_that_of_batches():
    found = measured(isotropic=True)
    for coordinate in (1, 2):
        one = found["model_statistic", coordinate]
        assert 1e-4 < stats.chi2.cdf(one.value, one.predicted) < 1 - 1e-4
        square = found["mean_square", coordinate]
        assert abs(square.value - square.predicted) > 6 * square.standard_error
    assert found["flat_stiff_ratio",].value > 4 > 1.5 > measured()["flat_stiff_ratio",].value
    assert ("model_statistic", 1) not in measured()


def test_white_inputs_make_the_model_right():
    found = measured(smallest_scale=1.0, learning_rate=0.02)
    assert found["noise_anisotropy",].value == pytest.approx(1, abs=1e-12)
    assert found["isotropic_model_error",].value < 0.02


def test_excess_is_proportional_to_rate_over_batch_size():
    found = measured(scaling_learning_rates=[1e-3, 2e-3], scaling_batch_sizes=[1, 3])
    for at in ((1e-3, 1), (2e-3, 3)):
        assert found[("scaling_constant", *at)].value == pytest.approx(1, abs=5e-3)


def test_marks_of_the_control_are_named_for_the_model():
    for isotropic, name in ((False, "batches"), (True, "isotropic model")):
        marks = [
            one for one in whole(isotropic=isotropic).curves if one.panel == "variances" and one.role == "measured"
        ]
        assert [one.series for one in marks] == [name]
        assert np.all(np.asarray(marks[0].low) < np.asarray(marks[0].y))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"noise": 0.0}, "noise"),
        ({"batch_size": 8}, "batch_size"),
        ({"learning_rate": 2.5}, "learning_rate"),
        ({"scaling_batch_sizes": [1]}, "scaling_batch_sizes"),
        ({"scaling_batch_sizes": [1, 9]}, "scaling_batch_sizes"),
        ({"scaling_learning_rates": [0.05, 2.5]}, "scaling_learning_rates"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changes, key):
    with pytest.raises(OutOfRange, match=f"^{key}: "):
        measured(**changes)
