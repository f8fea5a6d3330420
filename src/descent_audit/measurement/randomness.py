"""Random streams that are named, so that no result depends on the order or the place of execution."""

import hashlib
from dataclasses import dataclass, replace

from numpy.random import SFC64, Generator, SeedSequence


def name_digest(name: str) -> int:
    """Return 64 bits of the SHA-256 of a name: the same number on every machine and in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


@dataclass(frozen=True)
class Streams:
    """The random streams of one arm of one claim under one root seed."""

    seed: int
    claim: str
    arm: str

    def generator(self, cell: str, block: int = 0) -> Generator:
        """Return the generator of one block of one parameter cell.

        Streams of different claims, arms, cells or blocks are independent; the same names give the same
        stream. ``cell`` names what is drawn, for instance ``"start"`` or ``"dimension=20"``.
        Source: NumPy's ``SeedSequence`` with ``spawn_key`` (O'Neill 2015; Doty-Humphrey's SFC64).
        """
        key = (name_digest(self.claim), name_digest(self.arm), name_digest(cell), block)
        return Generator(SFC64(SeedSequence(self.seed, spawn_key=key)))

    def shared(self, cell: str) -> Generator:
        """Return a generator whose stream all arms of the claim have in common, for the data of their problem."""
        return replace(self, arm="").generator(cell)
