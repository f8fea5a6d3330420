"""The configuration of a claim that was simulated by hand, kept beside its tables: it is judged by that alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descent_audit.claims.catalogue import Arm, Claim, load_text, parse_claim
from descent_audit.records.storage import StorageError, json_text, read_json, write_text


@dataclass(frozen=True)
class Composed:
    """A claim as it was composed from its file and the command line.

    ``typed`` are the parameters that were given there, which keep their values whatever the scale says.
    """

    choice: str
    document: Any
    claim: Claim
    scale: str
    seed: int
    typed: tuple[str, ...]

    def arms(self) -> tuple[Arm, ...]:
        """Return the arms that ran."""
        return self.claim.arms(self.scale, self.typed)


def composed_path(results: Path, name: str) -> Path:
    """Return where the composed configuration of a claim lies."""
    return results / "composed" / f"{name}.json"


def write_composed(results: Path, composed: Composed) -> None:
    """Keep a composed configuration. Raises ``StorageError``."""
    kept = {"choice": composed.choice, "claim": composed.document, "scale": composed.scale}
    kept |= {"seed": composed.seed, "typed": list(composed.typed)}
    write_text(composed_path(results, composed.claim.name), json_text(kept))


def read_composed(results: Path, name: str) -> Composed | None:
    """Return the composed configuration of a claim, ``None`` where it is as configured.

    Raises ``ConfigurationError`` for a fault in it, ``StorageError`` where it is not what was kept.
    """
    path = composed_path(results, name)
    if not path.exists():
        return None
    kept = read_json(path)
    try:
        claim = parse_claim(kept["choice"], kept["claim"], load_text().by_id())
        return Composed(kept["choice"], kept["claim"], claim, kept["scale"], kept["seed"], tuple(kept["typed"]))
    except (KeyError, TypeError) as error:
        raise StorageError(f"{path}: found no composed claim ({error}); simulate it again") from None


def remove_composed(results: Path, name: str) -> None:
    """Remove the composed configuration of a claim, which the pipeline simulates as it is configured."""
    composed_path(results, name).unlink(missing_ok=True)
