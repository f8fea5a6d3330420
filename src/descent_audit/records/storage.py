"""Files between stages: written whole or not at all, read only when they are what was written."""

import contextlib
import csv
import hashlib
import io
import json
import math
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

OBSERVATION_COLUMNS = ("claim", "arm", "quantity", "at", "value", "standard_error", "replicates", "predicted")
CURVE_COLUMNS = ("claim", "arm", "panel", "series", "role", "x", "y", "low", "high", "value")
CHECK_COLUMNS = (
    "claim", "arm", "quantity", "at", "relation", "value", "lower", "upper", "predicted", "tolerance", "met",
)  # fmt: skip
STATEMENT_COLUMNS = ("id", "section", "problem", "says", "verdict", "claims")
Row = dict[str, str]


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
    """Return a parameter point as text: ``key=value`` joined by ``;``, keys sorted, shortest numbers."""
    return ";".join(f"{key}={plain(at[key])}" for key in sorted(at))


def shard_path(folder: Path, claim: str, shard: int, shards: int) -> Path:
    """Return the file of one shard, counted from 0."""
    return folder / "shards" / claim / f"{shard}_of_{shards}.json"


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


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV: columns as given, order of rows as given, shortest round-trip numbers, NaN empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return buffer.getvalue()


def json_text(value: Any) -> str:
    """Return a value as indented JSON with sorted keys and a final newline."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def seal_text(contents: Mapping[str, str]) -> str:
    """Return the digests of files by name, in the form that ``sha256sum --check`` reads."""
    return "".join(f"{digest(contents[name].encode('utf-8'))}  {name}\n" for name in sorted(contents))


def read_sealed(results: Path, folder: str, claim: str, columns: Sequence[str]) -> list[Row]:
    """Return the rows of ``<folder>/<claim>.csv`` after comparing the file with its seal.

    Raises ``StorageError`` where the file is missing, truncated, edited, or has other columns.
    """
    rows = list(csv.DictReader(io.StringIO(sealed_text(results, folder, claim))))
    if rows and tuple(rows[0]) != tuple(columns):
        raise StorageError(
            f"{results / folder / claim}.csv: found columns {', '.join(rows[0])}, allowed: {', '.join(columns)}; "
            + _remedy(results, claim)
        )
    return rows


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


def read_table(path: Path, needed: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a CSV file that a stage wrote.

    Raises ``StorageError`` where it cannot be read or lacks a column that is ``needed``.
    """
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
        rows, columns = list(reader), reader.fieldnames or ()
    except (OSError, UnicodeError, csv.Error) as error:
        raise StorageError(f"{path}: cannot be read ({error})") from None
    for column in needed:
        if column not in columns:
            raise StorageError(f"{path}: found no column {column!r}, allowed: a table with {', '.join(needed)}")
    return rows


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


def number(cell: str) -> float:
    """Return a cell as a number, an empty one as NaN."""
    return float(cell) if cell else math.nan


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return plain(value)
