"""The widgets' mathematics against the package's own functions, number by number, and what the page is given."""

import json
import math
import os
import re
import shutil
import subprocess
from functools import partial

import matplotlib as mpl
import numpy as np
import pytest
from conftest import claim_path
from scipy import stats

from descent_audit.claims.catalogue import load_claims
from descent_audit.dynamics.langevin import walk
from descent_audit.dynamics.scheduled_runs import SingleSteps, scheduled
from descent_audit.dynamics.schedules import cosine, exponential, linear_warmup
from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.adaptive_rates import adaptive_first_step, bias_profile
from descent_audit.experiments.conditioning import zigzag
from descent_audit.experiments.gradient_descent.two_cycles import cycle_amplitude
from descent_audit.experiments.gradient_noise import escape_probability
from descent_audit.experiments.momentum import momentum_formulas
from descent_audit.experiments.momentum.momentum_stability import mode_growth
from descent_audit.experiments.schedules import schedule_crossing
from descent_audit.experiments.schedules.schedule_shapes import _slope
from descent_audit.experiments.warmup import warmup, warmup_formulas
from descent_audit.figures.theme import PALETTE
from descent_audit.landscapes.cosine_well import CosineWell, one_step_reach
from descent_audit.landscapes.log_cosh import LogCosh
from descent_audit.landscapes.quadratic import DiagonalQuadratic
from descent_audit.landscapes.two_wells import TwoWells, Well
from descent_audit.measurement.observations import sample_steps
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.heavy_ball import HeavyBall
from descent_audit.optimizers.rmsprop import RMSProp
from descent_audit.report import explore
from descent_audit.results import frame
from descent_audit.theory.stationary_law import flat_share

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="node is not installed (Debian: apt-get install nodejs)"
)
EXACT = 1e-12
WIDGETS = sorted(path.stem for path in (explore.MODULES / "widgets").glob("*.mjs"))
RUNNER = """
import { readFileSync } from "node:fs";
const [module, code] = process.argv.slice(1);
const found = await import(module);
const run = eval(code);
const calls = JSON.parse(readFileSync(0, "utf8"));
const spoken = (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
process.stdout.write(JSON.stringify(calls.map((one) => run(found, ...one)), spoken));
"""


def javascript(module, code, calls):
    """Return what a function of a module and of arguments, given as JavaScript, returns for each call."""
    path = (explore.MODULES / f"{module}.mjs").as_uri()
    command = [NODE, "--input-type=module", "-e", RUNNER, path, code]
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(value):
    return np.array(value, dtype=float)


def agree(found, expected, scale=0.0):
    """Compare to a relative 1e-12, and to as much of ``scale`` where numbers of that size cancel."""
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=EXACT, atol=EXACT * scale)


def test_comparison_notices_a_change_in_the_twelfth_digit():
    agree([1.0, 0.0], [1.0 + 1e-13, 0.0])
    with pytest.raises(AssertionError):
        agree([1.0], [1.0 + 3e-12])


@pytest.fixture
def rng():
    return np.random.default_rng(20251125)


def uniform(rng, low, high, count=40):
    return [float(low), float(high), *rng.uniform(low, high, count).tolist()]


def whole(rng, low, high, count=40):
    return [low, high, *rng.integers(low, high + 1, count).tolist()]


def calls_of(*columns):
    return [list(call) for call in zip(*columns, strict=True)]


def run(gradient, start, rate, steps, optimizer=None):
    return [start, *iterate(gradient, start, rate, steps, optimizer)]


def test_quadratic_path_and_its_factor(rng):
    calls = calls_of(uniform(rng, -3, 3), uniform(rng, 0.05, 3), whole(rng, 10, 300))
    found = javascript("maps", "(m, x, h, n) => m.quadraticPath(x, h, n)", calls)
    for path, (start, rate, steps) in zip(found, calls, strict=True):
        agree(path, np.ravel(run(lambda x: x, np.array([start]), rate, steps)))
    factors = javascript("maps", "(m, x, h, n) => m.quadraticFactor(h, n)", calls)
    agree(factors, [abs(1 - rate) ** steps for _, rate, steps in calls])


