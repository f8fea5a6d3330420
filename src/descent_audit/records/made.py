"""What the files of a run are made of: a record beside them whose name is its own digest, under one seal with them.

A configuration, a seed or code that has changed asks for a record of another name. So Snakemake knows what is stale
without any memory of its own, and whoever reads a file can tell whether it is that of the present configuration.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from descent_audit.records.storage import StorageError, digest, json_text, read_json, seal_text, write_bytes, write_text

LENGTH = 16
"""Hexadecimal digits of a digest in the name of a record."""


@dataclass(frozen=True)
class Recipe:
    """All that some files of a run are made of, as plain data: parameters, seed, digests of code and of other files.

    ``name`` is the claim, for its tables, or else ``<kind>/<name>``.
    """

    name: str
    parts: Mapping[str, Any]

    @cached_property
    def text(self) -> str:
        """Return the parts as they stand in the record."""
        return json_text(self.parts)

    @cached_property
    def digest(self) -> str:
        """Return what tells these parts from any others."""
        return digest(self.text.encode("utf-8"))[:LENGTH]

    @property
    def record(self) -> str:
        """Return the file of the record, below the results."""
        return f"made/{self.name}.{self.digest}.json"

    @property
    def seal(self) -> str:
        """Return the file of the seal, below the results."""
        return f"seals/{self.name}.sha256"


def write_made(results: Path, recipe: Recipe, contents: Mapping[str, str | bytes]) -> None:
    """Write files, named from the results, then the record of what they are made of, and the seal last.

    Records of what was there before are removed first, so that none of them ever stands beside the new files.
    Raises ``StorageError``.
    """
    for path in _records(results, recipe.name):
        if path != results / recipe.record:
            _remove(path)
    made = {**contents, recipe.record: recipe.text}
    for name, content in made.items():
        write_bytes(results / name, content.encode("utf-8") if isinstance(content, str) else content)
    write_text(results / recipe.seal, seal_text(made))


def check_made(results: Path, recipe: Recipe) -> None:
    """Raise ``StorageError`` where the files of a recipe are not there, or were made of anything else.

    The line says what is another, as far as the record that is there tells.
    """
    if (results / recipe.record).is_file():
        return
    found = _records(results, recipe.name)
    if not found:
        raise StorageError(
            f"{results / 'made' / recipe.name}: found no record, allowed: one of what is configured; run again"
        )
    old = read_json(found[0])
    changes = [f"{key}: {short(one)} -> {short(other)}" for key, one, other in changed_values(old, dict(recipe.parts))]
    rest = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    raise StorageError(
        f"{found[0]}: made of something else than what is configured now ({changes[0]}{rest}); run again"
    )


def read_record(results: Path, name: str) -> dict[str, Any]:
    """Return what the files of a claim or a stage were made of. Raises ``StorageError`` where no record says so."""
    found = _records(results, name)
    if len(found) != 1:
        raise StorageError(f"{results / 'made' / name}: found {len(found)} records, allowed: one; run again")
    parts: dict[str, Any] = read_json(found[0])
    return parts


def changed_values(old: Any, new: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the dotted key, the old and the new value of every difference between two nested mappings."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            inner = f"{key}.{name}" if key else name
            yield from changed_values(old.get(name, "absent"), new.get(name, "absent"), inner)
    elif old != new:
        yield key, old, new


def short(value: object, width: int = 40) -> str:
    """Return a value in one line of at most so many characters."""
    text = str(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def beside(results: Path, path: Path) -> str:
    """Return the name of a file as the results' own files are named: relative to their folder."""
    return os.path.relpath(path, results)


def _records(results: Path, name: str) -> list[Path]:
    """Return the records of a claim or a stage that are there, whatever they say."""
    path = results / "made" / name
    return sorted(path.parent.glob(f"{path.name}.{'[0-9a-f]' * LENGTH}.json"))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed ({error.strerror})") from None
