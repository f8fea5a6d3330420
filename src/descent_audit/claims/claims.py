"""What a claim is, and the slices of it that each stage depends on."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from descent_audit.claims.sources import OPTIMIZERS, import_closure, is_sampled, takes_streams

SCALES = ("smoke", "full", "deep")
CALIBRATION_SCALE = "smoke"
"""The scale at which a claim is run under many seeds."""
ArmKind = Literal["claim", "case", "control", "counterexample"]
ARM_KINDS: dict[str, ArmKind] = {"cases": "case", "controls": "control", "counterexamples": "counterexample"}


@dataclass(frozen=True)
class Arm:
    """One run of a claim: ``parameters`` are complete, the scale's included; ``file`` is the claim's, for faults."""

    name: str
    kind: ArmKind
    target: str
    parameters: Mapping[str, Any]
    file: str


@dataclass(frozen=True)
class Claim:
    """One validated claim file. The fields are its keys; config/README.md describes them.

    ``name`` is the stem of the file, its identifier everywhere, and ``topic`` the folder that it lies in.
    """

    name: str
    topic: str
    audits: tuple[str, ...]
    statement: str
    condition: str
    formula: str
    derivation: str
    experiment: Mapping[str, Any]
    kinds: Mapping[str, ArmKind]
    overrides: Mapping[str, Mapping[str, Any]]
    expect: Mapping[str, Mapping[str, Any]]
    figure: Mapping[str, Any]
    scale: Mapping[str, Mapping[str, Any]]

    @property
    def choice(self) -> str:
        """Return the claim as Hydra is told it: ``topic/name``."""
        return f"{self.topic}/{self.name}"

    @property
    def file(self) -> str:
        """Return the file of the claim, as faults name it."""
        return claim_file(self.choice)

    def arms(self, scale: str, typed: Sequence[str] = ()) -> tuple[Arm, ...]:
        """Return the arms at a scale; parameters named in ``typed`` keep their value whatever the scale says.

        An arm is merged over the experiment, unless it names a ``_target_`` of its own and stands alone. Under
        ``scale`` a key that is an arm's name holds that arm's parameters.
        """
        scaled = self.scale.get(scale, {})
        general = {key: value for key, value in scaled.items() if key not in self.overrides and key not in typed}
        base = {**self.experiment, **general}
        return tuple(
            _arm(name, kind, {**({} if "_target_" in own else base), **own, **scaled.get(name, {})}, self.file)
            for name, kind in self.kinds.items()
            for own in [self.overrides.get(name, {})]
        )

    def expectations(self, scale: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Return per arm what it must ``observe`` and what must ``fail`` on it, at a scale."""
        return {
            arm: {key: [_at_scale(entry, scale) for entry in entries.get(key, [])] for key in ("observes", "fails")}
            for arm, entries in self.expect.items()
        }

    def contradicts(self, arm: str) -> Mapping[str, str]:
        """Return the statements that fail in a case inside their premises, with the words that are false."""
        return self.expect[arm].get("contradicts", {})

    def refutes(self, arm: str) -> Mapping[str, str]:
        """Return the statements that an arm shows to fail wherever their premises hold, with the false words."""
        return self.expect[arm].get("refutes", {})

    def limits(self, arm: str) -> tuple[str, ...]:
        """Return the statements that an arm is a limit of: a case outside of what they say."""
        return tuple(self.expect[arm].get("limits", ()))

    def simulation_slice(self, scale: str) -> str:
        """Return all of the file that a simulation depends on, as canonical JSON."""
        return canonical({arm.name: {"target": arm.target, **arm.parameters} for arm in self.arms(scale)})

    def judgement_slice(self, scale: str) -> str:
        """Return all of the file that a verdict depends on, as canonical JSON."""
        wording = ("because", "at_scale")
        rules = {
            arm: {
                kind: [{k: v for k, v in entry.items() if k not in wording} for entry in entries]
                for kind, entries in rule.items()
            }
            for arm, rule in self.expectations(scale).items()
        }
        said = {
            arm: [sorted(self.contradicts(arm)), sorted(self.refutes(arm)), sorted(self.limits(arm))]
            for arm, kind in self.kinds.items()
            if kind == "counterexample"
        }
        return canonical({"audits": self.audits, "kinds": self.kinds, "expect": rules, "said": said})

    def calibration_slice(self) -> str:
        """Return all of the file that a run under many seeds depends on, as canonical JSON."""
        return canonical([self.simulation_slice(CALIBRATION_SCALE), self.judgement_slice(CALIBRATION_SCALE)])

    def is_random(self, scale: str) -> bool:
        """Say whether anything is drawn: replicates, or the data of a problem."""
        return any(is_sampled(arm.target) or takes_streams(arm.target) for arm in self.arms(scale))

    def is_sampled(self, scale: str) -> bool:
        """Say whether replicates are drawn, in blocks."""
        return any(is_sampled(arm.target) for arm in self.arms(scale))

    def figure_slice(self) -> str:
        """Return all of the file that the drawing depends on, as canonical JSON; the caption is the report's."""
        strip = {key: value for key, value in self.figure.get("strip", {}).items() if key != "caption"}
        return canonical({"panels": self.figure["panels"], "strip": strip, "kinds": self.kinds})

    def wording_slice(self) -> str:
        """Return all of the file that only readers see, as canonical JSON."""
        reasons = {
            arm: [entry.get("because") for entry in rule.get("observes", [])] for arm, rule in self.expect.items()
        }
        shows = {
            arm: [rule.get("shows"), self.contradicts(arm), self.refutes(arm)] for arm, rule in self.expect.items()
        }
        strip = self.figure.get("strip", {}).get("caption")
        words = [self.statement, self.condition, self.formula, self.derivation, self.figure["caption"], strip]
        return canonical({"words": words, "reasons": reasons, "shows": shows})

    def modules(self) -> tuple[Path, ...]:
        """Return the source files behind the claim: the import closure of its experiments and of its optimizers."""
        arms = [arm for scale in SCALES for arm in self.arms(scale)]
        rules = {rule for arm in arms for rule in named_optimizers(arm.parameters).values()}
        return import_closure(
            [
                *(arm.target.rpartition(".")[0] for arm in arms),
                *(f"{OPTIMIZERS}.{rule.split('.')[0]}" for rule in rules),
            ]
        )


def claim_file(choice: str) -> str:
    """Return the file of a claim that is given as ``topic/name``, as faults name it."""
    return f"config/claim/{choice}.yaml"


def canonical(value: Any) -> str:
    """Return a value as JSON that does not depend on the order of keys or on the layout of the file."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def named_optimizers(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the update rules that parameters name, by the key of each: ``module.Class`` of the optimizers."""
    named = {key: value for key, value in parameters.items() if re.fullmatch(r"(.*_)?optimizers?", key)}
    return {
        (f"{key}.{index}" if isinstance(value, list) else key): rule
        for key, value in named.items()
        for index, rule in enumerate(value if isinstance(value, list) else [value])
    }


def _arm(name: str, kind: ArmKind, merged: Mapping[str, Any], file: str) -> Arm:
    return Arm(name, kind, merged["_target_"], {key: value for key, value in merged.items() if key != "_target_"}, file)


def _at_scale(entry: Mapping[str, Any], scale: str) -> dict[str, Any]:
    return {
        **{key: value for key, value in entry.items() if key != "at_scale"},
        **entry.get("at_scale", {}).get(scale, {}),
    }
