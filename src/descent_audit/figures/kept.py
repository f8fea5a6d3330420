"""Files that are made again only where something that they are made of has changed.

Snakemake removes what a job writes before it starts the job. What a job keeps beside that, with a digest of all that it
was made of, it need not make again when another of its files has changed.
"""

from pathlib import Path

from descent_audit.records.storage import digest, write_bytes

FOLDER = "kept"
"""Where that is, below the results."""


def keep(path: Path, made_of: str, content: bytes) -> None:
    """Keep what was made of something, given as a digest, in the place of what was kept before."""
    write_bytes(path, _head(made_of, content) + content)


def recall(path: Path, made_of: str) -> bytes | None:
    """Return what is kept; ``None`` where it was made of anything else, is damaged, or is not there."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if head + b"\n" == _head(made_of, content) else None


def _head(made_of: str, content: bytes) -> bytes:
    return f"{made_of} {digest(content)}\n".encode()
