"""One claim, all its arms: observations, curves and their seal. By hand and in the pipeline, the only way to simulate.

``python -m descent_audit.simulate claim=TOPIC/NAME claim.experiment.KEY=VALUE`` composes the configuration, writes
under ``outputs/`` and prints quantities against predictions and the verdict. ``-m`` with several values sweeps.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hydra
import pandas as pd
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from descent_audit.claims.catalogue import (
    CONFIG,
    Claim,
    ConfigurationError,
    check_seed,
    claim_choices,
    load_claims,
    load_text,
    parse_claim,
    read_claims,
)
from descent_audit.claims.code_checks import check_code
from descent_audit.claims.validation import fault, unknown
from descent_audit.judge import judge_claim, said
from descent_audit.records.made import Recipe
from descent_audit.records.storage import StorageError
from descent_audit.results import observed, read_sealed
from descent_audit.stages.composed import Composed, remove_composed, write_composed
from descent_audit.stages.observe import observe
from descent_audit.stages.programs import check_checkout
from descent_audit.stages.recipes import simulation
from descent_audit.stages.shards import check_shard

COMMAND_LINE = "command line"
EXPERIMENT = "claim.experiment."


@dataclass
class Scale:
    """How much work: the name of the scale, and the most jobs that draw one stochastic claim."""

    name: str = MISSING
    shards: int = MISSING


@dataclass
class Simulation:
    """The types of ``config/config.yaml``; a claim has a schema of its own."""

    claim: Any = None
    scale: Scale = MISSING
    seed: int = MISSING
    shards: int = MISSING
    shard: int | None = MISSING
    planned: str | None = MISSING
    output: str = MISSING
    print: bool = MISSING


ConfigStore.instance().store(name="simulation", node=Simulation)


def composed_claim(choice: str | None, document: Any, overrides: Sequence[str]) -> Claim:
    """Return the claim of a composed configuration, checked against the code that it names.

    Raises ``ConfigurationError`` for a fault: of its file, or else of the overrides on the command line.
    """
    if choice is None:
        raise fault(COMMAND_LINE, "claim", "none", "claim=TOPIC/NAME, one of " + ", ".join(claim_choices().values()))
    try:
        claim = parse_claim(choice, document, load_text().by_id())
        check_code(claim)
    except ConfigurationError as error:
        if not overridden(overrides):
            raise
        load_claims([choice.rpartition("/")[2]])
        raise error.of(COMMAND_LINE, "claim.") from None
    return claim


def overridden(overrides: Iterable[str]) -> bool:
    """Say whether any override changes what stands in a claim's file."""
    return any(override.lstrip("+~").startswith("claim.") for override in overrides)


@hydra.main(version_base="1.3", config_path=str(CONFIG), config_name="config")
def job(config: DictConfig) -> pd.DataFrame | None:
    """Run the composed configuration and return what a sweep gathers; one line and exit code 1 for a fault."""
    composed: Any = HydraConfig.get()
    choices, overrides = composed.runtime.choices, composed.overrides.task
    try:
        settings: Any = OmegaConf.to_container(config, resolve=True)
        seed = check_seed(settings["seed"], COMMAND_LINE)
        shard, shards = check_shard(settings["shard"], settings["shards"])
        claim = composed_claim(choices.claim, settings["claim"], overrides)
        typed = tuple(override.split("=")[0].lstrip("+").removeprefix(EXPERIMENT) for override in overrides)
        folder, arms = Path(composed.runtime.output_dir), claim.arms(choices.scale, typed)
        recipe = simulation(claim, arms, seed)
        keep_configuration(
            folder,
            Composed(choices.claim, settings["claim"], claim, choices.scale, seed, typed),
            settings["planned"],
            recipe,
        )
        if overridden(overrides):
            arms = tuple(replace(arm, file=COMMAND_LINE) for arm in arms)
        reports = observe(recipe, arms, seed, folder, shard, shards)
        swept = composed.mode == RunMode.MULTIRUN
        if reports and (swept or settings["print"]):
            table = judged(claim, choices.scale, folder, shown=settings["print"])
            return table if swept else None
    except (ConfigurationError, StorageError, OmegaConfBaseException) as error:
        sys.exit(_one_line(error))
    return None


def keep_configuration(folder: Path, composed: Composed, planned: str | None, recipe: Recipe) -> None:
    """Keep the composed configuration of a run by hand beside what it writes; the pipeline's is what is configured.

    Raises ``StorageError`` where the pipeline planned anything else than what is here now.
    """
    if planned is None:
        write_composed(folder, composed)
    elif planned != recipe.digest:
        raise StorageError(f"{composed.claim.file}: it or its code was edited while the run worked; run again")
    else:
        remove_composed(folder, composed.claim.name)


def judged(claim: Claim, scale: str, folder: Path, *, shown: bool) -> pd.DataFrame:
    """Return the observations of a claim with its verdict in a column; print both where they are to be shown.

    Raises ``StorageError``.
    """
    table = read_sealed(folder, "observations", claim.name)
    _, judgement = judge_claim(claim, scale, observed(table))
    if shown:
        print(comparison(table), said(judgement), sep="\n\n")
    return table.assign(verdict=judgement.verdict)


def comparison(table: pd.DataFrame) -> str:
    """Return a line per observation: arm, quantity, parameter point, measured, predicted."""
    columns = {"arm": "arm", "quantity": "quantity", "at": "at", "value": "measured", "predicted": "predicted"}
    shown = table[list(columns)].rename(columns=columns)
    return shown.to_string(index=False, na_rep="-", float_format="{:.10g}".format)


def main() -> None:
    """Run the job of the command line; every fault of configuration is one line, without a traceback."""
    check_checkout()
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        job()
    except MissingConfigException as error:
        group, _, name = (error.missing_cfg_file or "config").partition("/")
        known = claim_choices().values() if group == "claim" else error.options or ()
        sys.exit(str(_unknown_choice(group, name, known)))
    except (HydraException, OmegaConfBaseException) as error:
        sys.exit(f"{COMMAND_LINE}: {_override_fault(error)}")


def _unknown_choice(group: str, name: str, known: Iterable[str]) -> ConfigurationError:
    """Return the fault of a name that a group does not have; a claim without its topic is told the whole of it."""
    whole = claim_choices().get(name) if group == "claim" else None
    return fault(COMMAND_LINE, group, repr(name), whole) if whole else unknown(COMMAND_LINE, group, name, known)


def _override_fault(error: Exception) -> str:
    """Return one line for an override that Hydra refuses, with the near match that Hydra does not give."""
    missing = re.search(r"Could not override '([^']+)'", str(error))
    choice = next((word.removeprefix("claim=") for word in sys.argv if word.startswith("claim=")), "")
    if missing and missing[1].startswith(EXPERIMENT) and choice in claim_choices().values():
        name = choice.rpartition("/")[2]
        known = read_claims([name])[name].experiment
        return str(unknown(missing[1], "", missing[1].removeprefix(EXPERIMENT), known))
    cause = f" ({_one_line(error.__cause__)})" if error.__cause__ else ""
    return f"{_one_line(error)}{cause}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()
