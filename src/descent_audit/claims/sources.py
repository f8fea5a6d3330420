"""What the package's source says about itself, read without running it."""

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
PACKAGE = SOURCE.name
IMPORTS = re.compile(rf"^[ \t]*(?:from ({PACKAGE}[\w.]*) import (\([^)]*\)|.*)|import ({PACKAGE}.*))", re.MULTILINE)
REPORTED = re.compile(r'\bObservation\(\s*"(\w+)"')
"""What every start of the workflow looks for in all files: found as text in a tenth of the time that parsing takes."""


@dataclass(frozen=True)
class Parameter:
    """One keyword of a function, as its source declares it."""

    name: str
    annotation: ast.expr
    required: bool

    @property
    def type_text(self) -> str:
        """Return the annotation as it is written."""
        return ast.unparse(self.annotation)

    def accepts(self, value: object) -> bool:
        """Say whether a value read from YAML is of the declared type."""
        return _is_instance(value, self.annotation)


@cache
def module_path(module: str) -> Path | None:
    """Return the source file of a dotted module name of this package, or ``None``."""
    if module.split(".")[0] != PACKAGE:
        return None
    stem = SOURCE.parent.joinpath(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Return the parsed source of a file."""
    return ast.parse(_text(path), str(path))


def import_closure(modules: Iterable[str]) -> tuple[Path, ...]:
    """Return the files of this package that the modules import, directly or not, themselves included, sorted.

    Packages on the way (their ``__init__.py``) count, since importing a module runs them.
    """
    waiting, found = list(modules), set()
    while waiting:
        module = waiting.pop()
        path = module_path(module)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _needed(module, path)
    return tuple(sorted(found))


def code_digest(paths: Iterable[Path]) -> str:
    """Return the SHA-256 over names and contents of source files of this package."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(SOURCE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the public functions that a file defines at its top level, by name."""
    body = syntax_tree(path).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}


def classes(path: Path) -> list[str]:
    """Return the public classes that a file defines at its top level."""
    body = syntax_tree(path).body
    return [node.name for node in body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]


def keyword_parameters(function: ast.FunctionDef) -> dict[str, Parameter]:
    """Return the keyword-only parameters of a function, by name, in order."""
    pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return {
        argument.arg: Parameter(argument.arg, argument.annotation, default is None)
        for argument, default in pairs
        if argument.annotation is not None
    }


def is_sampled(target: str) -> bool:
    """Say whether an experiment, given as ``module.function``, declares that it returns a ``Sampling``."""
    module, _, function = target.rpartition(".")
    path = module_path(module)
    returns = functions(path)[function].returns if path else None
    return isinstance(returns, ast.Name) and returns.id == "Sampling"


def takes_streams(target: str) -> bool:
    """Say whether an experiment, given as ``module.function``, draws random numbers itself: data of its problem."""
    module, _, function = target.rpartition(".")
    path = module_path(module)
    return path is not None and "streams" in keyword_parameters(functions(path)[function])


def reported_quantities(paths: Iterable[Path]) -> set[str]:
    """Return the names that the files report: the literal first arguments of ``Observation(...)``."""
    return {quantity for path in paths for quantity in _reported(path)}


@cache
def _reported(path: Path) -> frozenset[str]:
    return frozenset(REPORTED.findall(_text(path)))


@cache
def _needed(module: str, path: Path) -> tuple[str, ...]:
    """Return the modules of this package that importing a module runs: those it names anywhere, and its parents."""
    parents = module.split(".")[:-1]
    names = [".".join(parents[: depth + 1]) for depth in range(len(parents))]
    for source, imported, modules in IMPORTS.findall(_text(path)):
        names += [source, *(f"{source}.{name}" for name in re.findall(r"\w+", imported))]
        names += re.findall(r"[\w.]+", modules)
    return tuple(name for name in dict.fromkeys(names) if module_path(name))


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


SCALARS = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}


def _is_instance(value: object, annotation: ast.expr) -> bool:
    match annotation:
        case ast.Name(id=name) if name in SCALARS:
            return isinstance(value, SCALARS[name]) and (isinstance(value, bool) == (name == "bool"))
        case ast.Constant(value=None):
            return value is None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_instance(value, left) or _is_instance(value, right)
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return isinstance(value, list) and all(_is_instance(element, item) for element in value)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=options):
            listed = options.elts if isinstance(options, ast.Tuple) else [options]
            return value in [ast.literal_eval(option) for option in listed]
    raise TypeError(f"{ast.unparse(annotation)}: not a type that a claim file can give")
