"""The gradient as the direction of steepest ascent: in one metric, and for small steps alone."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from descent_audit.dynamics.trajectories import Gradient, final
from descent_audit.landscapes.log_sum_exp import LogSumExp
from descent_audit.measurement.observations import Curve, Observation, Observations, Scalar, sample_steps
from descent_audit.measurement.randomness import Streams

Array = NDArray[np.float64]


def steepest_direction(
    *,
    slopes: list[list[float]],
    offsets: list[float],
    point: list[float],
    further_points: int,
    half_width: float,
    smallest_gradient: float,
    radius: float,
    angles: int,
    difference: float,
    metric: list[float],
    near_axis: float,
    learning_rate: float,
    streams: Streams,
) -> Observations:
    r"""Compare the best of all directions on a small circle with the gradient's, at several points of the plane.

    F is a log-sum-exp and $D(\theta) = F(p + r(\cos\theta, \sin\theta)) - F(p)$. As $r \to 0$,
    $D(\theta)/r \to \|\nabla F\|\cos(\theta - \theta_g)$, which is largest at the gradient's angle $\theta_g$.
    ``metric`` is the diagonal of a matrix that is applied to the gradient first; with ones it is the gradient itself.
    A point is oblique where both components of its gradient exceed ``near_axis`` times the norm.
    """
    loss, rng = LogSumExp(np.array(slopes), np.array(offsets)), streams.generator("points")
    drawn = random_points(
        loss,
        further_points,
        half_width=half_width,
        smallest_gradient=smallest_gradient,
        rng=rng,
    )
    points, scaling = np.concatenate([np.array([point]), drawn]), np.array(metric)
    grid = np.linspace(0.0, 2.0 * np.pi, angles, endpoint=False)
    increase = (loss.value(points[:, None] + radius * directions(grid)) - loss.value(points)[:, None]) / radius
    gradients = {
        "analytic": scaling * loss.gradient(points),
        "differences": scaling * central_differences(loss, points, difference),
    }
    oblique = np.min(np.abs(loss.gradient(points)), axis=1) > near_axis * np.linalg.norm(loss.gradient(points), axis=1)
    bend = 0.5 * radius * np.array([np.linalg.eigvalsh(loss.hessian(point))[-1] for point in points])
    by_product = int(np.count_nonzero(oblique_products(loss.gradient(points), near_axis)))
    report = Observations.of([Observation("oblique_points", int(np.count_nonzero(oblique)), by_product)])
    for source, gradient in gradients.items():
        report += _direction_errors(grid, increase, gradient, oblique, bend, source=source)
    return (
        report
        + _decrease_fraction(lambda x: scaling * loss.gradient(x), loss, points, learning_rate)
        + _drawn_increase(grid, increase[0], gradients["analytic"][0], radius)
    )


def directions(angles: Array) -> Array:
    """Return the unit vectors at the angles, of shape ``(..., 2)``."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def oblique_products(gradients: Array, near_axis: float) -> NDArray[np.bool_]:
    r"""Say which gradients are oblique by the product of their components, $|g_1g_2| > a\sqrt{1 - a^2}\,\|g\|^2$.

    $a$ is ``near_axis``: at the border the components are $a$ and $\sqrt{1 - a^2}$ times the norm.
    """
    share = near_axis * np.sqrt(1.0 - near_axis**2)
    return np.asarray(np.abs(gradients[:, 0] * gradients[:, 1]) > share * np.sum(gradients**2, axis=1))


def central_differences(loss: LogSumExp, points: Array, difference: float) -> Array:
    r"""Return $(F(x + he_j) - F(x - he_j))/2h$ for every coordinate, of the shape of ``points``."""
    shifts = difference * np.eye(points.shape[-1])
    return (loss.value(points[..., None, :] + shifts) - loss.value(points[..., None, :] - shifts)) / (2.0 * difference)


def random_points(loss: LogSumExp, count: int, *, half_width: float, smallest_gradient: float, rng: Generator) -> Array:
    """Return uniform points of a square around the origin, redrawn where the gradient is too small to have an angle."""
    points = rng.uniform(-half_width, half_width, (count, loss.slopes.shape[1]))
    while (flat := np.linalg.norm(loss.gradient(points), axis=1) < smallest_gradient).any():
        points[flat] = rng.uniform(-half_width, half_width, (np.count_nonzero(flat), points.shape[1]))
    return points


def _direction_errors(
    grid: Array, increase: Array, gradient: Array, oblique: NDArray[np.bool_], bend: Array, *, source: str
) -> Observations:
    r"""Compare the best angle and the whole profile with a gradient; one row of ``increase`` per point.

    Curvature adds $\tfrac r2u^\top Hu$ to $D(u)/r$, at most ``bend`` $= \tfrac r2\lambda_{\max}(H)$ where F is convex.
    """
    size, angle = np.linalg.norm(gradient, axis=1), np.arctan2(gradient[:, 1], gradient[:, 0])
    gap = grid[np.argmax(increase, axis=1)] - angle
    error = np.degrees(np.abs((gap + np.pi) % (2.0 * np.pi) - np.pi))
    law = np.max(np.abs(increase / size[:, None] - np.cos(grid - angle[:, None])), axis=1)
    observations = [
        Observation("deviating_points", int(np.count_nonzero(~(error <= 360.0 / len(grid)))), 0.0, {"gradient": source})
    ]
    for place in range(len(gradient)):
        at: dict[str, Scalar] = {"gradient": source, "point": place, "oblique": bool(oblique[place])}
        observations += [
            Observation("angle_error_degrees", error[place], 0.0, at),
            Observation("cosine_law_error", law[place], bend[place] / size[place], at),
        ]
    return Observations.of(observations)


def _decrease_fraction(gradient: Gradient, loss: LogSumExp, points: Array, learning_rate: float) -> Observations:
    after = loss.value(final(gradient, points, learning_rate, 1))
    share = float(np.mean(after < loss.value(points)))
    return Observations.of([Observation("decrease_fraction", share, 1.0, {"learning_rate": learning_rate})])


def _drawn_increase(grid: Array, increase: Array, gradient: Array, radius: float) -> Observations:
    shown, size, angle = sample_steps(len(grid) - 1, 49), np.linalg.norm(gradient), np.arctan2(gradient[1], gradient[0])
    every = grid[sample_steps(len(grid) - 1, 181)]
    marked = np.degrees(angle % (2.0 * np.pi))
    return Observations.of(
        curves=[
            Curve("increase", f"$r$ = {radius:g}", "measured", np.degrees(grid[shown]), increase[shown]),
            Curve("increase", "cosine law", "predicted", np.degrees(every), size * np.cos(every - angle)),
            Curve("increase", "gradient", "guide", [marked, marked], [-size, size]),
        ]
    )
