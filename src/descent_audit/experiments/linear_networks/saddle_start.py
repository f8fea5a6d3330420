"""A start from which descent on a wide enough network ends at a saddle."""

import numpy as np

from descent_audit.dynamics.trajectories import update_rule
from descent_audit.measurement.observations import Curve, Observation, Observations, sample_steps
from descent_audit.measurement.randomness import Streams
from descent_audit.networks.linear import LinearNetwork, LinearTraining, joined
from descent_audit.networks.training import check_steps, train


def identity_saddle(
    *,
    optimizer: str,
    dimensions: list[int],
    learning_rate: float,
    steps: int,
    perturbation: float,
    replicas: int,
    check_every: int,
    streams: Streams,
) -> Observations:
    r"""Start every layer at $I$ with the target $-I$: the layers stay multiples of I and end at the saddle at 0.

    One number w per layer obeys $\dot w = -w^{L-1}(w^L + 1)$ and falls as a power of time to 0, where the loss is that
    of the zero predictor. The same start with noise of size ``perturbation`` on every weight is freed.
    """
    network = LinearNetwork(tuple(dimensions))
    identity = np.eye(dimensions[0])
    rng = streams.generator("perturbation")
    start = np.tile(joined([np.eye(*shape) for shape in network.shapes]), (replicas + 1, 1))
    start[1:] += perturbation * rng.standard_normal((replicas, network.parameters))
    inputs = np.tile(np.sqrt(dimensions[0]) * identity, (replicas + 1, 1, 1))
    training = LinearTraining(network, inputs, -inputs)
    nowhere = np.full(replicas + 1, -np.inf)
    found = train(training, start, nowhere, learning_rate, steps, update_rule(optimizer), check_every=check_every)
    relative = found.losses / training.zero_loss
    history = found.history / training.zero_loss
    shown = np.concatenate([[0], sample_steps(len(history) - 1, 30, log=True)])
    at = check_steps(steps, check_every)[shown] + 1.0
    history = np.maximum(history, 1e-34)
    observations = [
        Observation("saddle_relative_loss", relative[0], 1.0, {"steps": steps}),
        Observation("freed_relative_loss", relative[1:].max(), at={"steps": steps}),
        Observation("freed_smallest_relative_loss", relative[1:].min(), at={"steps": steps}),
    ]
    curves = [
        Curve("saddle", "identity", "measured", at, history[shown, 0]),
        Curve("saddle", "perturbed", "measured", np.tile(at, replicas), history[shown, 1:].T.ravel()),
    ]
    return Observations.of(observations, curves)
