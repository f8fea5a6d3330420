"""The statements and the claims that audit them, read and validated.

The only reader of ``config/``. Everything is validated before any job starts; every fault is one line.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from descent_audit.claims.claims import ARM_KINDS, Arm, Claim, canonical, claim_file
from descent_audit.claims.code_checks import check_code
from descent_audit.claims.texts import Statement, Text, check_audits, check_denials, check_text, read_text
from descent_audit.claims.unbound import unbound_words
from descent_audit.claims.validation import ConfigurationError, check_document, fault, read_yaml, unknown

__all__ = [
    "Arm",
    "Claim",
    "ConfigurationError",
    "Statement",
    "Text",
    "canonical",
    "load_claims",
    "load_text",
    "read_claims",
]

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
SCHEMAS = ROOT / "workflow" / "schemas"
REFERENCES = ROOT / "reports" / "references.json"
NAME = re.compile(r"[a-z][a-z0-9_]{0,79}")
PLAIN = ("statement", "condition", "formula", "derivation", "experiment", "expect", "figure")
"""The keys of a claim file that are taken as they stand."""
CITATION = re.compile(r"@(\w+)")


def scales(config: Path = CONFIG) -> list[str]:
    """Return the names of the scales."""
    return sorted(path.stem for path in (config / "scale").glob("*.yaml"))


def check_scale(name: str, config: Path = CONFIG) -> str:
    """Return the scale's name. Raises ``ConfigurationError`` where there is no such scale."""
    if name not in scales(config):
        raise unknown("--config", "scale", name, scales(config))
    return name


def default_shards(scale: str, config: Path = CONFIG) -> int:
    """Return the most jobs that a sampled claim is split into at a scale. Raises ``ConfigurationError``."""
    label = f"config/scale/{scale}.yaml"
    document = read_yaml(config / "scale" / f"{scale}.yaml", label)
    shards = document.get("shards") if isinstance(document, dict) else None
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise fault(label, "shards", repr(shards), "a whole number from 1")
    return shards


def root_seed(config: Path = CONFIG) -> int:
    """Return the seed that all random streams of a run descend from. Raises ``ConfigurationError``."""
    label = "config/config.yaml"
    document = read_yaml(config / "config.yaml", label)
    return check_seed(document.get("seed") if isinstance(document, dict) else None, label)


def check_seed(seed: object, label: str = "command line") -> int:
    """Return the root seed. Raises ``ConfigurationError`` unless it is a whole number that is not negative."""
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise fault(label, "seed", repr(seed), "a whole number from 0")
    return seed


def claim_choices(config: Path = CONFIG) -> dict[str, str]:
    """Return ``topic/name`` of every claim by its name, the stem of its file, sorted by name.

    Raises ``ConfigurationError`` for a stem or a topic that is not a name, and for a stem that two files share.
    """
    paths = sorted(path for path in (config / "claim").rglob("*") if path.suffix.lower() in (".yaml", ".yml"))
    for stem, count in Counter(path.stem.lower() for path in paths).items():
        if count > 1:
            files = ", ".join(str(path.relative_to(config)) for path in paths if path.stem.lower() == stem)
            raise fault("config/claim", stem, f"duplicate claim id {stem!r} ({files})", "one file per claim")
    for path in paths:
        below = path.relative_to(config / "claim")
        names = below.with_suffix("").parts
        if path.suffix != ".yaml" or len(names) != 2 or not all(map(NAME.fullmatch, names)):
            raise fault(
                "config/claim", str(below), f"file {path.name!r}", "claim/<topic>/<name>.yaml, names of a-z, 0-9, _"
            )
    return {path.stem: f"{path.parent.name}/{path.stem}" for path in sorted(paths, key=lambda path: path.stem)}


def claim_names(config: Path = CONFIG) -> list[str]:
    """Return the names of all claims, sorted. Raises as ``claim_choices`` does."""
    return list(claim_choices(config))


def select_claims(wanted: object = None, config: Path = CONFIG) -> list[str]:
    """Return the claims that a run is about: all, or those of a comma-separated list or a sequence of names.

    Raises ``ConfigurationError`` for an empty list, an unknown name, one that is given twice, or anything else.
    """
    known = claim_names(config)
    if wanted is None:
        return known
    given = wanted.split(",") if isinstance(wanted, str) else wanted
    if not isinstance(given, Sequence) or not all(isinstance(name, str) for name in given):
        raise fault("--config", "claims", repr(wanted), "names of claims, separated by commas")
    names = [name.strip() for name in given if name.strip()]
    if not names:
        raise fault("--config", "claims", "no name", "names of claims, separated by commas; all where it is not given")
    for name in names:
        if name not in known:
            raise unknown("--config", "claims", name, known)
        if names.count(name) > 1:
            raise fault("--config", "claims", f"duplicate claim id {name!r}", "each name once")
    return sorted(names)


def load_text(config: Path = CONFIG) -> Text:
    """Return the audited text. Raises ``ConfigurationError`` for any fault in its file, or where there is none."""
    paths = sorted((config / "text").glob("*.yaml"))
    if len(paths) != 1:
        raise fault("config/text", "", f"{len(paths)} files", "one, config/text/<text>.yaml")
    return read_text(paths[0], SCHEMAS / "text.schema.yaml")


