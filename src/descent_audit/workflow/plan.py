"""What a run of the workflow is about: the scale, the claims, and what each stage of each claim depends on."""

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from descent_audit.assurance.recipes import (
    calibrating,
    calibration,
    calibration_file,
    stability,
    variation,
)
from descent_audit.claims.catalogue import (
    ROOT,
    Claim,
    Text,
    check_scale,
    default_shards,
    load_text,
    read_claims,
    select_claims,
)
from descent_audit.claims.claims import CALIBRATION_SCALE
from descent_audit.claims.code_checks import check_code
from descent_audit.claims.validation import ConfigurationError, fault, unknown
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.figures.styles import REPORT, asked_formats, check_style, drawing
from descent_audit.records.made import Recipe
from descent_audit.records.storage import StorageError, read_judgements, shard_path
from descent_audit.report.recipes import reports
from descent_audit.report.wording import title
from descent_audit.stages.recipes import Recipes, configured

OPTIONS = ("scale", "claims", "shards", "seeds", "figure_style")
ALL = object()
"""The claims of a run that names none; an option that is given and empty is no name, and refused."""
SEEDS = 200
"""Root seeds under which a calibration runs every claim."""
BATCH = 10
"""Figures that one process draws at most: importing the plotting library costs more than one of them, and larger
batches would leave cores without work at the end of a run."""


