"""One line for every fault in a configuration: the file, the key, what was found, what is allowed."""

import difflib
import inspect
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from operator import getitem
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import jsonschema_rs
import yaml


class ConfigurationError(ValueError):
    """A fault in what the user wrote: in which file, at which key, what was found and what is allowed."""

    def __init__(self, file: str, key: str, found: str, allowed: str) -> None:
        """Take the four parts of a fault."""
        super().__init__(file, key, found, allowed)
        self.file, self.key, self.found, self.allowed = file, key, found, allowed

    def __str__(self) -> str:
        """Return the one line in which every fault is worded."""
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: found {self.found}, allowed: {self.allowed}"

    def of(self, file: str, prefix: str) -> "ConfigurationError":
        """Return the same fault, blamed on another file, where the key has a prefix."""
        return ConfigurationError(file, f"{prefix}{self.key}", self.found, self.allowed)


def fault(file: str, key: str, found: str, allowed: str) -> ConfigurationError:
    """Return the error for one fault."""
    return ConfigurationError(file, key, found, allowed)


def unknown(file: str, key: str, name: object, known: Iterable[str]) -> ConfigurationError:
    """Return the error for a name that is not among the known ones, with the nearest of them."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return fault(file, key, f"unknown name {name!r}{hint}", ", ".join(names) or "none")


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]
    """YAML as Hydra reads it (``1e-4`` is a number, a date is text, a repeated key is a fault), parsed in C."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping. Raises ``ConstructorError`` for a key that stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"found duplicate key {key}", node.value[index][0].start_mark
                )
        return super().construct_mapping(node, deep)


NUMBER = r"[-+]?\d[\d_]*(\.[\d_]*([eE][-+]?\d+)?|[eE][-+]?\d+)|\.[\d_]+([eE][-+]\d+)?"
FLOAT = re.compile(rf"({NUMBER}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":timestamp"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))


def read_yaml(path: Path, label: str) -> Any:
    """Return the document of a YAML file as plain Python values; interpolations stay text.

    Raises ``ConfigurationError`` where the file is missing, unreadable or not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}" if mark else ""
        raise fault(label, place, f"a YAML error ({error.problem or error})", "YAML") from None
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise fault(label, "", " ".join(str(error).split()), "a readable YAML file") from None


def check_document(document: Any, schema: Path, label: str) -> None:
    """Raise ``ConfigurationError`` for the first place where a document is not plain or leaves its schema."""
    _check_plain(document, label)
    rules, validator = _validator(schema)
    errors = sorted(validator.iter_errors(document), key=_reading_order)
    if errors:
        raise _worded(errors[0], rules, label)


def check_parameters(
    parameters: Mapping[str, Any], accepted: Mapping[str, inspect.Parameter], label: str, key: str
) -> None:
    """Raise ``ConfigurationError`` where parameters do not fit the signature that is to take them."""
    for name, value in parameters.items():
        if name not in accepted:
            raise unknown(label, f"{key}.{name}", name, accepted)
        if not is_of_type(value, accepted[name].annotation):
            raise fault(label, f"{key}.{name}", repr(value), inspect.formatannotation(accepted[name].annotation))
    for name, parameter in accepted.items():
        if parameter.default is parameter.empty and name not in parameters:
            raise fault(label, key, f"no key {name!r}", str(parameter))


SCALARS: dict[Any, tuple[type, ...]] = {
    int: (int,), float: (float, int), str: (str,), bool: (bool,), None: (NoneType,), NoneType: (NoneType,)
}  # fmt: skip
"""The types of a value in YAML that fit an annotation: a whole number is a float, a truth value is no number."""


def is_of_type(value: object, annotation: Any) -> bool:
    """Say whether a value read from YAML fits an annotation: a scalar, a union, a list or a ``Literal``.

    Raises ``ConfigurationError`` for an annotation that nothing in YAML fits.
    """
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return any(is_of_type(value, one) for one in inside)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inside)
    if origin is list:
        return isinstance(value, list) and all(is_of_type(one, *inside) for one in value)
    if origin or annotation not in SCALARS:
        allowed = "int, float, str, bool, None, and unions, lists and Literals of them"
        raise fault("annotation of a parameter", "", inspect.formatannotation(annotation), allowed)
    return type(value) in SCALARS[annotation]


@cache
def _validator(schema: Path) -> tuple[Any, jsonschema_rs.Draft202012Validator]:
    rules = yaml.load(schema.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return rules, jsonschema_rs.Draft202012Validator(rules)


def _check_plain(document: Any, label: str, place: str = "") -> None:
    """Raise ``ConfigurationError`` for a key that is not text, which no schema can name, and for an infinite number."""
    if isinstance(document, float) and not math.isfinite(document):
        raise fault(label, place, str(document), "a finite number")
    if isinstance(document, dict):
        for key in document:
            if not isinstance(key, str):
                raise fault(label, place, f"the key {key!r}", "keys that are text")
    inside = document if isinstance(document, dict) else dict(enumerate(document)) if isinstance(document, list) else {}
    for key, value in inside.items():
        _check_plain(value, label, f"{place}.{key}" if place else str(key))


def _reading_order(error: jsonschema_rs.ValidationError) -> tuple[bool, list[str]]:
    """Sort misspelt keys before the gaps that they leave, then by place."""
    return error.kind.name not in ("additionalProperties", "propertyNames"), [str(part) for part in error.instance_path]


def _worded(error: jsonschema_rs.ValidationError, rules: Any, label: str) -> ConfigurationError:
    key = ".".join(str(part) for part in error.instance_path)
    keyword, schema = str(error.schema_path[-1]), reduce(getitem, error.schema_path[:-1], rules)
    limit: Any = schema[keyword]
    named = error.kind.error if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.PropertyNames) else error
    instance: Any = named.instance
    found = repr(instance)
    match keyword:
        case "additionalProperties":
            known = schema.get("properties", {})
            extra = next(name for name in instance if name not in known)
            return unknown(label, f"{key}.{extra}" if key else str(extra), extra, known)
        case "required":
            missing = next(name for name in limit if name not in instance)
            return fault(label, key, f"no key {missing!r}", f"a mapping with {', '.join(limit)}")
        case "anyOf":
            return fault(
                label, key, f"neither of {' and '.join(option['required'][0] for option in limit)}", "one of them"
            )
        case "enum":
            return unknown(label, key, instance, map(str, limit))
        case "type":
            return fault(label, key, found, " or ".join([limit] if isinstance(limit, str) else limit))
        case "minItems" | "minProperties" | "minLength":
            return fault(label, key, f"{found} (too short)", f"at least {limit}")
    return fault(label, key, found, f"{PHRASES.get(keyword, keyword)} {limit}")


PHRASES = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "a number above",
    "exclusiveMaximum": "a number below",
    "pattern": "text that matches",
    "maxItems": "no more entries than",
    "maxLength": "no longer than",
    "uniqueItems": "entries without repeats:",
}
