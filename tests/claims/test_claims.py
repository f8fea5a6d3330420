"""The contract that every claim file keeps, at smoke scale."""

import math
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from conftest import claim_path

from descent_audit import judge
from descent_audit.claims.catalogue import claim_names, load_claims, load_text, parse_claim
from descent_audit.claims.claims import SCALES
from descent_audit.claims.sources import is_sampled
from descent_audit.claims.validation import read_yaml
from descent_audit.measurement.cells import Sampling
from descent_audit.measurement.randomness import Streams
from descent_audit.records.storage import shard_path
from descent_audit.report.wording import PLACEHOLDER, filled_caption
from descent_audit.results import csv_text, observed, parsed
from descent_audit.stages import arms, observe
from descent_audit.stages.shards import read_shards, write_shard

NAMES = claim_names()
SEED = 20260101
DRAWN = 64
"""Replicates, at most, of a cell that is only drawn: a few runs or walkers for a figure."""


@cache
def run(name, seed=SEED):
    """Return the observations and curves of a claim as the pipeline would write them."""
    reports = observe.simulate(name, load_claims([name])[name].arms("smoke"), seed)
    return csv_text(observe.observations_table(name, reports)), csv_text(observe.curves_table(name, reports))


def rows_of(name, seed=SEED):
    return observed(parsed(run(name, seed)[0], "observations", name))


def curves_of(name, seed=SEED):
    return parsed(run(name, seed)[1], "curves", name)


def judged(name, claim=None, rows=None):
    return judge.judge_claim(claim or load_claims([name])[name], "smoke", rows or rows_of(name))


def document_of(name):

    return read_yaml(claim_path(name), name)


def perturbed(expectation, checks, trials):
    """Return an expectation that the same observations miss beyond any doubt; a count has so many ``trials``."""
    values = [check.value for check in checks]
    far = 10 * (1 + max(map(abs, values)))
    match expectation["relation"]:
        case "at_most":
            return {**expectation, "value": min(values) - far}
        case "at_least":
            return {**expectation, "value": max(values) + far}
        case "between":
            return {**expectation, "lower": max(values) + far, "upper": max(values) + 2 * far}
        case "increasing" | "decreasing" as order:
            return {**expectation, "relation": "decreasing" if order == "increasing" else "increasing"}
        case "binomial":
            return {**expectation, "value": 0.0 if 2 * values[0] > trials else trials}
    return {**expectation, "value": max(values) + far + 2 * max(check.tolerance for check in checks), "relative": 0.0}


@pytest.mark.parametrize("name", NAMES)
def test_claim_is_judged_as_sound(name):
    _, judgement = judged(name)
    assert judgement.verdict == "supported", judgement.reasons
    assert judgement.control_failed
    assert judgement.counterexample_shown in (True, None)


@pytest.mark.parametrize("name", NAMES)
def test_claim_gives_the_same_bytes_for_the_same_seed(name):
    first = run(name)
    run.cache_clear()
    assert run(name) == first


@pytest.mark.parametrize("name", NAMES)
def test_claim_keeps_its_verdict_under_another_seed(name):
    rows = rows_of(name, seed=1)
    assert judged(name)[1].verdict == judged(name, rows=rows)[1].verdict, judged(name, rows=rows)[1].reasons


@pytest.mark.parametrize("name", NAMES)
def test_claim_observes_every_expected_quantity(name):
    checks, _ = judged(name)
    assert all(math.isfinite(check.value) for check in checks)


@pytest.mark.parametrize("name", NAMES)
def test_perturbed_expectation_flips_the_verdict(name):
    claim = load_claims([name])[name]
    rows = rows_of(name)
    for index, expectation in enumerate(claim.expectations("smoke")["claim"]["observes"]):
        own = [row for row in rows if row.arm == "claim"]
        checks = judge.check_arm([expectation], own, "claim", len(rows))
        trials = next(row.replicates for row in own if row.quantity == expectation["quantity"])
        entry = {key: value for key, value in perturbed(expectation, checks, trials).items() if key != "at_scale"}
        document = document_of(name)
        expected = document["expect"]["claim"]
        listed = expected if isinstance(expected, list) else expected["observes"]
        listed[index] = entry
        bent = parse_claim(claim.choice, document, load_text().by_id())
        assert judged(name, bent, rows)[1].verdict != "supported", expectation


@pytest.mark.parametrize("name", NAMES)
def test_control_that_behaves_like_the_claim_is_noticed(name):
    claim = load_claims([name])[name]
    rows = rows_of(name)
    for control in (arm for arm, kind in claim.kinds.items() if kind == "control"):
        others = [row for row in rows if row.arm != control]
        copied = [row._replace(arm=control) for row in rows if row.arm == "claim"]
        judgement = judged(name, claim, [*others, *copied])[1]
        assert judgement.verdict == "void"
        assert not judgement.control_failed


