"""What an edit reruns: real runs of Snakemake in a copy of the project."""

import csv
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT, QUADRATIC, RUN_CLAIMS, claim_path, copy_project, snakemake

TEXT = PROJECT / "config" / "text" / "principles.yaml"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1))


def rerun(project: Path) -> tuple[set[str], set[str]]:
    """Run everything; return the rules that ran, and the claims that were simulated."""
    output = snakemake(project).stderr
    rules = set(re.findall(r"\(Rule: (\w+)\)", output)) - {"all"}
    return rules, set(re.findall(r"Simulating (\w+) at", output))


def claim_file(project: Path, name: str = QUADRATIC) -> Path:
    return claim_path(name, project)


def test_second_run_does_nothing(project):
    assert rerun(project) == (set(), set())


def test_scheduler_looks_for_work_once_a_job(project):
    shutil.rmtree(project / "results")
    output = snakemake(project, "--verbose", "--cores", "1").stderr
    assert output.count("Finished jobid") <= output.count("Ready jobs: ") <= output.count("Finished jobid") + 1


def test_tolerance_edit_judges_again_and_simulates_nothing(project):
    edit(claim_file(project), "absolute: 5.0e-5", "absolute: 6.0e-5")
    rules, simulated = rerun(project)
    assert simulated == set()
    assert {"judging", "tabulating", "page", "paper"} <= rules
    assert not any(rule.startswith(("simulate", "figures")) for rule in rules)


def test_parameter_edit_simulates_that_claim_alone(project):
    edit(claim_file(project), "condition_number: 100.0", "condition_number: 90.0")
    rules, simulated = rerun(project)
    assert simulated == {QUADRATIC}
    assert {"judging", "tabulating", "page", "paper"} <= rules


def test_edit_of_a_label_draws_that_figure_alone(project):
    kept = project / "results" / "smoke" / "kept" / "figures"
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    edit(claim_file(project), 'x: "', 'x: "another ')
    rules, simulated = rerun(project)
    assert simulated == set()
    assert {"figures_part_1", "page", "typeset", "gallery"} <= rules
    assert "paper" not in rules
    drawn = {path.name for path in kept.iterdir() if path.stat().st_mtime_ns != before[path.name]}
    assert drawn == {f"{QUADRATIC}.svg"}


def test_parameter_edit_of_another_scale_does_nothing(project):
    edit(claim_file(project), "smoke: {", "deep: {halvings: 50}\n  smoke: {")
    assert rerun(project) == (set(), set())


@pytest.mark.parametrize("key", ["statement", "derivation"])
def test_wording_edit_writes_tables_and_report_again_and_nothing_else(project, key):
    edit(claim_file(project), f"{key}: >-", f"{key}: >-\n  In other words:")
    rules, simulated = rerun(project)
    assert simulated == set()
    assert rules <= {"tabulating", "listing", "page", "paper", "typeset", "gallery", "describing"}
    assert {"tabulating", "page", "paper"} <= rules


def test_edit_of_the_references_renders_the_report_alone(project):
    edit(project / "reports" / "references.json", "Convex optimization", "Convex optimisation")
    rules, simulated = rerun(project)
    assert simulated == set()
    assert rules <= {"page", "paper", "typeset", "describing"}
    assert {"page", "paper", "typeset"} <= rules


def test_widget_edit_writes_the_report_again_and_nothing_else(project):
    edit(project / "reports" / "explore" / "maps.mjs", "// Gradient descent", "// The gradient descent")
    rules, simulated = rerun(project)
    assert simulated == set()
    assert "page" in rules
    assert rules <= {"page", "describing"}


def test_order_of_keys_does_nothing(project):
    path = claim_file(project)
    blocks = re.split(r"^(?=\w)", path.read_text(), flags=re.MULTILINE)
    path.write_text("".join([blocks[0], *reversed(blocks[1:])]))
    assert rerun(project) == (set(), set())


@pytest.mark.parametrize(
    ("module", "claims"),
    [
        ("landscapes/huber.py", {"two_cycle_beyond_threshold"}),
        ("landscapes/quadratic.py", {QUADRATIC}),
        ("optimizers/gradient_descent.py", set(RUN_CLAIMS)),
    ],
)
def test_module_edit_simulates_exactly_the_claims_that_import_it(project, module, claims):
    path = project / "src" / "descent_audit" / module
    path.write_text(path.read_text() + "\n# an edit\n")
    assert rerun(project)[1] == claims


def test_touch_without_an_edit_does_nothing(project):
    (project / "src" / "descent_audit" / "landscapes" / "quadratic.py").touch()
    assert rerun(project) == (set(), set())


