import numpy as np
import pytest

from descent_audit.experiments.minibatch.step_cost import counted_step, step_cost
from descent_audit.landscapes.least_squares import LeastSquares
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.theory.least_squares_moments import scaled_regression

SMALL = {
    "optimizer": "gradient_descent.GradientDescent",
    "samples": [8, 32],
    "dimension": 3,
    "batch_sizes": [1, 4],
    "learning_rate": 0.1,
    "budget_samples": 16,
    "budget_dimension": 2,
    "smallest_scale": 0.3,
    "noise": 0.5,
    "budget_batch_size": 4,
    "passes": [1, 20],
    "wall_time": False,
    "timed_samples": 64,
    "timed_batch_sizes": [1, 8],
    "timed_steps": 3,
}


def rows(quantity, **changes):
    found = step_cost(**{**SMALL, **changes})
    return [(dict(one.at), one.value) for one in found.measured if one.quantity == quantity]


def naive_multiplications(inputs):
    """Count the products of numbers in one gradient: once into the residual and once out of it."""
    count = 0
    for row in inputs:
        for _ in row:
            count += 2
    return count


@pytest.mark.parametrize("samples", [5, 12])
@pytest.mark.parametrize("batch_size", [1, 5])
def test_counted_step_agrees_with_a_loop_and_ignores_the_rest_of_the_data(samples, batch_size):
    rng = np.random.default_rng(0)
    loss = LeastSquares(rng.standard_normal((samples, 3)), rng.standard_normal(samples))
    assert counted_step(GradientDescent(), loss, batch_size, 0.1) == naive_multiplications(loss.inputs[:batch_size])


def test_a_batch_of_all_samples_is_not_cheaper():
    found = rows("cheaper_than_full", samples=[8], batch_sizes=[4, 8])
    assert [value for _, value in found] == [1.0, 0.0]


def test_budget_agrees_with_the_mean_of_many_runs():
    regression, rng = scaled_regression(16, 2, 0.3, 0.5), np.random.default_rng(0)
    theta = np.zeros((4000, 2))
    for _ in range(4):
        batch = rng.permuted(np.tile(np.arange(16), (4000, 1)), axis=1)[:, :4]
        x, y = regression.inputs[batch], regression.targets[batch]
        residual = np.einsum("rmd,rd->rm", x, theta) - y
        theta -= 0.1 * np.einsum("rm,rmd->rd", residual, x) / 4
    losses = regression.value(theta)
    expected = next(value for at, value in rows("loss_after_budget_sgd") if at["passes"] == 1)
    assert abs(losses.mean() - expected) < 6 * losses.std() / np.sqrt(4000)


def test_wall_time_is_reported_only_where_it_is_asked_for():
    assert rows("seconds_per_step") == []
    found = rows("seconds_per_step", wall_time=True)
    assert [at["batch_size"] for at, _ in found] == [1, 8, 64]
    assert all(value > 0 for _, value in found)
