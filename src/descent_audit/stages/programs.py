"""What the programs of this package have in common: how they end, and how often they look for garbage."""

import argparse
import functools
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from descent_audit.claims.validation import ConfigurationError
from descent_audit.records.storage import StorageError

COLLECT_EVERY = 100_000
"""New objects after which Python looks for unreachable cycles: a fifth of the time of a stage at its own 700."""
Main = Callable[[Sequence[str] | None], None]


def program(main: Main) -> Callable[..., None]:
    """Return a ``main`` that ends with one line and exit code 1 for every fault of a configuration or of a file."""

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> None:
        gc.set_threshold(COLLECT_EVERY)
        try:
            main(arguments)
        except (ConfigurationError, StorageError) as error:
            sys.exit(str(error))

    return run


def report_options(description: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what every program that writes for readers is told: ``scale``, ``results`` and ``output``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    return parser.parse_args(arguments)
