"""One claim by hand, with any Hydra override.

``python -m descent_audit.simulate claim=NAME claim.experiment.KEY=VALUE`` composes the configuration, prints quantities
against predictions and writes under ``outputs/``.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from descent_audit.claims.catalogue import (
    CONFIG,
    ConfigurationError,
    check_seed,
    claim_names,
    parse_claim,
    read_claims,
)
from descent_audit.claims.code_checks import check_code
from descent_audit.claims.validation import unknown
from descent_audit.records.storage import StorageError, parameter_point
from descent_audit.stages.arms import Reports
from descent_audit.stages.observe import check_shard, observe

EXPERIMENT = "claim.experiment."


def comparison(reports: Reports) -> Iterator[str]:
    """Yield a line per observation: arm, quantity, parameter point, measured, predicted."""
    rows = [
        (arm.name, one.quantity, parameter_point(one.at), _shown(one.value), _shown(one.predicted))
        for arm, report in reports
        for one in report.measured
    ]
    table = [("arm", "quantity", "at", "measured", "predicted"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


@hydra.main(version_base="1.3", config_path=str(CONFIG), config_name="config")
def job(config: DictConfig) -> None:
    """Run the composed configuration; one line and exit code 1 for a fault."""
    hydra_config: Any = HydraConfig.get()
    choices, overrides = hydra_config.runtime.choices, hydra_config.overrides.task
    try:
        settings: Any = OmegaConf.to_container(config, resolve=True)
        claim = parse_claim(choices.claim, settings["claim"])
        check_code(claim)
        typed = [override.split("=")[0].lstrip("+").removeprefix(EXPERIMENT) for override in overrides]
        arms, seed = claim.arms(choices.scale, typed), check_seed(settings["seed"])
        shard, shards = check_shard(settings["shard"], settings["shards"])
        reports = observe(claim.name, arms, seed, Path(settings["output"]), shard, shards)
    except (ConfigurationError, StorageError, OmegaConfBaseException) as error:
        sys.exit(_one_line(error))
    if settings["print"] and reports:
        print("\n".join(comparison(reports)))


def main() -> None:
    """Run the job of the command line; every fault of configuration is one line, without a traceback."""
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        job()
    except MissingConfigException as error:
        group, _, name = (error.missing_cfg_file or "config").partition("/")
        sys.exit(str(unknown("command line", group, name, error.options or ())))
    except (HydraException, OmegaConfBaseException) as error:
        sys.exit(f"command line: {_override_fault(error)}")


def _override_fault(error: Exception) -> str:
    """Return one line for an override that Hydra refuses, with the near match that Hydra does not give."""
    missing = re.search(r"Could not override '([^']+)'", str(error))
    claim = next((word.removeprefix("claim=") for word in sys.argv if word.startswith("claim=")), "")
    if missing and missing[1].startswith(EXPERIMENT) and claim in claim_names():
        known = read_claims([claim])[claim].experiment
        return str(unknown(missing[1], "", missing[1].removeprefix(EXPERIMENT), known))
    return _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"


if __name__ == "__main__":
    main()
