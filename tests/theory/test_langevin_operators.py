"""The reference of the discrete chain against quadrature, closed forms, the limit of small steps and simulation."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binomtest, norm

from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.theory.langevin_operators import (
    CUT,
    LangevinChain,
    composite_gauss,
    expectation,
    final_law,
    passage_moments,
    power_product,
    refinement_change,
    renewal_moments,
    share_above,
    survival,
    transition_operator,
)

LOSS = TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))
SHARP, FLAT = LOSS.minima
SIEGMUND = 0.5825971579
"""Mean overshoot of a normal random walk over a far boundary in units of its step, -zeta(1/2)/sqrt(2 pi)."""


def chain_at(temperature, learning_rate=0.005):
    return LangevinChain(LOSS.gradient, learning_rate, temperature)


def whole_line(temperature):
    left, right = LOSS.ends(CUT * temperature)
    return [left, 0.0, right]


def up_to(target, temperature):
    left, right = LOSS.ends(CUT * temperature)
    return [left, 0.0, target] if target > 0 else [target, 0.0, right]


def passage_operator(temperature, learning_rate=0.005, target=FLAT):
    return transition_operator(chain_at(temperature, learning_rate), up_to(target, temperature))


def simulated_passages(temperature, steps, walkers, seed, *, noise_factor=1.0):
    """Return how many walkers pass the flat minimum within the steps, by a loop that knows no operator."""
    rng = np.random.default_rng(seed)
    amplitude = noise_factor * math.sqrt(2 * 0.005 * temperature)
    x, passed = np.full(walkers, SHARP), np.zeros(walkers, dtype=bool)
    for _ in range(steps):
        width = np.where(x < 0, 0.5, 1.5)
        x = x - 0.005 * 4 / width**2 * x * ((x / width) ** 2 - 1) + amplitude * rng.standard_normal(walkers)
        passed |= x >= FLAT
    return int(passed.sum())


# Quadrature


def test_composite_gauss_is_exact_for_polynomials_between_its_breaks():
    nodes, weights = composite_gauss([-1.0, 0.5, 2.0], 0.4, 5)
    for degree in range(10):
        assert weights @ nodes**degree == pytest.approx((2.0 ** (degree + 1) - (-1.0) ** (degree + 1)) / (degree + 1))
    left = nodes < 0.5
    assert weights[left].sum() == pytest.approx(1.5) and weights[~left].sum() == pytest.approx(1.5)


def test_composite_gauss_cuts_no_panel_longer_than_allowed():
    nodes, _ = composite_gauss([0.0, 1.0, 1.05], 0.3, 3)
    assert len(nodes) == 3 * (4 + 1)
    assert np.all(np.diff(nodes) > 0) and nodes[0] > 0 and nodes[-1] < 1.05


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 20])
def test_power_product_is_repeated_multiplication(count):
    rng = np.random.default_rng(count)
    matrix, vector = rng.random((4, 4)) / 4, rng.random(4)
    expected = vector
    for _ in range(count):
        expected = matrix @ expected
    assert power_product(matrix, vector, count) == pytest.approx(expected, rel=1e-13)


def test_kernels_and_their_powers_hold_no_number_whose_products_are_subnormal():
    operator = transition_operator(chain_at(0.06), whole_line(0.06))
    exact = norm.pdf(operator.nodes, (operator.nodes - 0.005 * LOSS.gradient(operator.nodes))[:, None], 0.06**0.5 / 10)
    density = operator.chain.density(operator.nodes, operator.nodes)
    assert (exact < 1e-300).any() and ((exact > 1e-300) & (exact < 1e-160)).any()
    assert density == pytest.approx(exact, rel=1e-9, abs=1e-140)
    for entries in (density, operator.matrix):
        assert entries[entries > 0].min() > 1e-153
    chain = np.eye(3) + 1e-100 * np.eye(3, k=1)  # its square holds 1e-200
    assert power_product(chain, np.array([0.0, 0.0, 1.0]), 2).tolist() == [0.0, 2e-100, 1.0]


# One and two steps


@pytest.mark.parametrize("start", [-0.5, -0.1, 0.3, 1.4])
@pytest.mark.parametrize("temperature", [0.15, 0.8])
def test_survival_of_one_step_is_a_normal_distribution_function(start, temperature):
    mean = start - 0.005 * float(LOSS.gradient(np.array(start)))
    expected = norm.cdf((FLAT - mean) / math.sqrt(0.01 * temperature))
    assert float(survival(passage_operator(temperature), start, 1)) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(("start", "temperature"), [(1.2, 0.33), (1.45, 0.15), (1.0, 0.8)])
def test_survival_of_two_steps_is_a_direct_integral(start, temperature):
    sigma = math.sqrt(0.01 * temperature)

    def mean(x):
        return x - 0.005 * float(LOSS.gradient(np.array(x)))

    centre = mean(start)
    integral, _ = quad(
        lambda y: norm.pdf(y, centre, sigma) * norm.cdf((FLAT - mean(y)) / sigma),
        centre - 9 * sigma, FLAT, epsabs=1e-13, epsrel=1e-12, points=[min(centre, FLAT - 1e-9)], limit=200,
    )  # fmt: skip
    assert float(survival(passage_operator(temperature), start, 2)) == pytest.approx(integral, abs=1e-11)


# Exactly solvable chains


@pytest.mark.parametrize("steps", [1, 2, 37, 1000])
def test_final_law_of_a_linear_slope_is_the_normal_law_of_its_recursion(steps):
    slope, rate, temperature, start = 3.0, 0.01, 0.4, 0.9
    chain = LangevinChain(lambda x: slope * x, rate, temperature)
    operator = transition_operator(chain, [-5.0, 0.25, 5.0])
    factor = 1 - rate * slope
    mean = start * factor**steps
    deviation = chain.noise * math.sqrt((1 - factor ** (2 * steps)) / (1 - factor**2))
    masses = final_law(operator, start, steps)
    density = norm.pdf(operator.nodes, mean, deviation)
    assert masses / operator.weights == pytest.approx(density, abs=1e-11)
    assert masses @ operator.nodes == pytest.approx(mean, abs=1e-12)
    above = norm.sf(0.25, mean, deviation)
    assert float(share_above(operator, start, steps, 0.25)) == pytest.approx(above, abs=1e-12)
    assert masses[operator.nodes > 0.25].sum() == pytest.approx(above, abs=1e-12)


def test_exit_time_of_a_random_walk_follows_the_corrected_diffusion():
    """Without a slope a walk leaves (-b, b) after (b + 0.5826 s)^2 / s^2 steps, up to what vanishes with s."""
    chain = LangevinChain(np.zeros_like, 0.5, 0.01)
    operator = transition_operator(chain, [-2.0, 2.0])
    mean, variance = passage_moments(operator, 0.0)
    distance = 2.0 / chain.noise + SIEGMUND
    assert float(mean) == pytest.approx(distance**2, rel=2e-3)
    assert float(variance) == pytest.approx(2 / 3 * distance**4, rel=1e-2)


# The two wells


@pytest.mark.parametrize("temperature", [0.15, 0.5])
def test_nothing_is_lost_on_the_whole_line(temperature):
    operator = transition_operator(chain_at(temperature), whole_line(temperature))
    starts = np.array([SHARP, -0.01, 0.0, 0.7, FLAT])
    assert survival(operator, starts, 4000) == pytest.approx(np.ones(5), abs=1e-10)
    assert final_law(operator, 0.7, 4000).sum() == pytest.approx(1.0, abs=1e-10)


def test_forward_and_backward_powers_agree():
    operator = transition_operator(chain_at(0.33), whole_line(0.33))
    backward = float(share_above(operator, SHARP, 777, 0.0))
    assert final_law(operator, SHARP, 777)[operator.nodes > 0].sum() == pytest.approx(backward, abs=1e-13)


def test_functions_of_many_starts_are_those_of_each():
    operator = passage_operator(0.5)
    starts = np.array([-0.6, 0.1, 1.3])
    values = np.cos(operator.nodes)
    assert expectation(operator, starts, 9, values).shape == (3,)
    for index, start in enumerate(starts):
        many = expectation(operator, starts, 9, values)
        assert float(expectation(operator, start, 9, values)) == pytest.approx(many[index], rel=1e-13)
        for one, many in zip(passage_moments(operator, start), passage_moments(operator, starts), strict=True):
            assert float(one) == pytest.approx(many[index], rel=1e-13)


def test_passage_moments_are_sums_over_survival():
    operator = passage_operator(1.2)
    row, alive = operator.row(SHARP), np.ones(len(operator.nodes))
    survivals = [1.0]
    for _ in range(15_000):
        survivals.append(float(row @ alive))
        alive = operator.matrix @ alive
    steps = np.arange(len(survivals))
    mean = np.sum(survivals)
    variance = np.sum((2 * steps + 1) * survivals) - mean**2
    found = passage_moments(operator, SHARP)
    assert survivals[-1] < 1e-15
    assert [float(one) for one in found] == pytest.approx([mean, variance], rel=1e-9)


def continuous_mean(temperature, start, target):
    """Return the mean time of the overdamped diffusion from start up to target, as the classical double integral."""
    left, _ = LOSS.ends(CUT * temperature)
    nodes, weights = composite_gauss([left, start, 0.0, target], 0.01, 8)
    energy = LOSS.value(nodes) / temperature
    inner = np.exp(-energy) * weights
    below = np.cumsum(inner) - 0.5 * inner
    outer = np.where(nodes > start, np.exp(energy) * weights, 0.0)
    return float(outer @ below) / temperature


def test_mean_passage_tends_to_the_diffusion_with_its_boundary_shifted_by_the_mean_overshoot():
    """The error is of the order of the noise of a step, with the shift of the order of the learning rate."""
    target, plain, shifted = 0.3, [], []
    for rate in (0.00125, 0.0003125):
        operator = passage_operator(0.5, rate, target)
        time = rate * float(passage_moments(operator, SHARP)[0])
        plain.append(time / continuous_mean(0.5, SHARP, target) - 1)
        shifted.append(time / continuous_mean(0.5, SHARP, target + SIEGMUND * operator.chain.noise) - 1)
    assert plain[0] / plain[1] == pytest.approx(2.0, abs=0.3)
    assert shifted[0] / shifted[1] == pytest.approx(4.0, abs=0.3)
    assert abs(shifted[1]) < 2e-3 < 0.1 * plain[0]


def test_share_tends_to_the_ratio_of_widths_as_steps_become_small():
    temperature, shares = 0.8, []
    for rate in (0.005, 0.00125):
        operator = transition_operator(chain_at(temperature, rate), whole_line(temperature))
        shares.append(float(share_above(operator, FLAT, round(40 / rate), 0.0)))
    assert shares[1] == pytest.approx(0.75, abs=1e-2)
    assert (shares[0] - 0.75) / (shares[1] - 0.75) == pytest.approx(4.0, abs=0.5)


@pytest.mark.parametrize("temperature", [0.33, 0.5])
def test_survival_agrees_with_simulation(temperature):
    passed = simulated_passages(temperature, 400, 4000, seed=11)
    expected = 1 - float(survival(passage_operator(temperature), SHARP, 400))
    assert binomtest(passed, 4000, expected).pvalue > 1e-6


def test_survival_rejects_noise_without_its_factor_of_two():
    passed = simulated_passages(0.5, 400, 4000, seed=11, noise_factor=math.sqrt(0.5))
    expected = 1 - float(survival(passage_operator(0.5), SHARP, 400))
    assert binomtest(passed, 4000, expected).pvalue < 1e-12


# Renewals


def renewals_by_enumeration(outside, steps):
    """Return mean and variance of the number of passages from the law of one, by adding every sequence of passages.

    ``outside[t]`` is the probability that a passage takes t + 1 steps; counts[n] is the law of the steps used by n.
    """
    used, tails = np.zeros(steps + 1), 1.0 - np.concatenate([[0.0], np.cumsum(outside)])
    used[0], law = 1.0, []
    while used.sum() > 1e-300:
        law.append(sum(used[done] * tails[steps - done] for done in range(steps + 1)))
        used = np.array([sum(used[t - s - 1] * outside[s] for s in range(t)) for t in range(steps + 1)])
    counts = np.arange(len(law))
    mean = np.dot(counts, law)
    return mean, np.dot(counts**2, law) - mean**2


@pytest.mark.parametrize("steps", [1, 2, 9, 40])
def test_renewal_moments_are_those_of_all_sequences(steps):
    operator = passage_operator(2.0, 0.002, target=0.05)
    start = -0.05
    alive = [1.0, *(float(survival(operator, start, n)) for n in range(1, steps + 1))]
    expected = renewals_by_enumeration(-np.diff(alive), steps)
    assert renewal_moments(operator, start, steps) == pytest.approx(expected, rel=1e-9)


def test_renewal_moments_agree_with_simulation():
    temperature, steps, walkers = 0.8, 1500, 2000
    rng, x, counts = np.random.default_rng(21), np.full(walkers, SHARP), np.zeros(walkers)
    for _ in range(steps):
        width = np.where(x < 0, 0.5, 1.5)
        x = x - 0.005 * 4 / width**2 * x * ((x / width) ** 2 - 1)
        x += math.sqrt(0.01 * temperature) * rng.standard_normal(walkers)
        counts += x >= FLAT
        x[x >= FLAT] = SHARP
    mean, variance = renewal_moments(passage_operator(temperature), SHARP, steps)
    assert counts.mean() == pytest.approx(mean, abs=5 * math.sqrt(variance / walkers))
    assert counts.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / walkers))
    assert variance < 0.8 * mean


def test_long_runs_renew_once_per_mean_passage():
    operator, steps = passage_operator(1.2), 20_000
    time, spread = (float(one) for one in passage_moments(operator, SHARP))
    mean, variance = renewal_moments(operator, SHARP, steps)
    assert mean == pytest.approx(steps / time + (spread / time**2 - 1) / 2 + 1 / (2 * time), abs=1e-6)
    assert variance == pytest.approx(steps * spread / time**3, rel=0.02)


# Convergence


QUANTITIES = {
    "survival": (lambda o: survival(o, SHARP, 2000), lambda t: up_to(FLAT, t)),
    "passage": (lambda o: 1 - survival(o, SHARP, 2000), lambda t: up_to(FLAT, t)),
    "moments": (lambda o: passage_moments(o, SHARP), lambda t: up_to(FLAT, t)),
    "way back": (lambda o: passage_moments(o, FLAT), lambda t: up_to(SHARP, t)),
    "share": (lambda o: share_above(o, FLAT, 1000, 0.0), whole_line),
}


@pytest.mark.parametrize("temperature", [0.12, 0.33, 0.8])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_finer_operator_changes_nothing(quantity, temperature):
    measure, breaks = QUANTITIES[quantity]
    assert refinement_change(measure, chain_at(temperature), breaks(temperature)) < 1e-9


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_doubled_and_shifted_panels_and_a_wider_domain_change_nothing(quantity):
    measure, breaks = QUANTITIES[quantity]
    chain, (left, middle, right) = chain_at(0.33), breaks(0.33)
    expected = np.asarray(measure(transition_operator(chain, [left, middle, right])))
    far_left, far_right = LOSS.ends(60 * 0.33)
    wide = [far_left if left < SHARP else left, middle, far_right if right > FLAT else right]
    for operator in (
        transition_operator(chain, [left, middle, right], panel=0.8),
        transition_operator(chain, sorted([left, middle, right, -0.217, 0.0313, 0.71])),
        transition_operator(chain, wide),
    ):
        assert np.asarray(measure(operator)) == pytest.approx(expected, rel=1e-10)


def test_refinement_change_notices_an_operator_without_its_break():
    """A jump within a panel is not integrated to the last digits: this is what the change is there to see."""

    def share_above_a_point_inside_a_panel(operator):
        return share_above(operator, FLAT, 500, 0.0123)

    assert refinement_change(share_above_a_point_inside_a_panel, chain_at(0.33), whole_line(0.33)) > 1e-6
