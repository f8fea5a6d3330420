"""Digits that stand in prose and are bound to nothing: a number that no run would ever correct.

A result reaches the reader through a placeholder, so that it is a cell of a table. What may stand as a digit are the
parameters and bounds of the claim itself, small counts, and mathematics.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from descent_audit.claims.claims import SCALES, Claim

PLACEHOLDER = re.compile(r"\{[^{}]*\}")
MATHEMATICS = re.compile(r"\$\$?.*?\$\$?", re.DOTALL)
NUMBER = re.compile(r"(?<![\w^_./])\d+(?:[ ,]\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w/])")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<#.*?#>|\{[.#][^}]*\}|```\{=\w+\}.*?```", re.DOTALL)
PLACE = re.compile(r"\[[^\[\]]*\](?!\()")
"""What stands in a citation: keys, and the place in a book."""
SMALL = 13
"""Whole numbers below this count things, and are read as words."""


def words(claim: Claim) -> dict[str, str]:
    """Return all that a claim file says to readers, by its key."""
    captions = {"figure.caption": claim.figure["caption"]}
    if "strip" in claim.figure:
        captions["figure.strip.caption"] = claim.figure["strip"]["caption"]
    shows = {f"expect.{arm}.shows": rule["shows"] for arm, rule in claim.expect.items() if "shows" in rule}
    derivation = PLACE.sub(" ", claim.derivation)
    return {"statement": claim.statement, "condition": claim.condition, "derivation": derivation, **captions, **shows}


def given_numbers(claim: Claim) -> set[float]:
    """Return every number that a claim file sets: parameters of all arms at all scales, values and tolerances."""
    arms = [arm.parameters for scale in SCALES for arm in claim.arms(scale)]
    return set(_numbers([arms, list(claim.expect.values())]))


def unbound_words(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield the key and the digits of every number in a claim's words that the claim does not set."""
    given = given_numbers(claim)
    for key, text in words(claim).items():
        for digits in _digits(PLACEHOLDER.sub(" ", text)):
            value = float(re.sub("[ ,]", "", digits))
            if not (value in given or (value.is_integer() and value < SMALL)):
                yield key, digits


def unbound_prose(template: str) -> list[str]:
    """Return the digits of a template's prose that stand outside of expressions, attributes and mathematics."""
    return list(_digits(JINJA.sub(" ", template)))


def _digits(text: str) -> list[str]:
    return NUMBER.findall(MATHEMATICS.sub(" ", text))


def _numbers(value: Any) -> Iterable[float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for one in value for number in _numbers(one)]
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []
