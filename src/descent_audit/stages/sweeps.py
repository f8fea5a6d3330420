"""Several simulations by one command, ``simulate -m KEY=A,B``: a folder for each, and one table of all numbers."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from descent_audit.records.storage import write_text
from descent_audit.results import csv_text

TABLE = "sweep.csv"


class Gathered(Callback):
    """Gathers the observations of a sweep in ``sweep.csv``, each row with its job, its overrides and its verdict."""

    def __init__(self) -> None:
        """Begin without a table."""
        self.folder = Path()
        self.tables: list[pd.DataFrame] = []

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Keep the table that a job returned, its observations with the verdict in a column."""
        if isinstance(job_return.return_value, pd.DataFrame):
            told = {"job": config.hydra.job.num, "overrides": ";".join(job_return.overrides or ())}
            self.folder = Path(config.hydra.runtime.output_dir).parent
            self.tables.append(job_return.return_value.assign(**told)[[*told, *job_return.return_value.columns]])

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Write the table and say where it is. Exits with one line where the command named nothing to run."""
        if not self.tables:
            asked = " ".join(config.hydra.overrides.task) or "nothing"
            sys.exit(f"command line: found {asked}, which runs no claim, allowed: claim=TOPIC/NAME,TOPIC/NAME")
        path = self.folder / TABLE
        write_text(path, csv_text(pd.concat(self.tables)))
        print(f"{path}: {len(self.tables)} jobs, a row for every observation of each")