def test_log_cosh_path_and_end(rng):
    convexity = uniform(rng, 0.0, 1.0)
    rates = [share * min(2 / max(mu, 1e-9), 12.0) for share, mu in zip(uniform(rng, 0.1, 0.95), convexity, strict=True)]
    calls = calls_of(convexity, uniform(rng, 0.01, 3.0), rates, whole(rng, 10, 200))
    found = javascript("maps", "(m, ...all) => [m.logCoshPath(...all), m.logCoshEnd(...all)]", calls)
    for (path, end), (mu, start, rate, steps) in zip(found, calls, strict=True):
        expected = np.ravel(run(LogCosh(mu).gradient, np.array([start]), rate, steps))
        agree(path, expected, scale=np.abs(expected).max())
        assert end == path[-1]


def test_amplitude_of_the_two_cycle_in_all_three_ranges(rng):
    calls = calls_of([0.0, 0.25, 0.25, *uniform(rng, 0.0, 1.0)], [3.0, 1.0, 9.0, *uniform(rng, 0.1, 12.0)])
    found = numbers(javascript("maps", "(m, mu, h) => m.cycleAmplitude(mu, h)", calls))
    expected = np.array([cycle_amplitude(*call)[0] for call in calls])
    assert (expected == 0).any() and np.isinf(expected).any()
    agree(found, expected)


def test_valley_path_and_its_length(rng):
    starts = [list(pair) for pair in zip(uniform(rng, 0, 5), uniform(rng, 1, 100), strict=True)]
    calls = calls_of(starts, uniform(rng, 1, 100), uniform(rng, 0.05, 2.1), whole(rng, 1, 200))
    found = javascript("maps", "(m, x, k, h, n) => [m.valleyPath(x, k, h, n), m.pathRatio(k, x, h, n)]", calls)
    for (path, ratio), (start, kappa, rate, steps) in zip(found, calls, strict=True):
        loss = DiagonalQuadratic(np.array([1.0, 1 / kappa]))
        agree(path, run(loss.gradient, np.array(start), rate, steps))
        agree(ratio, zigzag.path_ratio(kappa, np.array(start), rate, steps)[0])


def test_heavy_ball_path_and_roots(rng):
    calls = calls_of(uniform(rng, 0.0, 0.99), uniform(rng, 0.01, 4.2), whole(rng, 10, 100))
    found = javascript("momentum", "(m, b, h, n) => [m.heavyBallPath(b, h, n), m.rootModulus(b, h)]", calls)
    for (path, modulus), (beta, rate, steps) in zip(found, calls, strict=True):
        expected = np.ravel(run(lambda x: x, np.ones(1), rate, steps, HeavyBall(beta)))
        agree(path, expected, scale=np.abs(expected).max())
        agree(modulus, momentum_formulas.root_modulus(beta, rate))
    borders = "(m, b) => [...m.complexRange(b), m.dampingCrossover(b), m.stabilityLimit(b)]"
    beta = numbers(uniform(rng, 0.0, 0.99))
    low, high = momentum_formulas.complex_range(beta)
    expected = [low, high, momentum_formulas.damping_crossover(beta), momentum_formulas.stability_limit(beta)]
    agree(javascript("momentum", borders, beta[:, None].tolist()), np.transpose(expected))


def test_measured_growth_of_the_heavy_ball(rng):
    beta, rates = numbers(uniform(rng, 0.0, 0.99)), numbers(uniform(rng, 0.05, 4.2))
    found = javascript("momentum", "(m, b, h) => m.growthRate(b, h, 410)", np.transpose([beta, rates]).tolist())
    agree(found, mode_growth("heavy_ball.HeavyBall", beta, rates, 410), scale=1.0)


