"""Texts under audit, ``config/text/<text>.yaml``: their sentences, and what claims say against them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from descent_audit.claims.claims import Claim
from descent_audit.claims.validation import check_document, fault, read_yaml, unknown

Force = Literal["always", "often", "can"]


@dataclass(frozen=True)
class Statement:
    """One sentence of a text, in our words.

    ``force`` says what may contradict it: one case where it fails (``always``), one where the tendency is reversed
    (``often``), or none (``can``: one case where it holds shows it). A case outside of its ``premises`` is a limit and
    contradicts nothing. ``holds_when`` and ``better`` belong to a sentence that a claim contradicts or refutes: when
    it is true, and how it would be. ``open`` is what no claim settles. Empty where the text has nothing to say.
    """

    id: str
    section: str
    force: Force
    says: str
    problem: str = ""
    premises: str = ""
    holds_when: str = ""
    better: str = ""
    open: str = ""


@dataclass(frozen=True)
class Text:
    """A text: ``source`` says how to cite it; ``findings`` are the statements that lead its report."""

    name: str
    title: str
    source: str
    sections: tuple[str, ...]
    findings: tuple[str, ...]
    statements: tuple[Statement, ...]

    @property
    def file(self) -> str:
        """Return the file of the text, as faults name it."""
        return text_file(self.name)

    def by_id(self) -> dict[str, Statement]:
        """Return the statements by identifier, in the order of the text."""
        return {statement.id: statement for statement in self.statements}


def text_file(name: str) -> str:
    """Return the file of a text, as faults name it."""
    return f"config/text/{name}.yaml"


def read_text(path: Path, schema: Path) -> Text:
    """Return a text, its statements in the order of its sections.

    Raises ``ConfigurationError`` for a fault in the file: a statement that stands twice, in an unknown section or out
    of the order of the sections, a finding that is no statement.
    """
    label = text_file(path.stem)
    document = read_yaml(path, label)
    check_document(document, schema, label)
    text = Text(
        name=path.stem,
        title=document["title"],
        source=document["source"],
        sections=tuple(document["sections"]),
        findings=tuple(document["findings"]),
        statements=tuple(Statement(**entry) for entry in document["statements"]),
    )
    for name, count in Counter(statement.id for statement in text.statements).items():
        if count > 1:
            raise fault(label, "statements", f"duplicate statement id {name!r}", "each id once")
    for statement in text.statements:
        if statement.section not in text.sections:
            raise unknown(label, f"statements.{statement.id}.section", statement.section, text.sections)
    places = [text.sections.index(statement.section) for statement in text.statements]
    if places != sorted(places):
        raise fault(label, "statements", "sections that come back", "statements in the order of the sections")
    for finding in text.findings:
        if finding not in text.by_id():
            raise unknown(label, "findings", finding, text.by_id())
    return text


def check_audits(claim: Claim, statements: Mapping[str, Statement]) -> None:
    """Raise ``ConfigurationError`` where a claim audits what is no statement."""
    for audited in claim.audits:
        if audited not in statements:
            raise unknown(claim.file, "audits", audited, statements)


def check_denials(claim: Claim, statements: Mapping[str, Statement]) -> None:
    """Raise ``ConfigurationError`` where a claim speaks against words that are not there, or against a ``can``."""
    for arm in claim.kinds:
        for key, words in (("contradicts", claim.contradicts(arm)), ("refutes", claim.refutes(arm))):
            for name, said in words.items():
                _check_words(claim, f"expect.{arm}.{key}.{name}", statements[name], said)


def _check_words(claim: Claim, key: str, statement: Statement, said: str) -> None:
    if statement.force == "can":
        raise fault(
            claim.file, key, "a statement of force 'can'", "one of force always or often: a case denies no 'can'"
        )
    if said not in statement.says:
        raise fault(claim.file, key, f"{said!r}", f"words of the sentence: {statement.says}")


def check_text(text: Text, claims: Iterable[Claim]) -> None:
    """Raise ``ConfigurationError`` where a text does not fit all claims that there are.

    What no claim audits must be ``open``; what one contradicts or refutes must say when it holds, and what is better.
    """
    claims = list(claims)
    against = dict(_denied(claims))
    audited = {name for claim in claims for name in claim.audits}
    for statement in text.statements:
        key = f"statements.{statement.id}"
        if statement.id not in audited and not statement.open:
            raise fault(
                text.file, key, "no claim that audits it", "a claim with it in 'audits', or 'open', why there is none"
            )
        for needed in ("holds_when", "better"):
            if statement.id in against and not getattr(statement, needed):
                allowed = f"{needed}: text, since {against[statement.id]} speaks against the sentence"
                raise fault(text.file, key, f"no key {needed!r}", allowed)


def _denied(claims: Iterable[Claim]) -> Iterator[tuple[str, str]]:
    """Yield every statement that an arm contradicts or refutes, with ``claim/arm``."""
    for claim in claims:
        for arm in claim.kinds:
            for name in (*claim.contradicts(arm), *claim.refutes(arm)):
                yield name, f"{claim.name}/{arm}"