@pytest.mark.parametrize("name", NAMES)
def test_counterexample_that_does_not_show_is_noticed(name):
    claim = load_claims([name])[name]
    for arm in (arm for arm, kind in claim.kinds.items() if kind == "counterexample"):
        broken = [row._replace(value=math.nan) if row.arm == arm else row for row in rows_of(name)]
        assert judged(name, claim, broken)[1].verdict == "void"


@pytest.mark.parametrize("name", NAMES)
def test_observations_are_finite_and_at_points_of_their_own(name):
    rows = rows_of(name)
    assert all(math.isfinite(row.value) for row in rows)
    places = [(row.arm, row.quantity, row.at) for row in rows]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", NAMES)
def test_figure_shows_every_panel_and_leaves_out_none(name):
    claim = load_claims([name])[name]
    curves = curves_of(name)
    for panel in claim.figure["panels"]:
        drawn = panel.get("arms", claim.kinds)
        shown = curves[curves["panel"].eq(panel["name"]) & curves["arm"].isin(list(drawn))]
        shown = shown.dropna(how="all", subset=["x", "y"])  # a gap ends a line
        assert len(shown), panel["name"]
        for axis in ("x", "y"):
            positive = panel.get(f"{axis}_scale") == "log"
            assert not positive or (shown[axis] > 0).all(), (panel["name"], axis)
            assert np.isfinite(shown[axis]).all(), (panel["name"], axis)
    strip = {claim.figure["strip"]["name"]} if "strip" in claim.figure else set()
    assert set(curves["panel"]) == {panel["name"] for panel in claim.figure["panels"]} | strip


@pytest.mark.parametrize("name", NAMES)
def test_caption_that_goes_from_the_top_down_leaves_out_no_panel(name):
    figure = load_claims([name])[name].figure
    caption, panels = figure["caption"], len(figure["panels"])
    assert not caption.startswith("Top") or "Bottom" in caption
    assert panels < 3 or not caption.startswith("Top") or "Middle" in caption


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_no_two_arms_are_the_same_run(name, scale):
    """A control that repeats a counterexample, or a counterexample that repeats the claim, adds nothing."""
    arms = {arm.name: (arm.target, dict(arm.parameters)) for arm in load_claims([name])[name].arms(scale)}
    for one, other in combinations(arms, 2):
        assert arms[one] != arms[other], f"{one} and {other}"


@pytest.mark.parametrize("name", NAMES)
def test_caption_finds_every_number_that_it_names(name):
    caption = load_claims([name])[name].figure["caption"]
    for match in PLACEHOLDER.finditer(caption):
        assert filled_caption(match[0], rows_of(name)) != "–", match[0]


SAMPLED = [name for name, claim in load_claims().items() if claim.is_sampled("smoke")]


def cells(name, scale):
    """Return the cells of every sampled arm at a scale."""
    found = {}
    for arm in load_claims([name])[name].arms(scale):
        prepared = arms.prepare(arm, Streams(SEED, name, arm.name)) if is_sampled(arm.target) else None
        if isinstance(prepared, Sampling):
            found |= {(arm.name, cell.name): cell for cell in prepared.cells}
    return found


@pytest.mark.parametrize("shards", [1, 3, 16])
@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_claim_gives_the_same_bytes_for_any_number_of_shards(name, shards, tmp_path):
    own = load_claims([name])[name].arms("smoke")
    for shard in reversed(range(shards)):
        path = shard_path(tmp_path, name, "made", shard, shards)
        write_shard(path, "made", arms.shard_tallies(name, own, SEED, shard, shards))
    reports = arms.gather(name, own, SEED, read_shards(tmp_path, name, "made", shards))
    assert csv_text(observe.observations_table(name, reports)) == run(name)[0]
    assert csv_text(observe.curves_table(name, reports)) == run(name)[1]


@pytest.mark.parametrize("name", SAMPLED)
def test_deep_has_64_times_the_replicates_of_full_and_its_first_blocks(name):
    full, deep = cells(name, "full"), cells(name, "deep")
    grown = [key for key in full if deep[key].replicates != full[key].replicates]
    assert grown
    for key, cell in full.items():
        assert deep[key].block_size == cell.block_size
        if key in grown:
            assert deep[key].replicates >= 64 * cell.replicates
            assert cell.replicates % cell.block_size == 0
            assert deep[key].replicates % cell.block_size == 0
        else:
            assert cell.replicates <= DRAWN, f"{key} is judged, but not drawn more often"


@pytest.mark.parametrize("name", SAMPLED)
def test_cells_name_the_parameter_point_and_not_the_replicates(name):
    full, deep = cells(name, "full"), cells(name, "deep")
    assert set(full) == set(deep)
    assert not any(str(cell.replicates) in cell.name.split("=") for cell in deep.values() if cell.replicates > 64)
