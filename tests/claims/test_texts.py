"""A text's file, and what claims may say against its sentences: each fault is one line that says where."""

import copy
import dataclasses

import pytest
import yaml
from conftest import PROJECT, SENTENCES

from descent_audit.claims.catalogue import SCHEMAS, load_text, parse_claim, read_claims
from descent_audit.claims.texts import Text, check_text, read_text
from descent_audit.claims.validation import ConfigurationError

DOCUMENT = {
    "title": "A text",
    "source": "Somebody, 2001",
    "sections": ["One", "Two"],
    "findings": ["first"],
    "statements": [
        {"id": "first", "section": "One", "force": "always", "says": "It falls."},
        {"id": "second", "section": "Two", "force": "can", "says": "It can rise.", "open": "How often."},
    ],
}


def read(tmp_path, document):
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return read_text(path, SCHEMAS / "text.schema.yaml")


def changed(edit):
    document = copy.deepcopy(DOCUMENT)
    edit(document)
    return document


def test_text_is_read_with_its_statements_in_order(tmp_path):
    text = read(tmp_path, DOCUMENT)
    assert list(text.by_id()) == ["first", "second"]
    assert (text.name, text.by_id()["second"].open, text.by_id()["first"].problem) == ("small", "How often.", "")


@pytest.mark.parametrize(
    ("edit", "parts"),
    [
        (lambda d: d.pop("title"), ["no key 'title'"]),
        (
            lambda d: d["statements"][0].update(force="sometimes"),
            ["statements.0.force", "'sometimes'", "always, can, often"],
        ),
        (lambda d: d["statements"][0].update(sayz="x y z"), ["statements.0.sayz", "did you mean 'says'"]),
        (lambda d: d["statements"][0].update(section="Three"), ["statements.first.section", "'Three'", "One, Two"]),
        (lambda d: d["statements"][1].update(id="first"), ["duplicate statement id 'first'"]),
        (lambda d: d["statements"].reverse(), ["sections that come back"]),
        (lambda d: d.update(findings=["frist"]), ["findings", "did you mean 'first'"]),
    ],
)
def test_fault_in_a_text_is_one_line(tmp_path, edit, parts):
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, changed(edit))
    line = str(caught.value)
    assert line.startswith("config/text/small.yaml: ")
    assert "\n" not in line
    assert all(part in line for part in parts), line


def said(document, **keys):
    document["expect"]["odd"] = {"observes": document["expect"]["odd"], **keys}
    return parse_claim("gradient_descent/small", document, SENTENCES)


def test_contradiction_in_words_of_the_sentence_is_allowed(document):
    claim = said(document, contradicts={"divergence_beyond": "will diverge"})
    assert claim.contradicts("odd") == {"divergence_beyond": "will diverge"}


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"contradicts": {"large_rate_overshoots": "can overshoot"}}, ["large_rate_overshoots", "force 'can'"]),
        ({"refutes": {"large_rate_overshoots": "can overshoot"}}, ["refutes.large_rate_overshoots", "force 'can'"]),
        ({"contradicts": {"divergence_beyond": "must diverge"}}, ["'must diverge'", "It will diverge, it says."]),
        ({"contradicts": {"stable_range": "any words"}}, ["contradicts", "'stable_range'", "divergence_beyond"]),
        ({"limits": ["stable_range"]}, ["limits", "'stable_range'"]),
        ({"contradicts": {}}, ["contradicts", "too short"]),
        ({"bears_on": ["divergence_beyond"]}, ["bears_on"]),
    ],
)
def test_fault_in_what_a_claim_says_is_one_line(document, keys, parts):
    with pytest.raises(ConfigurationError) as caught:
        said(document, **keys)
    line = str(caught.value)
    assert line.startswith("config/claim/gradient_descent/small.yaml: expect.odd")
    assert all(part in line for part in parts), line


def test_control_contradicts_nothing(document):
    document["expect"]["calm"]["contradicts"] = {"divergence_beyond": "will diverge"}
    with pytest.raises(
        ConfigurationError, match=r"expect\.calm\.contradicts: found a control, allowed: a counterexample"
    ):
        parse_claim("gradient_descent/small", document, SENTENCES)


def text_of(**changes):
    first = dataclasses.replace(SENTENCES["divergence_beyond"], **changes)
    return Text("small", "A text", "A source", ("One", "Two"), (), (first, SENTENCES["large_rate_overshoots"]))


@pytest.mark.parametrize("missing", ["holds_when", "better"])
def test_contradicted_sentence_must_say_when_it_holds_and_what_is_better(document, missing):
    claim = said(document, contradicts={"divergence_beyond": "will diverge"})
    whole = {"holds_when": "Sometimes.", "better": "It can diverge."}
    check_text(text_of(**whole), [claim])
    with pytest.raises(ConfigurationError, match=rf"divergence_beyond: found no key '{missing}', .*small/odd"):
        check_text(text_of(**{**whole, missing: ""}), [claim])


def test_sentence_that_nobody_audits_must_be_open(claim):
    other = dataclasses.replace(SENTENCES["divergence_beyond"], id="other")
    text = dataclasses.replace(text_of(), statements=(*text_of().statements, other))
    with pytest.raises(ConfigurationError, match=r"statements\.other: found no claim that audits it"):
        check_text(text, [claim])
    check_text(
        dataclasses.replace(text, statements=(*text_of().statements, dataclasses.replace(other, open="Why."))), [claim]
    )


def test_text_of_the_project_fits_all_claims():
    text = load_text()
    check_text(text, read_claims().values())
    assert set(text.findings) <= set(text.by_id())


def test_only_sentences_that_a_claim_denies_have_another_wording():
    against = {
        name
        for claim in read_claims().values()
        for arm in claim.kinds
        for name in (*claim.contradicts(arm), *claim.refutes(arm))
    }
    assert {one.id for one in load_text().statements if one.better} == against


def test_no_list_of_claims_stands_in_a_text():
    assert "claims:" not in (PROJECT / "config" / "text" / "principles.yaml").read_text()