def load_claims(names: Sequence[str] | None = None, config: Path = CONFIG) -> dict[str, Claim]:
    """Return the named claims (all where none are named), ready to run.

    Where all are, the text is held against them too. Raises ``ConfigurationError``.
    """
    claims = read_claims(names, config)
    for claim in claims.values():
        check_code(claim)
    if names is None:
        check_text(load_text(config), claims.values())
    return claims


def read_claims(names: Sequence[str] | None = None, config: Path = CONFIG) -> dict[str, Claim]:
    """Return the named claims (all where none are named) for a stage that runs none of their experiments.

    Each file is validated, but not against the code that it names. Raises ``ConfigurationError``.
    """
    statements = load_text(config).by_id()
    choices = claim_choices(config)
    return {
        name: parse_claim(choice, read_yaml(config / "claim" / f"{choice}.yaml", claim_file(choice)), statements)
        for name, choice in choices.items()
        if names is None or name in names
    }


def citations(text: str) -> list[str]:
    """Return the keys that a text cites, ``@key``, in its order."""
    return CITATION.findall(text)


@cache
def reference_keys(path: Path = REFERENCES) -> frozenset[str]:
    """Return the keys of the bibliography, which is CSL JSON. Raises ``ConfigurationError``."""
    label = f"reports/{path.name}"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise fault(label, "", " ".join(str(error).split()), "a readable JSON file") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "id" in entry for entry in entries):
        raise fault(label, "", "something else", "a list of references, each with an id")
    return frozenset(entry["id"] for entry in entries)


def reading_order(claims: Mapping[str, Claim], text: Text) -> list[str]:
    """Return the claims in the order of the statements that they audit first, then by name."""
    order = list(text.by_id())
    return sorted(claims, key=lambda name: (order.index(claims[name].audits[0]), name))


def parse_claim(choice: str, document: Any, statements: Mapping[str, Statement] | None = None) -> Claim:
    """Return the claim ``topic/name`` of a document read from YAML.

    What it says of ``statements`` is checked where they are given.
    Raises ``ConfigurationError`` for the first fault; ``code_checks`` looks for those that the document alone hides.
    """
    label = claim_file(choice)
    topic, _, name = choice.rpartition("/")
    document = _without_shorthand(document)
    check_document(document, SCHEMAS / "claim.schema.yaml", label)
    arms = document["arms"]
    claim = Claim(
        name=name,
        topic=topic,
        audits=tuple(document["audits"]),
        kinds={"claim": "claim", **{arm: kind for group, kind in ARM_KINDS.items() for arm in arms.get(group, {})}},
        overrides={arm: own for group in ARM_KINDS for arm, own in arms.get(group, {}).items()},
        scale=document.get("scale", {}),
        **{key: document[key] for key in PLAIN},
    )
    for cited in citations(claim.derivation):
        if cited not in reference_keys():
            raise unknown(label, "derivation", f"@{cited}", (f"@{key}" for key in reference_keys()))
    if statements is not None:
        check_audits(claim, statements)
    _check_arms(claim, label, sum(len(arms.get(group, {})) for group in ARM_KINDS))
    _check_expectations(claim, label)
    if statements is not None:
        check_denials(claim, statements)
    for key, digits in unbound_words(claim):
        allowed = "a parameter or a bound of this claim, or a placeholder {quantity} that a run fills"
        raise fault(label, key, f"the number {digits}", allowed)
    return claim


def _without_shorthand(document: Any) -> Any:
    """Spell out a list of expectations as ``{observes: list}`` and a bare quantity in ``fails`` as a mapping."""
    if not isinstance(document, dict) or not isinstance(document.get("expect"), dict):
        return document
    expect = {arm: {"observes": rule} if isinstance(rule, list) else rule for arm, rule in document["expect"].items()}
    for arm, rule in expect.items():
        if isinstance(rule, dict) and isinstance(rule.get("fails"), list):
            fails = [{"quantity": entry} if isinstance(entry, str) else entry for entry in rule["fails"]]
            expect[arm] = {**rule, "fails": fails}
    return {**document, "expect": expect}


def _check_arms(claim: Claim, label: str, declared: int) -> None:
    if len(claim.kinds) != declared + 1:
        raise fault(label, "arms", "a name that is given to two arms, or 'claim'", "names of their own")
    for arm in claim.expect:
        if arm not in claim.kinds:
            raise unknown(label, f"expect.{arm}", arm, claim.kinds)
    for arm in claim.kinds:
        if arm not in claim.expect:
            raise fault(label, "expect", f"no key {arm!r}", "an entry for every arm")
    for index, panel in enumerate(claim.figure["panels"]):
        for arm in panel.get("arms", []):
            if arm not in claim.kinds:
                raise unknown(label, f"figure.panels.{index}.arms", arm, claim.kinds)


def _check_expectations(claim: Claim, label: str) -> None:
    for arm, kind in claim.kinds.items():
        rule, key = claim.expect[arm], f"expect.{arm}"
        needed = "fails" if kind == "control" else "observes"
        if needed not in rule:
            raise fault(label, key, f"no key {needed!r}", f"a list under {needed!r}: this arm is a {kind}")
        if "fails" in rule and kind != "control":
            raise fault(label, f"{key}.fails", f"a {kind}", "a control")
        for said in ("contradicts", "refutes", "limits"):
            if said in rule and kind != "counterexample":
                raise fault(label, f"{key}.{said}", f"a {kind}", "a counterexample")
            for audited in rule.get(said, ()):
                if audited not in claim.audits:
                    raise unknown(label, f"{key}.{said}", audited, claim.audits)
