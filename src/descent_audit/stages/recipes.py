"""What every file of a run is made of: the one place that says which edits make which stage stale.

The plan of a run names the records after these recipes, and the program of every stage checks by them what it reads
and writes the record of what it has written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from descent_audit.claims.catalogue import (
    ROOT,
    Claim,
    Text,
    check_scale,
    load_text,
    read_claims,
    root_seed,
    select_claims,
)
from descent_audit.claims.claims import Arm, canonical
from descent_audit.claims.sources import PACKAGE, code_digest, import_closure
from descent_audit.claims.validation import fault
from descent_audit.records.made import Recipe, check_made
from descent_audit.records.storage import digest, read_judgements
from descent_audit.stages.composed import read_composed


def modules(claim: Claim) -> tuple[Path, ...]:
    """Return all source that makes the claim's observations, sorted."""
    return tuple(sorted({*import_closure([f"{PACKAGE}.stages.observe"]), *claim.modules()}))


def simulation(claim: Claim, arms: Iterable[Arm], seed: int) -> Recipe:
    """Return what the tables of a claim are made of: the parameters of every arm, the root seed, the code."""
    parameters = {arm.name: {"_target_": arm.target, **arm.parameters} for arm in arms}
    return Recipe(claim.name, {"arms": parameters, "seed": seed, "code": code_digest(modules(claim))})


@dataclass(frozen=True)
class Recipes:
    """The recipes of a run. ``claims`` holds all claims, ``selected`` the names of those that run.

    ``simulations`` has the recipe of every selected claim.
    """

    scale: str
    claims: Mapping[str, Claim]
    selected: tuple[str, ...]
    text: Text
    simulations: Mapping[str, Recipe]

    @cached_property
    def judging(self) -> Recipe:
        """Return what checks and judgements are made of."""
        run = {name: json.loads(self.claims[name].judgement_slice(self.scale)) for name in self.selected}
        parts = {
            "expectations": run,
            "audits": {name: list(claim.audits) for name, claim in self.claims.items()},
            "sentences": [statement.id for statement in self.text.statements],
            "observations": {name: self.simulations[name].digest for name in self.selected},
            "code": code_of("judge"),
        }
        return Recipe("stages/judge", parts)

    @cached_property
    def tables(self) -> Recipe:
        """Return what the tables of verdicts, statements and coverage are made of."""
        text = {**vars(self.text), "statements": [vars(statement) for statement in self.text.statements]}
        words = {name: json.loads(claim.wording_slice()) for name, claim in self.claims.items()}
        parts = {"judgements": self.judging.digest, "claims": words, "text": text, "code": code_of("stages.tables")}
        return Recipe("stages/tables", json.loads(canonical(parts)))

    @cached_property
    def ledger(self) -> Recipe:
        """Return what the printed ledger is made of."""
        return Recipe("stages/ledger", {"tables": self.tables.digest, "code": code_of("stages.tables")})

    @cached_property
    def manifest(self) -> Recipe:
        """Return what the manifest is made of, but for the machine and the versions that it names."""
        return Recipe("stages/manifest", {"tables": self.tables.digest, "code": code_of("stages.manifest")})

    def drawing(self, name: str, style: str, formats: Sequence[str]) -> Recipe:
        """Return what the drawings of a claim in a style are made of."""
        parts = {
            "curves": self.simulations[name].digest,
            "figure": json.loads(self.claims[name].figure_slice()),
            "style": style,
            "formats": list(formats),
            "code": code_of("figures.draw"),
        }
        return Recipe(f"drawings/{style}_{'_'.join(formats)}/{name}", parts)


def configured(scale: str, wanted: str | Sequence[str] | None) -> Recipes:
    """Return the recipes of some claims, all where none are named, as they are configured now.

    Raises ``ConfigurationError``.
    """
    claims, seed, scale = read_claims(), root_seed(), check_scale(scale)
    selected = tuple(select_claims(wanted))
    simulations = {name: simulation(claims[name], claims[name].arms(scale), seed) for name in selected}
    return Recipes(scale, claims, selected, load_text(), simulations)


def found(results: Path, scale: str, wanted: str | Sequence[str] | None) -> Recipes:
    """Return the recipes of some claims whose tables are there, after holding each against its record.

    A claim that was simulated by hand is the one that was composed then; any other is as it is configured now.
    Raises ``ConfigurationError`` or ``StorageError``.
    """
    present = configured(scale, wanted)
    claims, simulations = dict(present.claims), dict(present.simulations)
    for name in present.selected:
        if composed := read_composed(results, name):
            if composed.scale != scale:
                raise fault("command line", "scale", repr(scale), f"{composed.scale!r}, at which {name} was simulated")
            claims[name], simulations[name] = composed.claim, simulation(composed.claim, composed.arms(), composed.seed)
        check_made(results, simulations[name])
    return Recipes(present.scale, claims, present.selected, present.text, simulations)


def judged(results: Path, scale: str) -> Recipes:
    """Return the recipes of the claims that are judged, after holding tables and judgements against their records.

    Raises ``ConfigurationError`` or ``StorageError``.
    """
    recipes = found(results, scale, list(read_judgements(results)["claims"]))
    check_made(results, recipes.judging)
    return recipes


def tabled(results: Path, scale: str) -> Recipes:
    """Return the recipes of the claims that are judged, after holding everything up to the tables of verdicts against
    its record.

    Raises ``ConfigurationError`` or ``StorageError``.
    """
    recipes = judged(results, scale)
    check_made(results, recipes.tables)
    return recipes


def code_of(stage: str) -> str:
    """Return the digest of all code of this package that a stage runs, given as a module below the package."""
    return code_digest(import_closure([f"{PACKAGE}.{stage}"]))


def files_of(*patterns: str) -> dict[str, str]:
    """Return the digests of the project's files that match patterns, by name.

    Raises ``ConfigurationError`` where a file that is named is not there.
    """
    digests = {}
    for pattern in patterns:
        paths = sorted(path for path in ROOT.glob(pattern) if path.is_file())
        if not paths and "*" not in pattern:
            raise fault(pattern, "", "no file", "what the project holds")
        digests.update({path.relative_to(ROOT).as_posix(): digest(path.read_bytes()) for path in paths})
    return digests
