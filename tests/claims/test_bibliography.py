"""Derivations, what they cite, and the bibliography: each is held against the others."""

import json
import re

import pypandoc
import pytest
from conftest import PROJECT

from descent_audit.claims import catalogue
from descent_audit.claims.catalogue import ConfigurationError, citations, load_claims, reference_keys

ENTRIES = json.loads((PROJECT / "reports" / "references.json").read_text())
CLAIMS = load_claims()
NAME = r"[A-Z][\w'’]+"
SOURCE = re.compile(rf"\b({NAME})(?:, {NAME})*(?: and {NAME}| et al\.)? \(?(1[6-9]\d\d|20\d\d)\b")
"""Authors and a year, as docstrings name their sources: the first author and the year."""


def year(entry) -> str:
    return str(entry["issued"]["date-parts"][0][0])


def named_in_code() -> set[tuple[str, str]]:
    texts = [" ".join(path.read_text().split()) for path in (PROJECT / "src").rglob("*.py")]
    return {(name.replace("’", "'"), when) for text in texts for name, when in SOURCE.findall(text)}


def first_author(entry) -> tuple[str, str]:
    author = entry["author"][0]
    return author.get("family", author.get("literal")).replace("’", "'"), year(entry)


def test_code_names_the_sources_that_it_is_known_to_name():
    assert {
        ("Polyak", "1964"),
        ("Saxe", "2014"),
        ("Krein", "1948"),
        ("O'Neill", "2015"),
        ("Charbonnier", "1997"),
    } <= named_in_code()


@pytest.mark.parametrize("name", list(CLAIMS))
def test_derivation_is_two_to_six_sentences_and_cites_a_source(name):
    plain = re.sub(r"\$[^$]*\$|\[@?[^]]*\]", "", CLAIMS[name].derivation)
    assert 2 <= len(re.findall(r"[.!?](?=\s|$)", plain)) <= 6
    assert citations(CLAIMS[name].derivation)


def test_citations_are_those_that_pandoc_sees():
    text = "\n\n".join(claim.derivation for claim in CLAIMS.values())
    cited = re.findall(r'"citationId":"([^"]+)"', pypandoc.convert_text(text, "json", "markdown").replace(": ", ":"))
    assert citations(text) == cited
    assert set(cited) <= {entry["id"] for entry in ENTRIES}


def test_every_reference_is_cited_in_a_derivation_or_named_in_the_code():
    cited = {key for claim in CLAIMS.values() for key in citations(claim.derivation)}
    idle = [entry["id"] for entry in ENTRIES if entry["id"] not in cited and first_author(entry) not in named_in_code()]
    assert not idle


def test_every_source_that_the_code_names_is_in_the_bibliography():
    assert named_in_code() <= {first_author(entry) for entry in ENTRIES}


def test_keys_are_author_and_year_each_once_in_order():
    keys = [entry["id"] for entry in ENTRIES]
    assert keys == sorted(set(keys))
    assert all(key.endswith(year(entry)) for key, entry in zip(keys, ENTRIES, strict=True))


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"title": "no key"}]', "[", None])
def test_bibliography_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "references.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"^reports/references.json: ") as caught:
        reference_keys(path)
    assert "\n" not in str(caught.value)


def test_unknown_citation_lists_what_is_allowed(document):
    document["derivation"] = "As in [@polyak1965]."
    with pytest.raises(ConfigurationError) as caught:
        catalogue.parse_claim("gradient_descent/small", document)
    assert "config/claim/gradient_descent/small.yaml: derivation: found unknown name '@polyak1965'" in str(caught.value)
    assert all(f"@{entry['id']}" in str(caught.value).split("allowed: ")[1] for entry in ENTRIES)
