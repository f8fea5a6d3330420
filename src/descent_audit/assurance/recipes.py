"""What the runs of calibration and stability are made of."""

import json
from collections.abc import Mapping
from pathlib import Path

from descent_audit.claims.catalogue import Claim
from descent_audit.claims.sources import PACKAGE, code_digest, import_closure
from descent_audit.records.made import Recipe
from descent_audit.stages.recipes import Recipes, code_of


def calibration(claim: Claim, seeds: int) -> Recipe:
    """Return what the runs of a claim under many seeds are made of."""
    code = code_digest({*import_closure([f"{PACKAGE}.assurance.calibrate"]), *claim.modules()})
    return Recipe(claim.name, {"claim": json.loads(claim.calibration_slice()), "seeds": seeds, "code": code})


def calibration_file(folder: Path, recipe: Recipe) -> Path:
    """Return the file of the runs of a claim under many seeds."""
    return folder / "runs" / f"{recipe.name}.{recipe.digest}.json"


def calibrating(runs: Mapping[str, Recipe]) -> Recipe:
    """Return what the tables of calibration are made of."""
    parts = {"runs": {name: run.digest for name, run in runs.items()}, "code": code_of("assurance.calibrate")}
    return Recipe("stages/calibrate", parts)


def variation(recipes: Recipes) -> Recipe:
    """Return what a run with one thing changed is made of, but for that thing."""
    return Recipe("stages/variation", {"judgements": recipes.judging.digest, "code": code_of("assurance.stability")})


def stability(recipes: Recipes) -> Recipe:
    """Return what the table of stability is made of."""
    return Recipe("stages/stability", {"variations": variation(recipes).digest, "code": code_of("assurance.stability")})
