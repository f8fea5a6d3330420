"""One claim, all its arms: observations and curves.

``python -m descent_audit.simulate claim=NAME claim.experiment.KEY=VALUE`` runs one job by hand with any Hydra
override, prints quantities against predictions and writes under ``outputs/``.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from descent_audit.arms import Reports, check_shards, count_blocks, gather, shard_tallies, simulate
from descent_audit.catalogue import (
    CONFIG,
    ConfigurationError,
    check_code,
    check_seed,
    claim_names,
    parse_claim,
    read_claims,
)
from descent_audit.observations import parameter_point
from descent_audit.shards import read_shards, write_shard
from descent_audit.storage import (
    CURVE_COLUMNS,
    OBSERVATION_COLUMNS,
    StorageError,
    seal_text,
    shard_path,
    table_text,
    write_text,
)
from descent_audit.validation import fault, unknown

EXPERIMENT = "claim.experiment."


def observation_rows(claim: str, reports: Reports) -> Iterator[dict[str, object]]:
    """Yield the rows of the observations table, sorted by arm, quantity and parameter point."""
    rows = [
        (arm.name, one.quantity, parameter_point(one.at), one) for arm, report in reports for one in report.measured
    ]
    for arm, quantity, at, one in sorted(rows, key=lambda row: row[:3]):
        numbers = {key: _float(getattr(one, key)) for key in ("value", "standard_error", "predicted")}
        yield {"claim": claim, "arm": arm, "quantity": quantity, "at": at, "replicates": one.replicates, **numbers}


def curve_rows(claim: str, reports: Reports) -> Iterator[dict[str, object]]:
    """Yield the rows of the curves table; what a control measures has the role ``control``."""
    for arm, report in sorted(reports, key=lambda report: report[0].name):
        for curve in report.curves:
            role = "control" if arm.kind == "control" and curve.role == "measured" else curve.role
            named = {"claim": claim, "arm": arm.name, "panel": curve.panel, "series": curve.series, "role": role}
            x, y = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (curve.x, curve.y))
            value = np.full(x.shape, np.nan) if curve.value is None else np.asarray(curve.value, dtype=float)
            for point in zip(x.tolist(), y.tolist(), value.tolist(), strict=True):
                yield {**named, **dict(zip(("x", "y", "value"), point, strict=True))}


def write_results(folder: Path, claim: str, reports: Reports) -> None:
    """Write both tables of a claim and their seal, the seal last. Raises ``StorageError``."""
    contents = {
        f"observations/{claim}.csv": table_text(OBSERVATION_COLUMNS, observation_rows(claim, reports)),
        f"curves/{claim}.csv": table_text(CURVE_COLUMNS, curve_rows(claim, reports)),
    }
    for name, text in contents.items():
        write_text(folder / name, text)
    write_text(folder / "seals" / f"{claim}.sha256", seal_text(contents))


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
        arms, seed, folder = claim.arms(choices.scale, typed), check_seed(settings["seed"]), Path(settings["output"])
        shard, shards = check_shard(settings["shard"], settings["shards"])
        if shards > 1:
            check_shards(claim.name, shards, count_blocks(claim.name, arms, seed))
        if shard is not None:
            tallies = shard_tallies(claim.name, arms, seed, shard, shards)
            write_shard(shard_path(folder, claim.name, shard, shards), tallies)
            return
        drawn = read_shards(folder, claim.name, shards) if shards > 1 else None
        reports = simulate(claim.name, arms, seed) if drawn is None else gather(claim.name, arms, seed, drawn)
        write_results(folder, claim.name, reports)
    except (ConfigurationError, StorageError, OmegaConfBaseException) as error:
        sys.exit(_one_line(error))
    if settings["print"]:
        print("\n".join(comparison(reports)))


def check_shard(shard: object, shards: object) -> tuple[int | None, int]:
    """Return which shard of how many a job draws, ``None`` for all of them. Raises ``ConfigurationError``."""
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise fault("command line", "shards", repr(shards), "a whole number from 1")
    if shard is not None and (not isinstance(shard, int) or isinstance(shard, bool) or not 0 <= shard < shards):
        raise fault("command line", "shard", repr(shard), f"0 to {shards - 1}, or null for all of them")
    return shard, shards


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


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"


if __name__ == "__main__":
    main()
