import subprocess
import sys

import pytest
from conftest import PROJECT

from descent_audit.claims.catalogue import ConfigurationError, claim_names
from descent_audit.workflow import plan


def test_plan_of_everything_at_full_scale():
    found = plan.load_plan({})
    assert found.scale == "full"
    assert list(found.selected) == claim_names()


def test_plan_of_a_selection_keeps_all_claims_in_sight():
    found = plan.load_plan({"scale": "smoke", "claims": "quadratic_divergence_threshold"})
    assert found.selected == ("quadratic_divergence_threshold",)
    assert set(found.claims) == set(claim_names())


@pytest.mark.parametrize("selected", [1, 9, 10, 11, 23, 60])
def test_batches_hold_every_selected_claim_once_and_are_small_and_even(selected):
    found = plan.load_plan({"claims": claim_names()[:selected]})
    batches = found.batches().values()
    assert [name for names in batches for name in names] == list(found.selected)
    assert max(map(len, batches)) <= plan.BATCH
    assert max(map(len, batches)) - min(map(len, batches)) <= 1


@pytest.mark.parametrize("style", ["paper", "paper-wide", "slides"])
def test_each_style_has_files_of_its_own_in_three_formats_with_those_of_the_report(style):
    found = plan.load_plan({"figure_style": style, "claims": "descent_lemma_bound"})
    folder = "figures" if style == "paper" else f"figures/{style}"
    wanted = {f"{folder}/descent_lemma_bound.{form}" for form in ("svg", "pdf", "png")}
    assert {
        *found.taken_along(found.selected),
        "figures/descent_lemma_bound.svg",
    } >= wanted


def test_unknown_style_is_refused():
    with pytest.raises(ConfigurationError, match=r"figure_style: .*slide.*did you mean 'slides'"):
        plan.load_plan({"figure_style": "slide"})


def test_unknown_option_is_refused():
    with pytest.raises(ConfigurationError, match=r"did you mean 'scale'"):
        plan.load_plan({"scal": "full"})


def test_fault_ends_the_program_with_one_line():
    with pytest.raises(SystemExit, match="smoky") as caught:
        plan.plan_or_exit({"scale": "smoky"})
    assert "\n" not in str(caught.value.code)


def test_files_of_the_project_are_named_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    assert plan.project_file("config/config.yaml") == "config/config.yaml"
    assert plan.project_files("config/scale/*.yaml") == [
        f"config/scale/{name}.yaml" for name in ("deep", "full", "smoke")
    ]
    monkeypatch.chdir(PROJECT / "src")
    assert plan.project_file("config/config.yaml") == "../config/config.yaml"
    monkeypatch.chdir(tmp_path)
    assert (tmp_path / plan.project_file("config/config.yaml")).samefile(PROJECT / "config" / "config.yaml")
    assert all((tmp_path / path).exists() for path in plan.project_files("config/claim/*/*.yaml"))


def test_job_prefix_survives_snakemake_and_the_shell():
    prefix = plan.job_environment().format()
    done = subprocess.run(
        ["bash", "-euc", prefix + "command -v python; env | cut -d= -f1 | sort | xargs; echo $PYTHONPATH"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    python, names, sources = done.stdout.splitlines()
    assert python.startswith(str(sys.exec_prefix))
    assert {*names.split()} - {"PWD", "SHLVL", "OLDPWD", "_"} == {"PATH", "PYTHONPATH", "PYTHONHASHSEED"}
    assert sources == str(PROJECT / "src")
