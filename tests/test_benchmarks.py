"""How the benchmarks count; what they measure is no matter of a test."""

import importlib.util
import sys
from pathlib import Path

import pytest
from conftest import claim_path
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.workflow.plan import load_plan

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def loaded(monkeypatch):
    """Return a function that imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def module(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        found = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, found)
        spec.loader.exec_module(found)
        return found

    return module


@given(power=st.floats(-2, 3), factor=st.floats(1e-3, 1e3))
def test_exponent_of_a_power_is_found(power, factor):
    from_path = importlib.util.spec_from_file_location("timing", FOLDER / "timing.py")
    timing = importlib.util.module_from_spec(from_path)
    from_path.loader.exec_module(timing)
    row = timing.growth("some", "size", {size: [factor * size**power] * 3 for size in (1, 10, 100)}, "s")
    assert row["exponent"] == pytest.approx(power, abs=1e-9)
    assert (row["smallest"], row["largest"], row["rounds"]) == (1, 100, 3)


def test_ratio_is_that_of_runs_of_one_round(loaded):
    row = loaded("timing").ratio("own", "other", [1.0, 4.0, 9.0], [1.0, 2.0, 3.0], "at most 1.5")
    assert (row["median"], row["low"], row["high"], row["rounds"], row["met"]) == (2.0, 1.0, 3.0, 3, False)


@pytest.mark.parametrize(("aim", "met"), [("", None), ("at most 2", True), ("at least 3", False)])
def test_aims_are_read(loaded, aim, met):
    assert loaded("timing").meets(2.0, aim) is met


def test_calls_are_taken_in_turn_after_one_that_does_not_count(loaded):
    calls = []
    found = loaded("timing").in_turn({name: lambda name=name: calls.append(name) for name in "ab"}, 2)
    assert calls == ["a", "b"] + ["a", "b"] * 2
    assert {name: len(sample) for name, sample in found.items()} == {"a": 2, "b": 2}


def test_makefile_has_every_simulation_and_batch_once(loaded):
    plan = load_plan({"scale": "smoke"})
    text = loaded("pipeline").makefile(plan)
    assert text.count("descent_audit.simulate ") == len(plan.selected)
    assert text.count("descent_audit.figures.draw ") == len(plan.batches())
    for batch, names in plan.batches().items():
        assert f"\n{batch}: {' '.join(f'sim_{name}' for name in names)}\n" in text


def test_texts_that_are_edited_are_in_the_claim_file(loaded):
    pipeline = loaded("pipeline")
    text = claim_path(pipeline.EDITED).read_text()
    assert all(before in text and after not in text for before, after in (pipeline.TOLERANCE, pipeline.LABEL))


def test_platform_is_named_without_its_machine(loaded):
    import platform

    assert platform.node() not in loaded("timing").platform_name()
