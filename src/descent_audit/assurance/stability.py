"""What a verdict depends on besides the claim: other arithmetic, other versions, other threads.

``python -m descent_audit.assurance.stability --run FOLDER --scale full [--single]`` runs every claim in this process;
``python -m descent_audit.assurance.stability --compare NAME=FOLDER ... --results results/full --output FOLDER`` counts,
for every variation, which verdicts changed and which numbers moved.
"""

import argparse
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from descent_audit import judge, optimizers
from descent_audit.assurance.recipes import stability, variation
from descent_audit.assurance.verify import changed_numbers
from descent_audit.claims.catalogue import root_seed
from descent_audit.claims.sources import members
from descent_audit.records.made import Recipe, check_made, write_made
from descent_audit.records.storage import json_text, read_json, read_judgements
from descent_audit.results import csv_text, frame, read
from descent_audit.stages.arms import simulate
from descent_audit.stages.observe import write_results
from descent_audit.stages.programs import program
from descent_audit.stages.recipes import Recipes, configured, judged


def single(value: Any) -> Any:
    """Return arrays rounded to single precision and kept as float64; whatever is no array of floats stays."""
    if isinstance(value, tuple):
        rounded = map(single, value)
        return type(value)(*rounded) if hasattr(value, "_fields") else tuple(rounded)
    if isinstance(value, np.ndarray | np.floating) and value.dtype == np.float64:
        with np.errstate(over="ignore"):
            return value.astype(np.float32).astype(np.float64)
    return value


@contextmanager
def single_precision() -> Iterator[Callable[[], int]]:
    """Round point and state to single precision after every update of every optimizer; yield a count of updates."""
    calls, originals = [0], {}

    def rounding(update: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(update)
        def rounded(*arguments: Any) -> Any:
            calls[0] += 1
            return single(update(*arguments))

        return rounded

    for rule in update_rules():
        originals[rule] = rule.update
        rule.update = rounding(rule.update)
    try:
        yield lambda: calls[0]
    finally:
        for rule, update in originals.items():
            rule.update = update


def update_rules() -> list[Any]:
    """Return all optimizer classes."""
    modules = [
        importlib.import_module(f"{optimizers.__name__}.{one.name}")
        for one in pkgutil.iter_modules(optimizers.__path__)
    ]
    found = [rule for module in modules for rule in members(module, inspect.isclass).values()]
    return [rule for rule in found if "update" in vars(rule)]


def run(folder: Path, recipes: Recipes, *, in_single: bool, threads: int = 1) -> None:
    """Run and judge the selected claims; in single precision those alone that update through an optimizer.

    Raises ``ConfigurationError`` or ``StorageError``.
    """
    varied: dict[str, Recipe] = {}
    for name in recipes.selected:
        with single_precision() if in_single else nullcontext(lambda: 1) as updates:
            before = updates() if in_single else 0
            reports = simulate(name, recipes.claims[name].arms(recipes.scale), root_seed(), threads=threads)
            if updates() > before:
                parts = {**recipes.simulations[name].parts, "single": in_single, "threads": threads}
                varied[name] = Recipe(name, {**parts, "numpy": np.__version__})
                write_results(folder, varied[name], reports)
    judge.write_judgements(folder, replace(recipes, selected=tuple(varied), simulations=varied))
    about = {"numpy": np.__version__, "claims": list(varied)}
    write_made(folder, variation(recipes), {"variation.json": json_text(about)})


def compared(name: str, folder: Path, results: Path) -> dict[str, object]:
    """Return the row of one variation. Raises ``StorageError``.

    ``moved`` counts numbers with any other digit, ``beyond`` those beyond their own tolerance.
    """
    about = read_json(folder / "variation.json")
    old, new = (read_judgements(place)["claims"] for place in (results, folder))
    before, after = (_checks(place, about["claims"]) for place in (results, folder))
    changed = [one for one in about["claims"] if old[one]["verdict"] != new[one]["verdict"]]
    return {
        "variation": name,
        "numpy": about["numpy"],
        "claims": len(about["claims"]),
        "same_verdict": len(about["claims"]) - len(changed),
        "numbers": len(after),
        "moved": len(list(changed_numbers(before, after, bitwise=True))),
        "beyond": len(list(changed_numbers(before, after, bitwise=False))),
        "changed": ";".join(f"{one}={new[one]['verdict']}" for one in changed),
    }


def _checks(folder: Path, names: Iterable[str]) -> pd.DataFrame:
    table = read(folder / "checks.csv")
    return table[table["claim"].isin(list(names))]


def compare(variations: Mapping[str, Path], results: Path, recipes: Recipes, output: Path) -> None:
    """Write the table of all variations into a folder. Raises ``StorageError``."""
    for folder in variations.values():
        check_made(folder, variation(recipes))
    rows = [compared(name, folder, results) for name, folder in variations.items()]
    write_made(output, stability(recipes), {"stability.csv": csv_text(frame("stability", rows))})


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Run or compare; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, metavar="FOLDER")
    parser.add_argument("--scale", default="full")
    parser.add_argument("--single", action="store_true", help="round to single precision after every update")
    parser.add_argument("--threads", type=int, default=1, help="on which products of matrices run")
    parser.add_argument("--claims", help="comma-separated; all where it is not given")
    parser.add_argument("--compare", nargs="*", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.run:
        recipes = configured(options.scale, options.claims)
        run(options.run, recipes, in_single=options.single, threads=options.threads)
    else:
        named = dict(one.split("=", 1) for one in options.compare)
        folders = {name: Path(folder) for name, folder in named.items()}
        compare(folders, options.results, judged(options.results, options.scale), options.output)


if __name__ == "__main__":
    main()
