"""Files between stages: written whole or not at all, read only when they are what was written."""

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DIGITS = 12
"""Significant digits of a number in the name of a parameter point."""


class StorageError(RuntimeError):
    """A file that cannot be written, or that is not what a stage wrote; its text is one line."""


@contextlib.contextmanager
def reading_manifest() -> Iterator[None]:
    """Raise ``StorageError`` where a key is looked for that the manifest, of another version, does not have."""
    try:
        yield
    except KeyError as error:
        raise StorageError(
            f"manifest.json: found no key {error}, allowed: a manifest of this version, run again"
        ) from None


def plain(value: object) -> str:
    """Return the shortest text that reads back as the same value; NumPy scalars print as Python's do."""
    value = value.item() if hasattr(value, "item") else value
    return "true" if value is True else "false" if value is False else str(value)


def parameter_point(at: Mapping[str, object]) -> str:
    """Return a parameter point as text: ``key=value`` joined by ``;``, keys sorted, numbers to twelve digits.

    The last digits of a grid in constant ratio differ between machines, and a point is to have one name on all of them.
    """
    return ";".join(f"{key}={plain(_rounded(at[key]))}" for key in sorted(at))


def _rounded(value: object) -> object:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def shard_path(folder: Path, claim: str, made_of: str, shard: int, shards: int) -> Path:
    """Return the file of one shard, counted from 0, of the tables that are made of something, given as a digest."""
    return folder / "shards" / claim / made_of / f"{shard}_of_{shards}.json"


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that no reader ever sees half of it.

    Raises ``StorageError`` where the folder is read-only or the disk is full; what was there before stays.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes as ``write_text`` writes text."""
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({error.strerror or error})") from None


def json_text(value: Any) -> str:
    """Return a value as indented JSON with sorted keys and a final newline."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def seal_text(contents: Mapping[str, str | bytes]) -> str:
    """Return the digests of files by name, in the form that ``sha256sum --check`` reads."""
    encoded = {name: one.encode("utf-8") if isinstance(one, str) else one for name, one in contents.items()}
    return "".join(f"{digest(encoded[name])}  {name}\n" for name in sorted(encoded))


def sealed_text(results: Path, folder: str, claim: str) -> str:
    """Return ``<folder>/<claim>.csv`` as it stands, after comparing it with its seal. Raises ``StorageError``."""
    name, remedy = f"{folder}/{claim}.csv", _remedy(results, claim)
    try:
        content = (results / name).read_bytes()
        seal = (results / "seals" / f"{claim}.sha256").read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise StorageError(f"{results / name}: cannot be read ({reason}), or its seal cannot; {remedy}") from None
    sealed = {line[66:]: line[:64] for line in seal.splitlines()}
    if digest(content) != sealed.get(name):
        raise StorageError(
            f"{results / name}: found {len(content)} bytes that differ from the seal (truncated or edited); {remedy}"
        )
    return content.decode("utf-8")


def _remedy(results: Path, claim: str) -> str:
    return f"remove {results / 'seals' / claim}.sha256 and run again"


def read_text(path: Path) -> str:
    """Return the text of a file. Raises ``StorageError`` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise StorageError(f"{path}: cannot be read ({reason})") from None


def read_json(path: Path) -> Any:
    """Return the value of a JSON file that a stage wrote. Raises ``StorageError`` where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, ValueError) as error:
        raise StorageError(f"{path}: cannot be read ({error}); remove it and run again") from None


def read_judgements(results: Path) -> dict[str, Any]:
    """Return the verdicts of a run, of ``claims`` and of ``statements``. Raises ``StorageError``."""
    path = results / "judgements.json"
    found = read_json(path)
    for key in ("claims", "statements"):
        if not isinstance(found, dict) or not isinstance(found.get(key), dict):
            raise StorageError(f"{path}: found no mapping {key!r}, allowed: what judge wrote; remove it and run again")
    return found
