"""Shared material: a small claim that the tests may bend, and rows as a simulation writes them."""

import copy
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from descent_audit.claims.catalogue import Claim, parse_claim, root_seed
from descent_audit.claims.texts import Statement
from descent_audit.results import Observed

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile("repeatable")

pytest_plugins = ["browser.fixtures"]

SENTENCES = {
    "divergence_beyond": Statement("divergence_beyond", "One", "always", "It will diverge, it says.", "12"),
    "large_rate_overshoots": Statement("large_rate_overshoots", "Two", "can", "A large rate can overshoot."),
}
"""What the claim of the document is about."""
PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = (PROJECT / "tests" / "sample.txt").read_text().split()
"""Fixed claims, some of every topic, on which the costliest tests run."""
DOCUMENT = {
    "audits": ["divergence_beyond", "large_rate_overshoots"],
    "statement": "A statement.",
    "condition": "A condition.",
    "formula": "x = 1",
    "derivation": "By inspection [@cauchy1847].",
    "experiment": {
        "_target_": "descent_audit.experiments.gradient_descent.divergence.no_top_component",
        "curvatures": [1.0, 0.1],
        "learning_rate": 3.0,
        "steps": 400,
        "rotation": 0.5,
        "seeded_relative_rates": [2.2, 2.5],
        "seeded_steps": 1000,
    },
    "arms": {"controls": {"calm": {"learning_rate": 0.5}}, "counterexamples": {"odd": {"steps": 40}}},
    "expect": {
        "claim": [{"quantity": "final_distance", "relation": "at_most", "value": 1.0, "because": "a reason"}],
        "calm": {"fails": ["final_distance"]},
        "odd": [{"quantity": "escape_step", "relation": "at_least", "value": 2, "because": "a reason"}],
    },
    "figure": {"caption": "A caption.", "panels": [{"name": "one", "x": "step", "y": "distance"}]},
}


@pytest.fixture
def document() -> dict:
    """Return a valid claim document of its own for each test."""
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def claim(document) -> Claim:
    """Return the claim of the document."""
    return parse_claim("gradient_descent/small", document, SENTENCES)


def claim_path(name: str, project: Path = PROJECT) -> Path:
    """Return the file of a claim, whatever its topic."""
    (path,) = (project / "config" / "claim").glob(f"*/{name}.yaml")
    return path


def row(arm="claim", quantity="final_distance", value=0.5, **cells) -> Observed:
    """Return one row of an observations table."""
    empty = {"at": "", "standard_error": math.nan, "replicates": 1, "predicted": math.nan}
    return Observed("small", arm, quantity, value=value, **{**empty, **cells})


@pytest.fixture
def make_row():
    return row


@pytest.fixture
def good_rows() -> list[Observed]:
    """Return rows that meet the small claim, fail on its control and show its counterexample."""
    return [row(), row("calm", value=7.0), row("odd", "escape_step", 30.0)]


def copy_project(folder: Path, claims: list[str]) -> Path:
    """Copy what a run needs, with the named claims alone, as a stranger's checkout would hold it."""
    for name in ("src", "workflow", "config"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "reports" / "reference").mkdir(parents=True)
    for path in [*(PROJECT / "reports").glob("*.*"), *(PROJECT / "reports" / "reference").glob("*.csv")]:
        shutil.copy2(path, folder / path.relative_to(PROJECT))
    for name in ("Snakefile", "environment.yml", "CITATION.cff"):
        shutil.copy2(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "reports" / "explore", folder / "reports" / "explore")
    (folder / "benchmarks" / "results").mkdir(parents=True)
    for path in (PROJECT / "benchmarks" / "results").glob("*.json"):
        shutil.copy2(path, folder / path.relative_to(PROJECT))
    (folder / "profiles").symlink_to("workflow/profiles")
    for path in (folder / "config" / "claim").glob("*/*.yaml"):
        if path.stem not in claims:
            path.unlink()
    for path in (folder / "config" / "text").glob("*.yaml"):
        path.write_text(abridged(path.read_text(), claims))
    return folder


def abridged(text: str, claims: list[str]) -> str:
    """Return the file of a text with the sentences alone that the named claims audit."""
    audited = {name for claim in claims for name in yaml.safe_load(claim_path(claim).read_text())["audits"]}
    document = yaml.safe_load(text)
    document["statements"] = [one for one in document["statements"] if one["id"] in audited]
    document["findings"] = [name for name in document["findings"] if name in audited]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def clean_environment() -> dict[str, str]:
    """Return the environment of a user: without the package on the path, without any Hydra or Snakemake setting."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHONPATH", "HYDRA", "SNAKEMAKE"))}


def snakemake(folder: Path, *arguments: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess:
    """Run Snakemake in a copy of the project, at smoke scale unless told otherwise."""
    options = arguments if "--config" in arguments else (*arguments, "--config", "scale=smoke")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *options]
    done = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=timeout)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


QUADRATIC = "quadratic_divergence_threshold"
RUN_CLAIMS = ["asymmetric_curvature_threshold", "two_cycle_beyond_threshold", QUADRATIC]


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Return a copy of the project in which everything has been run once at smoke scale."""
    folder = copy_project(tmp_path_factory.mktemp("base") / "project", RUN_CLAIMS)
    snakemake(folder)
    return folder


@pytest.fixture
def project(finished, tmp_path) -> Path:
    """Return a copy of the finished project of its own, with its history."""
    return Path(shutil.copytree(finished, tmp_path / "project", symlinks=True))


FEW_CLAIMS = [QUADRATIC, "loss_half_factor", "two_cycle_beyond_threshold", "velocity_terminal_gain"]


def simulated(results: Path, names: list[str], scale: str = "smoke") -> Path:
    """Write the tables of some claims as they are configured, in this process."""
    from descent_audit.stages import observe
    from descent_audit.stages.recipes import configured

    recipes = configured(scale, names)
    for name, recipe in recipes.simulations.items():
        observe.write_results(results, recipe, observe.simulate(name, recipes.claims[name].arms(scale), root_seed()))
    return results


def tabled(results: Path, names: list[str], scale: str = "smoke") -> Path:
    """Simulate some claims, judge them, and write all tables and the manifest, in this process."""
    from descent_audit import judge
    from descent_audit.stages import manifest, tables

    told = ["--scale", scale, "--results", str(simulated(results, names, scale))]
    judge.main([*told, "--claims", ",".join(names)])
    tables.main(told)
    manifest.main(told)
    return results


@pytest.fixture(scope="session")
def few_results(tmp_path_factory) -> Path:
    """Return the results of a partial run at smoke scale, in this process: few claims judged, all others not run."""
    from descent_audit.figures import draw

    results = tabled(tmp_path_factory.mktemp("few") / "results", FEW_CLAIMS)
    draw.main(["--scale", "smoke", "--results", str(results), "--claims", ",".join(FEW_CLAIMS)])
    return results
