"""Verdicts of a text's sentences from those of claims: a claim is a law of ours, a sentence is the text's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from descent_audit.claims.catalogue import Claim, Statement


@dataclass(frozen=True)
class Ruling:
    """What follows for one sentence: its verdict, and the observed arms behind it, as ``claim/arm`` in order of names.

    ``contradicted_by`` are cases inside its premises where it fails, ``refuted_by`` show that it fails wherever they
    hold, and ``limits`` are cases outside of what it says.
    """

    verdict: str
    contradicted_by: tuple[str, ...] = ()
    refuted_by: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def rule(statement: Statement, claims: Mapping[str, Claim], judged: Mapping[str, tuple[str, Iterable[str]]]) -> Ruling:
    """Return the ruling on a statement.

    ``judged`` has the verdict of every claim that ran, with the counterexamples that were observed.
    """
    auditing = [claims[name] for name in sorted(claims) if statement.id in claims[name].audits]
    shown = [(claim, arm) for claim in auditing if claim.name in judged for arm in sorted(judged[claim.name][1])]
    contradicting, refuting, limiting = (
        tuple(f"{claim.name}/{arm}" for claim, arm in shown if statement.id in getattr(claim, said)(arm))
        for said in ("contradicts", "refutes", "limits")
    )
    verdicts = [judged[claim.name][0] for claim in auditing if claim.name in judged]
    silent = any(denies(claim, statement) for claim in auditing if claim.name not in judged)
    verdict = _verdict(
        bool(auditing), verdicts, silent=silent, refuted=bool(refuting), contradicted=bool(contradicting)
    )
    return Ruling(verdict, contradicting, refuting, limiting)


def denies(claim: Claim, statement: Statement) -> bool:
    """Say whether any arm of a claim is meant to contradict or to refute a statement."""
    return any(statement.id in (*claim.contradicts(arm), *claim.refutes(arm)) for arm in claim.kinds)


def _verdict(audited: bool, verdicts: list[str], *, silent: bool, refuted: bool, contradicted: bool) -> str:
    """Return the first verdict that applies.

    A refuted claim is a law of ours that failed and says nothing against the sentence: the audit is void there.
    """
    if not audited:
        return "not audited"
    if silent or not verdicts:
        return "not run"
    if {"void", "refuted"} & set(verdicts):
        return "void"
    if "inconclusive" in verdicts:
        return "inconclusive"
    return "refuted" if refuted else "conditional" if contradicted else "supported"