METHODS = {
    "adam": partial(Adam, bias_correction=True),
    "adam_uncorrected": partial(Adam, bias_correction=False),
    "rmsprop": lambda first_decay, second_decay, epsilon: RMSProp(second_decay, epsilon),
    "gradient_descent": lambda first_decay, second_decay, epsilon: GradientDescent(),
}


@pytest.mark.parametrize("method", METHODS)
def test_adaptive_methods_on_a_parabola(method, rng):
    columns = uniform(rng, 0.0, 0.99), uniform(rng, 0.5, 0.9999), uniform(rng, 1e-12, 1.0)
    calls = calls_of(uniform(rng, 0.1, 10.0), uniform(rng, 0.003, 1.0), *columns)
    code = "(m, x, h, first, second, epsilon) => m.parabolaPath('METHOD', x, h, { first, second, epsilon }, 10)"
    found = javascript("adaptive", code.replace("METHOD", method), calls)
    for path, (start, rate, first, second, epsilon) in zip(found, calls, strict=True):
        rule = METHODS[method](first_decay=first, second_decay=second, epsilon=epsilon)
        expected = np.ravel(run(lambda x: x, np.array([start]), rate, 10, rule))
        agree(path, expected, scale=np.abs(expected).max())


@pytest.mark.parametrize("method", METHODS)
def test_first_step_of_adaptive_methods(method, rng):
    columns = uniform(rng, 0.0, 0.99), uniform(rng, 0.5, 0.9999), uniform(rng, 1e-12, 1.0)
    calls = calls_of(np.exp(uniform(rng, -14, 14)).tolist(), *columns)
    code = """(m, g, first, second, epsilon) =>
        [m.firstStep, (k, x, c) => m.predictedFirstStep(k, x, c)].map((f, i) =>
            i ? f('METHOD', g, { first, second, epsilon }) : f('METHOD', g, 0.001, { first, second, epsilon }))"""
    found = javascript("adaptive", code.replace("METHOD", method), calls)
    for (measured, predicted), (gradient, first, second, epsilon) in zip(found, calls, strict=True):
        rule = METHODS[method](first_decay=first, second_decay=second, epsilon=epsilon)
        agree(measured, adaptive_first_step.first_step(rule, np.array([gradient]), 0.001)[0])
        agree(predicted, adaptive_first_step.predicted_first_step(method, gradient, first, second, epsilon))


@pytest.mark.parametrize("method", ["adam", "adam_uncorrected"])
def test_steps_under_a_constant_gradient(method, rng):
    calls = calls_of(uniform(rng, 0.0, 0.99), uniform(rng, 0.5, 0.9999))
    code = """(m, a, b) => [m.constantGradientSteps('METHOD', a, b, 200),
        Array.from({ length: 200 }, (_, i) => m.stepRatio(i + 1, a, b))]"""
    found = javascript("adaptive", code.replace("METHOD", method), calls)
    for (steps, ratios), (first, second) in zip(found, calls, strict=True):
        rule = SingleSteps(METHODS[method](first_decay=first, second_decay=second, epsilon=0.0))
        expected = list(scheduled(lambda x, _: np.ones_like(x), np.zeros(1), lambda _: 1.0, 200, rule))
        agree(steps, np.abs(np.ravel(expected)))
        t = np.arange(1, 201)[:, None]
        agree(ratios, bias_profile.step_ratio(t, np.array([[first, second]]))[:, 0])


def test_schedules(rng):
    steps = whole(rng, 2, 2000)
    t = [int(rng.integers(0, count)) for count in steps]
    calls = calls_of(t, uniform(rng, 0.01, 1.0), np.exp(uniform(rng, -13.8, -0.01)).tolist(), steps)
    code = "(m, t, h, r, n) => [m.exponential(t, h, r, n), m.cosine(t, h, r, n), m.linearWarmup(t + 1, h, n)]"
    found = javascript("schedules", code, calls)
    expected = [
        [exponential(t, rate, ratio, n), cosine(t, rate, ratio, n), linear_warmup(t + 1, rate, n)]
        for t, rate, ratio, n in calls
    ]
    agree(found, expected)