def test_selection_leaves_the_others_as_not_run(project):
    snakemake(project, "--config", "scale=smoke", f"claims={QUADRATIC}")
    verdicts = (project / "results" / "smoke" / "verdicts.csv").read_text()
    assert verdicts.count(",not run,") == len(RUN_CLAIMS) - 1
    assert "not part of this run" in (project / "reports" / "smoke" / "audit.html").read_text()


@pytest.mark.parametrize("target", ["tables", "ledger", "figures", "report"])
def test_each_stage_is_a_target(finished, tmp_path, target):
    project = copy_project(tmp_path / "project", [QUADRATIC])
    snakemake(project, target)
    made = {path.name for path in (project / "results" / "smoke").iterdir()}
    assert ("figures" in made) == (target in ("figures", "report"))
    assert ("verdicts.csv" in made) == (target != "figures")
    assert (project / "reports" / "smoke").exists() == (target == "report")


def test_another_style_draws_figures_to_take_along_and_nothing_else(project):
    before = {path: path.read_bytes() for path in project.rglob("audit.*")}
    output = snakemake(project, "figures", "--config", "scale=smoke", "figure_style=slides").stderr
    rules = set(re.findall(r"\(Rule: (\w+)\)", output))
    assert all(rule.startswith("take_along_") or rule == "figures" for rule in rules)
    slides = {path.name for path in (project / "results" / "smoke" / "figures" / "slides").iterdir()}
    assert slides == {f"{name}.{form}" for name in RUN_CLAIMS for form in ("svg", "pdf", "png")}
    assert {path: path.read_bytes() for path in project.rglob("audit.*")} == before
    assert rerun(project) == (set(), set())


def test_run_of_everything_draws_vector_figures_in_one_style_alone(finished):
    figures = finished / "results" / "smoke" / "figures"
    assert {path.name for path in figures.iterdir()} == {f"{name}.svg" for name in RUN_CLAIMS}


def test_report_of_the_workflow_has_captions_categories_and_labels(project):
    snakemake(project, "--config", "scale=smoke", "--report", "workflow.zip")
    with zipfile.ZipFile(project / "workflow.zip") as archive:
        (page,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("report.html")]
    found, categories = (
        json.loads(re.search(rf"^\s*var {name} = (\{{.*?\}});?$", page, flags=re.MULTILINE)[1])
        for name in ("results", "categories")
    )
    by_name = {Path(path).name: one for path, one in found.items()}
    assert set(by_name) == {
        *(f"{name}.svg" for name in RUN_CLAIMS),
        *("verdicts.csv", "statements.csv", "coverage.csv", "checks.csv"),
    }
    assert all(one["caption"] and one["labels"] for one in by_name.values())
    with (project / "results" / "smoke" / "verdicts.csv").open() as file:
        verdicts = {row["claim"]: row["verdict"] for row in csv.DictReader(file)}
    for name in RUN_CLAIMS:
        assert by_name[f"{name}.svg"]["labels"]["verdict"].endswith(verdicts[name])
        assert re.search(r"\bTop\b|\bmarks\b", by_name[f"{name}.svg"]["caption"])
    assert set(categories) == {"Figures", "Tables"}
    sections = {one["id"]: one["section"] for one in yaml.safe_load(TEXT.read_text())["statements"]}
    audited = [yaml.safe_load(claim_path(name).read_text())["audits"][0] for name in RUN_CLAIMS]
    assert set(categories["Figures"]) == {sections[name] for name in audited}


SAMPLED = ["minibatch_gradient_moments", "noise_escape_probability"]


def tables(project: Path) -> dict[str, bytes]:
    found = [*project.glob("results/smoke/*.csv"), *project.glob("results/smoke/*/*.csv")]
    return {str(path.relative_to(project)): path.read_bytes() for path in found}


def test_shards_are_jobs_of_their_own_and_change_no_byte(tmp_path):
    project = copy_project(tmp_path / "project", SAMPLED)
    snakemake(project, "tables", "--config", "scale=smoke")
    whole = tables(project)
    output = snakemake(project, "tables", "--config", "scale=smoke", "shards=3").stderr
    drawn = re.findall(r"Drawing shard (\d) of 3 of (\w+)", output)
    assert sorted(drawn) == [(str(shard), name) for shard in range(3) for name in SAMPLED]
    assert tables(project) == whole


def test_more_shards_than_blocks_is_one_line_before_any_job(tmp_path):
    project = copy_project(tmp_path / "project", SAMPLED)
    done = snakemake(project, "--config", "scale=smoke", "shards=1000", check=False)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "shards" in line]
    assert f"the blocks of {SAMPLED[0]}" in line
    assert "Traceback" not in done.stderr
