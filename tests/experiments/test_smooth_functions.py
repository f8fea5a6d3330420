"""The seven functions: what they claim about themselves, found again by finite differences."""

import numpy as np
import pytest

from descent_audit.experiments.smooth_functions import random_points, smooth_functions
from descent_audit.measurement.randomness import Streams

NAMES = ["quadratic", "log_cosh", "logistic", "huber", "pseudo_huber", "cosine", "cauchy"]
DIMENSIONS = [10, 3, 5, 3, 3, 3, 3]
STREAMS = Streams(5, "claim", "arm")


def functions(names=NAMES, dimensions=DIMENSIONS):
    return smooth_functions(names, dimensions, [2.0] * len(names), condition_number=100.0, samples=60, streams=STREAMS)


@pytest.mark.parametrize("function", functions(), ids=NAMES)
def test_curvature_never_exceeds_the_smoothness(function):
    rng = np.random.default_rng(0)
    x, direction = random_points(function, 200, rng), rng.standard_normal((200, function.dimension))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    change = function.loss.gradient(x + 1e-4 * direction) - function.loss.gradient(x - 1e-4 * direction)
    assert np.all(np.abs(np.sum(change * direction, axis=1)) / 2e-4 <= function.smoothness * (1 + 1e-6))


@pytest.mark.parametrize("function", [one for one in functions() if one.steepest], ids=lambda one: one.name)
def test_steepest_point_is_stationary_and_has_the_curvature(function):
    point, direction = function.steepest
    assert function.loss.gradient(point) == pytest.approx(np.zeros(function.dimension), abs=1e-12)
    values = [float(function.loss.value(point + t * direction)) for t in (-1e-3, 0.0, 1e-3)]
    assert (values[0] - 2 * values[1] + values[2]) / 1e-6 == pytest.approx(function.smoothness, rel=1e-5)


def test_only_quadratic_and_huber_keep_their_curvature_around_the_steepest_point():
    kept = []
    for function in (one for one in functions() if one.steepest):
        point, direction = function.steepest
        slope = function.loss.gradient(point + 0.5 * direction) @ direction
        kept += [function.name] if slope == pytest.approx(0.5 * function.smoothness, rel=1e-12) else []
    assert kept == [one.name for one in functions() if one.locally_quadratic] == ["quadratic", "huber"]


def test_a_function_does_not_depend_on_the_others():
    alone = functions(["logistic"], [5])[0]
    among = functions()[2]
    assert np.array_equal(alone.loss.inputs, among.loss.inputs)
    assert np.array_equal(alone.loss.labels, among.loss.labels)


def test_labels_follow_the_logistic_law():
    many = smooth_functions(["logistic"], [5], [1.0], condition_number=1.0, samples=20000, streams=STREAMS)[0].loss
    score = many.inputs.sum(axis=1)
    share = np.mean(many.labels[np.abs(score - 1) < 0.2] == 1)
    assert share == pytest.approx(1 / (1 + np.exp(-1)), abs=0.06)
    assert np.mean(many.labels) == pytest.approx(0.0, abs=0.05)


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        functions(NAMES, DIMENSIONS[:-1])
