"""The files between the shards of a sampled claim and the job that gathers them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from descent_audit.claims.claims import canonical
from descent_audit.claims.validation import fault
from descent_audit.measurement.tallies import Tally, from_plain, to_plain
from descent_audit.records.storage import StorageError, digest, read_json, shard_path, write_text
from descent_audit.stages.arms import Tallies


def check_shard(shard: object, shards: object) -> tuple[int | None, int]:
    """Return which shard of how many a job draws, ``None`` for all of them. Raises ``ConfigurationError``."""
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise fault("command line", "shards", repr(shards), "a whole number from 1")
    if shard is not None and (not isinstance(shard, int) or isinstance(shard, bool) or not 0 <= shard < shards):
        raise fault("command line", "shard", repr(shard), f"0 to {shards - 1}, or null for all of them")
    return shard, shards


def write_shard(path: Path, made_of: str, tallies: Tallies) -> None:
    """Write the tallies of a shard, their digest and that of what they are made of. Raises ``StorageError``."""
    plain = {arm: {cell: to_plain(one) for cell, one in cells.items()} for arm, cells in tallies.items()}
    write_text(path, canonical({"made_of": made_of, "sha256": _digest(plain), "tallies": plain}) + "\n")


def read_shard(path: Path, made_of: str) -> dict[str, dict[str, Tally]]:
    """Return the tallies of a shard.

    Raises ``StorageError`` where the file is missing, truncated, edited, or made of something else.
    """
    document = read_json(path)
    try:
        if document["made_of"] != made_of:
            raise ValueError("it is made of something else")
        if document["sha256"] != _digest(document["tallies"]):
            raise ValueError("its digest is another")
        return {
            arm: {cell: from_plain(one) for cell, one in cells.items()} for arm, cells in document["tallies"].items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path}: found no shard of a claim ({error}); remove it and run again") from None


def read_shards(folder: Path, claim: str, made_of: str, shards: int) -> dict[str, dict[str, Tally]]:
    """Return the tallies of all shards of a claim, merged. Raises ``StorageError``."""
    found: dict[str, dict[str, Tally]] = {}
    for shard in range(shards):
        path = shard_path(folder, claim, made_of, shard, shards)
        for arm, cells in read_shard(path, made_of).items():
            known = found.setdefault(arm, {})
            for cell, tally in cells.items():
                known[cell] = known[cell] + tally if cell in known else tally
    return found


def remove_older_shards(folder: Path, claim: str, made_of: str) -> None:
    """Remove the shards of a claim that were made of something else. Raises ``StorageError``."""
    for path in (folder / "shards" / claim).glob("*"):
        if path.name != made_of:
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise StorageError(f"{path}: cannot be removed ({error.strerror})") from None


def _digest(plain: Mapping[str, Any]) -> str:
    return digest(json.dumps(plain, sort_keys=True).encode())
