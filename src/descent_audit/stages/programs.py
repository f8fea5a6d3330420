"""What the programs of this package have in common: how they end, and what those for readers are told."""

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from descent_audit.claims.catalogue import ROOT
from descent_audit.claims.sources import PACKAGE, SOURCE
from descent_audit.claims.validation import ConfigurationError
from descent_audit.records.storage import StorageError

Main = Callable[[Sequence[str] | None], None]


def program(main: Main) -> Callable[..., None]:
    """Return a ``main`` that ends with one line and exit code 1 for every fault of a configuration or of a file."""

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> None:
        check_checkout()
        try:
            main(arguments)
        except (ConfigurationError, StorageError) as error:
            sys.exit(str(error))

    return run


def check_checkout() -> None:
    """Exit with one line where a program is started in a checkout and would read the configuration of another one.

    An environment belongs to the checkout that it was made in; who sets ``PYTHONPATH`` has said which one is meant.
    """
    here, asked = Path.cwd() / "src" / PACKAGE, os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if (here / "__init__.py").is_file() and here.resolve() != SOURCE and str(SOURCE.parent) not in asked:
        sys.exit(f"{here.parents[1]}: this environment is that of another checkout, {ROOT}; use the one of this folder")


def report_options(description: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what every program that writes for readers is told: ``scale``, ``results`` and ``output``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    return parser.parse_args(arguments)
