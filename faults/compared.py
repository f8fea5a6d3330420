"""Whether a fault that changes no verdict changes a value that an expectation compares."""

from pathlib import Path

from descent_audit.claims import Claim
from descent_audit.judge import judge_claim
from faults.mutations import Mutation
from faults.trial import SCALE, Sound, _open, _rows, _simulated


def values(claim: Claim, table: str) -> list[tuple[str, str, str, str]]:
    """Return the values that the expectations of a claim compare, each with its arm, quantity and place."""
    checks, _ = judge_claim(claim, SCALE, _rows(table))
    return [(check.arm, check.quantity, check.at, repr(check.value)) for check in checks]


def value_changed(copy: Path, claim: Claim, seed: int, fault: Mutation, text: str, known: Sound) -> bool:
    """Say whether any such value differs in its last digit where a fault is in the copy of the package."""
    _open(copy, fault.file, text)
    return known.runs(fault) and values(claim, _simulated(claim, seed)[0]) != values(claim, known.found.observations)
