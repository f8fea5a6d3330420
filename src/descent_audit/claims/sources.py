"""What the package's code says about itself: who imports whom, which parameters experiments take, what they report."""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import os
import re
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import grimp
from grimp.exceptions import SourceSyntaxError

from descent_audit.claims.validation import ConfigurationError, fault, unknown

SOURCE = Path(__file__).resolve().parents[1]
PACKAGE = SOURCE.name
EXPERIMENTS = f"{PACKAGE}.experiments"
OPTIMIZERS = f"{PACKAGE}.optimizers"
REPORTED = re.compile(r'\bObservation\(\s*"(\w+)"')
"""What every start of the workflow looks for in all files: found as text in a tenth of the time that parsing takes."""


class BrokenModule(ConfigurationError):
    """A module that cannot be imported; its text is one line."""


@cache
def import_graph() -> grimp.ImportGraph:
    """Return which module of this package imports which, at its top or in a function.

    A file that is no Python imports nothing there: what is wrong with it is told by the claims that run it alone.
    grimp has threads, which a fork leaves behind: a child of a process that called this cannot call it again.
    """
    try:
        return grimp.build_graph(PACKAGE, cache_dir=None)
    except (SourceSyntaxError, UnicodeError):
        with TemporaryDirectory() as folder:
            return _graph_of(_readable_copy(Path(folder)))


def _readable_copy(folder: Path) -> Path:
    """Copy the package into a folder, with nothing in those of its files that are no Python."""
    copy = folder / PACKAGE
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in copy.rglob("*.py"):
        try:
            ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            path.write_text("")
    return copy


def _graph_of(copy: Path) -> grimp.ImportGraph:
    """Return the graph of a copy of this package, where grimp is made to find it for that moment."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    found, spec.submodule_search_locations = spec.submodule_search_locations, [str(copy)]
    try:
        return grimp.build_graph(PACKAGE, cache_dir=None)
    finally:
        spec.submodule_search_locations = found


@cache
def module_path(module: str) -> Path | None:
    """Return the source file of a module of this package, ``None`` where there is none that lies in packages alone."""
    package, *names = module.split(".")
    if package != PACKAGE or "" in names:
        return None
    stem = SOURCE.joinpath(*names)
    packages = all((folder / "__init__.py").is_file() for folder in stem.parents if folder.is_relative_to(SOURCE))
    paths = (stem / "__init__.py", stem.with_suffix(".py")) if packages else ()
    return next((path for path in paths if path.is_file()), None)


def import_closure(modules: Iterable[str]) -> tuple[Path, ...]:
    """Return the files of this package that the modules import, directly or not, themselves included, sorted.

    Packages on the way (their ``__init__.py``) count, since importing a module runs them.
    """
    waiting, found = list(modules), {}
    while waiting:
        module = waiting.pop()
        path = None if module in found else module_path(module)
        if path is not None:
            found[module] = path
            waiting += _needed(module)
    return tuple(sorted(found.values()))


@cache
def _needed(module: str) -> tuple[str, ...]:
    """Return the package that a module lies in, and the modules of this package that it imports itself."""
    return module.rpartition(".")[0], *import_graph().find_modules_directly_imported_by(module)


def code_digest(paths: Iterable[Path]) -> str:
    """Return the SHA-256 over names and contents of source files of this package."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(SOURCE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def reported_quantities(paths: Iterable[Path]) -> set[str]:
    """Return the names that the files report: the literal first arguments of ``Observation(...)``."""
    return {quantity for path in paths for quantity in _reported(path)}


@cache
def _reported(path: Path) -> frozenset[str]:
    return frozenset(REPORTED.findall(path.read_text(encoding="utf-8", errors="replace")))


def experiment(target: str, file: str = "config/claim", key: str = "_target_") -> Callable[..., Any]:
    """Return the experiment ``module.function``. Nothing but a module of experiments is ever imported for it.

    Raises ``ConfigurationError`` for any other target, told as one of a key in a file, and ``BrokenModule``.
    """
    module, _, function = target.rpartition(".")
    if not module.startswith(f"{EXPERIMENTS}.") or module_path(module) is None:
        raise fault(file, key, repr(target), f"a function of a module in {EXPERIMENTS}, every folder a package")
    return _member(module, function, inspect.isfunction, file, key)


def optimizer(name: str, file: str, key: str) -> type:
    """Return the class ``module.Class`` of the optimizers. Raises as ``experiment`` does."""
    module, _, rule = name.rpartition(".")
    if module_path(f"{OPTIMIZERS}.{module}") is None:
        raise fault(file, key, repr(name), f"module.Class of {OPTIMIZERS}")
    return _member(f"{OPTIMIZERS}.{module}", rule, inspect.isclass, file, key)


@cache
def signature(target: str) -> inspect.Signature:
    """Return the signature of an experiment, its annotations as types. Raises as ``experiment`` does."""
    function = experiment(target)
    with _one_line_faults(function.__module__):
        return inspect.signature(function, eval_str=True)


def keyword_parameters(target: str) -> dict[str, inspect.Parameter]:
    """Return the keyword-only parameters of an experiment, by name, in order. Raises as ``experiment`` does."""
    declared = signature(target).parameters.values()
    return {one.name: one for one in declared if one.kind is one.KEYWORD_ONLY and one.annotation is not one.empty}


def is_sampled(target: str) -> bool:
    """Say whether an experiment declares that it returns a ``Sampling``; one that cannot be imported does not."""
    with suppress(BrokenModule):
        return getattr(signature(target).return_annotation, "__name__", None) == "Sampling"
    return False


def takes_streams(target: str) -> bool:
    """Say whether an experiment draws random numbers itself: data of its problem."""
    with suppress(BrokenModule):
        return "streams" in keyword_parameters(target)
    return False


def members(module: ModuleType, kind: Callable[[object], bool]) -> dict[str, Any]:
    """Return what is public, of one kind, and defined in the module itself, by name."""
    return {
        name: member
        for name, member in inspect.getmembers(module, kind)
        if name[0] != "_" and member.__module__ == module.__name__
    }


def _member(module: str, name: str, kind: Callable[[object], bool], file: str, key: str) -> Any:
    with _one_line_faults(module):
        known = members(importlib.import_module(module), kind)
    if name not in known:
        raise unknown(file, key, name, known)
    return known[name]


@contextmanager
def _one_line_faults(module: str) -> Iterator[None]:
    """Turn whatever goes wrong in a module while it is imported into the one line of ``BrokenModule``."""
    try:
        yield
    except Exception as error:
        path, line = _place(error) or (str(module_path(module)), 1)
        text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
        file, found = os.path.relpath(path, SOURCE.parents[1]), f"{type(error).__name__} ({text})"
        raise BrokenModule(file, f"line {line}", found, "code that can be imported") from error


def _place(error: Exception) -> tuple[str, int | None] | None:
    """Return the file and line of this package in which an import went wrong, where Python tells."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = ((frame.filename, frame.lineno) for frame in frames if Path(frame.filename).is_relative_to(SOURCE))
    return next((place for place in places if place[0] != __file__), None)
