"""What a claim that was renamed or removed has left in the results: python -m descent_audit.workflow.leftovers

``--results results/full`` removes it. A run only tells of it.
"""

import argparse
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from descent_audit.claims.catalogue import claim_names
from descent_audit.records.storage import StorageError
from descent_audit.stages.programs import program

BY_CLAIM = (
    *("observations", "curves", "seals", "made", "composed", "captions"),
    *("figures", "kept/figures", "seals/drawings", "made/drawings"),
    *("logs/simulate", "benchmarks/simulate", "source/config/claim"),
)
"""Folders of a run whose files are named for claims, and so are those of the folders in them."""
BY_SHARD = ("shards", "logs/shard", "benchmarks/shard")
"""Folders of a run that hold a folder for every claim."""
STAGES = "stages"
STRIP = "_strip"


def leftovers(results: Path, known: Collection[str]) -> dict[str, list[Path]]:
    """Return the files and folders of claims that are not known, by the name of the claim, sorted."""
    found: dict[str, set[Path]] = {}
    for folder in BY_CLAIM:
        below = ((path, path.relative_to(results).parts) for path in (results / folder).rglob("*.*"))
        for path in (path for path, parts in below if path.is_file() and STAGES not in parts):
            found.setdefault(path.name.partition(".")[0].removesuffix(STRIP), set()).add(path)
    for path in (path for folder in BY_SHARD for path in (results / folder).glob("*")):
        found.setdefault(path.name, set()).add(path)
    return {name: sorted(paths) for name, paths in sorted(found.items()) if name not in known}


def told(results: Path, found: Mapping[str, Sequence[Path]]) -> list[str]:
    """Return the line that tells of what is left over, none where nothing is."""
    if not found:
        return []
    count = sum(map(len, found.values()))
    advice = f"make clean-stale SCALE={results.name} removes them"
    return [f"Left over of claims that are gone: {', '.join(found)} ({count} files in {results}); {advice}"]


def remove(found: Mapping[str, Sequence[Path]]) -> None:
    """Remove what is left over. Raises ``StorageError``."""
    for path in (path for paths in found.values() for path in paths):
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            raise StorageError(f"{path}: cannot be removed ({error.strerror})") from None


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Remove what is left over and name it; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, type=Path)
    options = parser.parse_args(arguments)
    found = leftovers(options.results, claim_names())
    remove(found)
    for name, paths in found.items():
        print(f"{name}: {len(paths)} files removed")


if __name__ == "__main__":
    main()