def test_slopes_crossing_and_sums_of_schedules(rng):
    calls = calls_of(uniform(rng, 0.0, 1.0), np.exp(uniform(rng, math.log(1e-6), math.log(0.9))).tolist())
    code = """(m, s, r) => [m.slope('cosine', s, r), m.slope('exponential', s, r), m.crossing(r), m.areaRatio(r, 1001),
        m.fastestRelativePosition(r)]"""
    found = numbers(javascript("schedules", code, calls))
    ratio = np.transpose(calls)[1]
    for column, name in enumerate(("cosine", "exponential")):
        agree(found[:, column], [_slope(name, *call) for call in calls], scale=1.0)
    agree(found[:, 2], schedule_crossing.crossing("exponential", ratio, 1e-9))
    agree(found[:, 3], 0.5 * 1001 * (1 + ratio) / schedule_crossing.exponential_sum(ratio, 1001))
    agree(found[:, 4], np.arccos(-(1 - ratio) / (1 + ratio)) / np.pi)


def test_sizes_with_warmup(rng):
    columns = uniform(rng, 0.05, 1.0), uniform(rng, 1.0, 30.0), whole(rng, 1, 400), whole(rng, 1, 400)
    calls = calls_of(*columns)
    code = "(m, rate, high, highSteps, warmupSteps) => m.sizes({ rate, high, low: 1, highSteps, warmupSteps }, 400)"
    for sizes, (rate, high, length, ramp) in zip(javascript("warmup", code, calls), calls, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            agree(sizes, warmup.Toy(rate, high, 1.0).warmup_sizes((0, length), ramp, 400))


def test_boundaries_of_warmup_and_reach_of_a_step(rng):
    c = numbers(uniform(rng, 2.05, 30.0))
    code = "(m, c) => [m.singleStepBoundary(c), m.netGrowthBoundary(c), m.oneStepReach(c)]"
    expected = [warmup_formulas.single_step_boundary(c), warmup_formulas.net_growth_boundary(c), one_step_reach(c)]
    agree(javascript("warmup", code, c[:, None].tolist()), np.transpose(expected))


def basin_paths(calls, steps):
    code = f"""(m, w, rate, high, highSteps, warmupSteps) =>
        m.basinPath(w, {{ rate, high, low: 1, highSteps, warmupSteps }}, {steps})"""
    for path, (start, rate, high, length, ramp) in zip(javascript("warmup", code, calls), calls, strict=True):
        early, late = CosineWell(high), CosineWell(1.0)

        def slope(w, k, early=early, late=late, length=length):
            return (early if k <= length else late).gradient(w)

        schedule = partial(linear_warmup, learning_rate=rate, warmup_steps=ramp)
        yield path, np.ravel([np.array([start]), *scheduled(slope, np.array([start]), schedule, steps)])


def test_path_in_a_basin_where_no_step_expands(rng):
    ramps = whole(rng, 20, 400)
    rates, highs = uniform(rng, 0.25, 1.0), uniform(rng, 8.0, 20.0)
    lengths = [int(2 * ramp / (rate * high)) for ramp, rate, high in zip(ramps, rates, highs, strict=True)]
    for path, expected in basin_paths(calls_of(uniform(rng, 0.05, 3.0), rates, highs, lengths, ramps), 400):
        agree(path, expected, scale=np.pi)


def test_path_in_a_basin_at_a_constant_rate_for_as_long_as_rounding_stays_small(rng):
    """A step may multiply an error by 1 + c, and c is at most 20: two steps keep it below 1e-12, not many more."""
    calls = calls_of(uniform(rng, 0.05, 3.0), uniform(rng, 0.05, 1.0), uniform(rng, 1.0, 20.0), [400] * 42, [1] * 42)
    for path, expected in basin_paths(calls, 2):
        agree(path, expected, scale=np.pi)


class Drawn:
    """A generator whose draws are given."""

    def __init__(self, draws):
        self.draws = draws

    def standard_normal(self, out):
        out[:] = self.draws


SHARP, FLAT = {"width": 0.5, "depth": 1.0}, {"width": 1.5, "depth": 1.0}
WELLS, LOSS = {"sharp": SHARP, "flat": FLAT}, TwoWells(Well(0.5, 1.0), Well(1.5, 1.0))


def test_loss_and_a_noisy_step_between_two_wells(rng):
    x, draws = numbers(uniform(rng, -1.0, 2.5, 400)), numbers(uniform(rng, -4.0, 4.0, 400))
    wells, loss = {"sharp": {"width": 0.7, "depth": 1.3}, "flat": FLAT}, TwoWells(Well(0.7, 1.3), Well(1.5, 1.0))
    code = "(m, wells, x, draw) => [m.loss(wells, x), m.gradient(wells, x), m.step(wells, x, 0.005, 0.33, draw)]"
    found = numbers(javascript("wells", code, [[wells, *call] for call in calls_of(x.tolist(), draws.tolist())]))
    agree(found[:, 0], loss.value(x), scale=1.0)
    agree(found[:, 1], loss.gradient(x), scale=10.0)
    (after,) = walk(loss, Drawn(draws), x.copy(), 0.005, math.sqrt(2 * 0.005 * 0.33))
    agree(found[:, 2], after, scale=1.0)


@pytest.mark.parametrize(("order", "temperature"), [(6, 0.15), (6, 0.5), (12, 0.8)])
def test_exact_passage_curve(order, temperature):
    (found,) = javascript("wells", "(m, ...all) => m.passageCurve(...all)", [[WELLS, 0.005, temperature, 2000, order]])
    steps = (1, 2, 37, 500, 1000, 2000)
    agree([found[k] for k in steps], escape_probability.escape_probability(LOSS, 0.005, temperature, steps, order), 1.0)
    assert found[0] == 0


def test_nodes_of_quadrature():
    found = javascript("wells", "(m, n) => [m.legendre(n).nodes, m.legendre(n).weights]", [[n] for n in (2, 6, 12, 16)])
    for (nodes, weights), order in zip(found, (2, 6, 12, 16), strict=True):
        x, w = np.polynomial.legendre.leggauss(order)
        agree(nodes, x, scale=1.0)
        agree(weights, w)


def test_share_of_the_flat_well_in_the_long_run(rng):
    columns = [uniform(rng, 0.2, 3.0) for _ in range(4)]
    calls = calls_of(uniform(rng, 0.05, 2.0), *columns)
    code = """(m, t, a, h, b, k) =>
        m.flatShare({ sharp: { width: a, depth: h }, flat: { width: b, depth: k } }, t)"""
    expected = [flat_share(TwoWells(Well(a, h), Well(b, k)), t) for t, a, h, b, k in calls]
    agree(javascript("wells", code, calls), expected)


def passed(temperature, seeds):
    """Return how many of 300 walkers per seed have reached the flat minimum within 500 steps."""
    code = """(m, wells, seed, temperature) =>
        m.crowd(wells, { rate: 0.005, temperature, steps: 500, walkers: 300, seed }).counts.at(-1)"""
    return sum(javascript("wells", code, [[WELLS, seed, temperature] for seed in seeds]))


def test_walkers_follow_the_exact_law():
    (probability,) = escape_probability.escape_probability(LOSS, 0.005, 0.33, (500,))
    seeds = range(1, 31)
    assert stats.binomtest(passed(0.33, seeds), 300 * len(seeds), probability).pvalue > 1e-6
    assert stats.binomtest(passed(0.30, seeds), 300 * len(seeds), probability).pvalue < 1e-6


def small_fast_chaotic(seed, count):
    """Return the draws of SFC32 after 20 rounds of warm-up, with whole numbers of any size cut to 32 bits."""
    a, b, c, counter, draws = seed, 0, 0, 1, []
    for _ in range(20 + count):
        total = (a + b + counter) % 2**32
        counter = (counter + 1) % 2**32
        a, b, c = b ^ (b >> 9), 9 * c % 2**32, ((c << 21) % 2**32 + (c >> 11) + total) % 2**32
        draws.append(total / 2**32)
    return draws[20:]


def test_uniform_draws_are_those_of_the_generator():
    code = "(m, seed, n) => { const draw = m.uniform(seed); return Array.from({ length: n }, draw); }"
    found = javascript("random", code, [[1, 500], [1000, 500]])
    assert found == [small_fast_chaotic(1, 500), small_fast_chaotic(1000, 500)]


def test_draws_are_normal_independent_and_those_of_their_seed():
    code = "(m, seed, n) => { const draw = m.normal(seed); return Array.from({ length: n }, draw); }"
    first, again, other = numbers(javascript("random", code, [[1, 40000], [1, 40000], [2, 40000]]))
    assert np.array_equal(first, again)
    for draws in (first, other):
        assert stats.kstest(draws, "norm").pvalue > 1e-6
        for x, y in ((draws[1:], draws[:-1]), (draws[1:] ** 2, draws[:-1] ** 2)):
            assert stats.pearsonr(x, y).pvalue > 1e-6
    assert stats.pearsonr(first, other).pvalue > 1e-6


def test_grids_are_those_of_the_package():
    code = """(m) => [m.linear(0.3, 7, 13), m.geometric(1e-6, 1e6, 25), m.sampledSteps(100, 21),
        m.sampledSteps(5000, 40, true)]"""
    ((line, decades, steps, logarithmic),) = javascript("numbers", code, [[]])
    agree(line, np.linspace(0.3, 7, 13))
    agree(decades, np.geomspace(1e-6, 1e6, 25))
    assert steps == sample_steps(100, 21).tolist()
    assert logarithmic == sample_steps(5000, 40, log=True).tolist()


def test_colours_are_those_of_the_figures():
    ((palette, cividis),) = javascript("plot", "(m) => [m.COLOURS, m.CIVIDIS]", [[]])
    assert palette[:-1] == list(PALETTE[:-1])
    assert (palette[-1], PALETTE[-1]) == ("currentColor", "#000000")
    assert cividis == [mpl.colors.to_hex(mpl.colormaps["cividis"](one)) for one in np.linspace(0, 1, len(cividis))]
    values = np.linspace(-0.2, 1.7, 60)
    mixed = javascript("plot", "(m, v) => m.mapColour(v, [0, 1.5])", values[:, None].tolist())
    expected = np.array([mpl.colormaps["cividis"](min(max(v / 1.5, 0.0), 1.0))[:3] for v in values])
    assert np.abs(np.array([mpl.colors.to_rgb(one) for one in mixed]) - expected).max() < 0.05


@pytest.mark.parametrize(
    ("scale", "ends", "ticks"),
    [
        ("linear", [0, 1], [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ("linear", [-7, 12], [-5, 0, 5, 10]),
        ("log", [0.5, 2000], [1, 10, 100, 1000]),
        ("log", [1e-60, 1e25], [1e-60, 1e-45, 1e-30, 1e-15, 1, 1e15]),
        ("symlog", [0, 300], [0, 1, 10, 100]),
    ],
)
def test_ticks(scale, ends, ticks):
    agree(javascript("plot", f"(m, low, high) => m.SCALES.{scale}.ticks(low, high, 6)", [ends])[0], ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-2.5, "−2.5"), (1234.5678, "1235"), (1e-7, "10⁻⁷"), (-3.21e20, "−3.21 × 10²⁰"), (1e6, "10⁶")],
)
def test_numbers_are_shown_as_readers_write_them(value, text):
    assert javascript("plot", "(m, v) => m.shown(v)", [[value]]) == [text]


CORNERS = """(m, parameters) => {
  const { default: widget } = m;
  const sliders = widget.sliders(parameters);
  const start = Object.fromEntries(sliders.map((one) => [one.name, one.start]));
  const points = [start, ...sliders.flatMap((one) => [one.from, one.to].map((end) => ({ ...start, [one.name]: end })))];
  const kept = (widget) => ({ claim: widget.claim, title: widget.title, axes: widget.axes });
  return { ...kept(widget), sliders, views: points.map((values) => ({
    series: widget.series(values, parameters), says: widget.says(values, parameters) })) };
}"""


@pytest.mark.parametrize("scale", ["smoke", "full"])
@pytest.mark.parametrize("name", WIDGETS)
def test_widget_is_drawn_at_its_start_and_at_both_ends_of_every_slider(name, scale):
    claim = load_claims([name])[name]
    (found,) = javascript(f"widgets/{name}", CORNERS, [[claim.arms(scale)[0].parameters]])
    panels = {panel["name"] for panel in [*claim.figure["panels"], claim.figure.get("strip", {"name": ""})]}
    named = {axes["panel"] for axes in found["axes"]}
    assert found["claim"] == name
    assert named & panels
    assert all(axes["panel"] in panels or ("label" in axes["x"] and "label" in axes["y"]) for axes in found["axes"])
    for slider in found["sliders"]:
        assert slider["from"] <= slider["start"] <= slider["to"]
        assert slider["step"] > 0
        assert slider["label"]
    for view in found["views"]:
        assert not re.search("NaN|undefined|null", view["says"])
        assert set(view["series"]) == named
        for one in [one for series in view["series"].values() for one in series]:
            assert len(one["x"]) == len(one["y"]) > 0
            assert one["role"] in ("line", "run", "guide", "here")
    assert len({json.dumps(view, sort_keys=True) for view in found["views"]}) > len(found["sliders"])


def test_drawing_leaves_out_what_has_no_place_and_holds_no_broken_number():
    code = """(m) => m.draw({ x: {}, y: { scale: 'log' } }, [
        { role: 'run', label: 'a', x: [0, 1, 2, 3], y: [1, 0, NaN, 1e300] },
        { role: 'line', label: 'b', x: [0, 1, 2, 3], y: [1, Infinity, 2, 3] }], 400, 260)"""
    ((drawing,),) = [javascript("plot", code, [[]])]
    assert drawing.count("<circle") == 2
    assert not re.search("NaN|undefined|Infinity", drawing)


def test_every_import_of_every_module_is_in_the_import_map():
    names = explore.module_names()
    imported = {
        name for path in names.values() for name in re.findall(r'from "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert imported
    assert imported <= set(names)
    assert {f"descent-audit/widgets/{name}" for name in WIDGETS} <= set(names)
    assert len(WIDGETS) >= 8


def test_page_is_given_the_measured_points_of_the_arms_that_its_figure_shows(claim):
    figure = {"caption": "A caption.", "panels": [{"name": "one", "arms": ["claim"], "x": "step $k$", "y": "a </b>"}]}
    shown = type(claim)(**{**vars(claim), "figure": figure})
    row = {"claim": "small", "panel": "one", "series": "s", "x": 1.0, "y": 0.123456789}
    rows = [
        {**row, "arm": arm, "role": role}
        for arm, role in (("claim", "measured"), ("claim", "predicted"), ("calm", "measured"))
    ]
    data = explore.audit(shown, frame("curves", rows), "smoke", {"step $k$": "step", "a </b>": "a </b>"})
    assert data["points"] == [{"panel": "one", "kind": "claim", "role": "measured", "x": [1.0], "y": [0.12346]}]
    assert data["panels"] == [{"name": "one", "x": "step", "y": "a </b>"}]
    assert data["parameters"]["learning_rate"] == 3.0
    assert "</b>" not in explore._block(shown, data)


def test_claim_without_a_widget_has_no_block(claim, tmp_path):
    assert explore.blocks([claim], tmp_path, "smoke") == {}


def test_widgets_are_modules_of_claims():
    assert set(WIDGETS) <= set(load_claims())
    assert all(claim_path(name).is_file() for name in WIDGETS)