@dataclass(frozen=True)
class Plan:
    """A validated run. ``claims`` holds all claims, ``selected`` the names of those that run.

    ``shards`` is the number of jobs that draw a claim's blocks, for each claim of which there is more than one, and
    ``seeds`` the number of root seeds of a calibration. ``figure_style`` is that of the figures to take along; the
    report's own are always of one style.
    """

    scale: str
    claims: Mapping[str, Claim]
    selected: tuple[str, ...]
    text: Text
    shards: Mapping[str, int]
    seeds: int
    figure_style: str = REPORT

    @cached_property
    def recipes(self) -> Recipes:
        """Return what the files of the run are made of, as it is configured now."""
        return configured(self.scale, self.selected)

    @cached_property
    def records(self) -> dict[str, str]:
        """Return the record of every stage after the simulations by its name, below a results folder."""
        recipes = self.recipes
        stages = {"judge": recipes.judging, "tables": recipes.tables, "ledger": recipes.ledger}
        stages |= {"manifest": recipes.manifest, **reports(recipes)}
        return {name: recipe.record for name, recipe in stages.items()}

    def planned(self, name: str) -> str:
        """Return the digest of what the tables of a claim are to be made of."""
        return self.recipes.simulations[name].digest

    def drawn_records(self, names: Iterable[str], style: str, formats: Sequence[str]) -> list[str]:
        """Return the records of the drawings of some claims, below a results folder."""
        return [self.recipes.drawing(name, style, formats).record for name in names] if formats else []

    def shard_files(self, name: str, folder: str) -> list[str]:
        """Return the files that a claim is gathered from; none where one job does it all."""
        shards = self.shards.get(name, 1)
        paths = (shard_path(Path(folder), name, self.planned(name), shard, shards) for shard in range(shards))
        return [str(path) for path in paths] if shards > 1 else []

    def calibrated(self) -> list[str]:
        """Return the selected claims in which anything is drawn at random."""
        return [name for name in self.selected if self.claims[name].is_random(CALIBRATION_SCALE)]

    def strips(self, names: Iterable[str]) -> list[str]:
        """Return those of some claims whose figure has a strip."""
        return [name for name in names if "strip" in self.claims[name].figure]

    def taken_along(self, names: Iterable[str]) -> list[str]:
        """Return the drawings to take along, below a results folder, but for those that every run draws."""
        return [drawing(name, self.figure_style, form) for name in names for form in self.formats()]

    def formats(self) -> list[str]:
        """Return the formats of the drawings to take along."""
        return asked_formats(self.figure_style)

    def section(self, name: str) -> str:
        """Return the section of the first statement that a claim audits."""
        return self.text.by_id()[self.claims[name].audits[0]].section

    def labels(self, name: str, results: str) -> dict[str, str]:
        """Return how Snakemake's report labels the figure of a claim, with its verdict in this run."""
        try:
            verdict = read_judgements(Path(results))["claims"][name]["verdict"]
        except (StorageError, KeyError):
            verdict = "not run"
        return {"claim": title(name), "verdict": f"{VERDICTS[verdict].symbol} {verdict}"}

    def batches(self) -> dict[str, list[str]]:
        """Return the selected claims in batches that are drawn by one process each, by a name for its rule.

        A batch holds at most ``BATCH``, and no two differ by more than one.
        """
        count = -(-len(self.selected) // BATCH)
        borders = [part * len(self.selected) // count for part in range(count + 1)]
        return {f"part_{part + 1}": list(self.selected[borders[part] : borders[part + 1]]) for part in range(count)}

    @cached_property
    def calibrations(self) -> dict[str, Recipe]:
        """Return what the runs of every calibrated claim under many seeds are made of."""
        return {name: calibration(self.claims[name], self.seeds) for name in self.calibrated()}

    def calibration_files(self, folder: str) -> list[str]:
        """Return the files that a calibration is gathered from."""
        return [str(calibration_file(Path(folder), recipe)) for recipe in self.calibrations.values()]

    def assurance(self) -> dict[str, Recipe]:
        """Return what calibration, a variation and stability are made of, by name."""
        found = {"variation": variation(self.recipes), "stability": stability(self.recipes)}
        return {"calibrate": calibrating(self.calibrations), **found}


def project_file(path: str | Path) -> str:
    """Return a file of the project, named from the working folder: by its own name where that is the project."""
    return os.path.relpath(ROOT / path)


def project_files(pattern: str) -> list[str]:
    """Return the files of the project that match a pattern, sorted and named from the working folder."""
    return sorted(project_file(path) for path in ROOT.glob(pattern))


def load_plan(options: Mapping[str, Any]) -> Plan:
    """Return the plan for Snakemake's ``--config`` values.

    Raises ``ConfigurationError`` for an unknown option, scale or claim, for any fault in any configuration file, and
    where a selected claim does not fit its code.
    """
    for option in options:
        if option not in OPTIONS:
            raise unknown("--config", option, option, OPTIONS)
    scale = check_scale(str(options.get("scale", "full")))
    wanted = options.get("claims", ALL)
    selected = select_claims(None if wanted is ALL else [] if wanted is None else wanted)
    claims = read_claims()
    for name in selected:
        check_code(claims[name])
    style = check_style(str(options.get("figure_style", REPORT)))
    shards = _shards(claims, selected, scale, _count(options, "shards"))
    return Plan(scale, claims, tuple(selected), load_text(), shards, _count(options, "seeds") or SEEDS, style)


def _count(options: Mapping[str, Any], key: str) -> int | None:
    """Return an option that is a whole number from 1, ``None`` where it is not given. Raises ``ConfigurationError``."""
    if key not in options:
        return None
    found = options[key]
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise fault("--config", key, repr(found), "a whole number from 1")
    return found


def _shards(claims: Mapping[str, Claim], selected: Sequence[str], scale: str, asked: int | None) -> dict[str, int]:
    """Return the shards of every sampled claim: as many as are asked for, else at most what the scale's file says.

    Blocks are counted, for which the experiments are imported, only where there is something to split.
    """
    wanted = default_shards(scale) if asked is None else asked
    if wanted == 1:
        return {}
    from descent_audit.stages.arms import check_shards, count_blocks  # NumPy, where nothing else needs it

    arms = {name: claims[name].arms(scale) for name in selected}
    counted = {name: count_blocks(name, arms[name]) for name in selected if claims[name].is_sampled(scale)}
    for name, blocks in counted.items():
        if asked is not None:
            check_shards(name, asked, blocks)
    return {name: min(wanted, blocks) for name, blocks in counted.items()}


def plan_or_exit(options: Mapping[str, Any]) -> Plan:
    """Return the plan, or end the program with one line and exit code 1, before any job has started."""
    try:
        return load_plan(options)
    except ConfigurationError as error:
        sys.exit(str(error))


def job_environment() -> str:
    """Return the shell prefix of every job: this interpreter and this source tree.

    A job for which Snakemake has activated a conda environment of its own keeps that environment's interpreter.
    Braces are doubled, since Snakemake formats the prefix.
    """
    interpreter = f'export PATH={shlex.quote(str(Path(sys.executable).parent))}":$PATH"'
    settings = {"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": 0}
    exported = " ".join(f"{name}={shlex.quote(str(value))}" for name, value in settings.items())
    prefix = f'case "${{CONDA_PREFIX:-}}" in */.snakemake/conda/*) ;; *) {interpreter} ;; esac; export {exported}; '
    return prefix.replace("{", "{{").replace("}", "}}")
