"""Verdicts of sentences: the table of the rule, case by case."""

import dataclasses

import pytest
from conftest import SENTENCES

from descent_audit.claims.catalogue import parse_claim
from descent_audit.stages.sentences import rule

SENTENCE = SENTENCES["divergence_beyond"]


def claim_of(document, name, **said):
    """Return a claim that audits the sentence, whose counterexample says something of it."""
    document["expect"]["odd"] = {
        "observes": [{"quantity": "escape_step", "relation": "at_least", "value": 2, "because": "a reason"}]
    }
    document["expect"]["odd"] |= said
    return parse_claim(f"gradient_descent/{name}", document, SENTENCES)


@pytest.fixture
def claims(document):
    """Return claims that contradict, refute, limit, and say nothing of the sentence."""
    words = {"divergence_beyond": "will diverge"}
    return {
        "against": claim_of(document, "against", contradicts=words),
        "fatal": claim_of(document, "fatal", refutes=words),
        "limit": claim_of(document, "limit", limits=["divergence_beyond"]),
        "silent": claim_of(document, "silent"),
    }


def ruling(claims, sentence=SENTENCE, **judged):
    """Return the ruling where the named claims exist, each with its verdict, all arms observed; None has not run."""
    known = {name: claims[name] for name in judged}
    return rule(sentence, known, {name: (verdict, ("odd",)) for name, verdict in judged.items() if verdict})


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ({}, "not audited"),
        ({"silent": None}, "not run"),
        ({"silent": None, "limit": "supported"}, "supported"),
        ({"silent": "supported", "against": None}, "not run"),
        ({"silent": "supported", "fatal": None}, "not run"),
        ({"silent": "supported", "limit": "supported"}, "supported"),
        ({"silent": "supported", "against": "supported"}, "conditional"),
        ({"against": "supported", "fatal": "supported"}, "refuted"),
        ({"against": "supported", "silent": "inconclusive"}, "inconclusive"),
        ({"fatal": "supported", "silent": "void"}, "void"),
        ({"silent": "inconclusive", "limit": "void"}, "void"),
        ({"silent": "refuted"}, "void"),
        ({"silent": "refuted", "fatal": "supported"}, "void"),
    ],
)
def test_sentence_has_the_first_verdict_that_applies(claims, judged, expected):
    assert ruling(claims, **judged).verdict == expected


def test_arm_that_was_not_observed_speaks_for_nothing(claims):
    unseen = rule(SENTENCE, {"against": claims["against"]}, {"against": ("supported", ())})
    assert (unseen.verdict, unseen.contradicted_by) == ("supported", ())


def test_ruling_names_the_arms_behind_it(claims):
    found = ruling(claims, limit="supported", fatal="supported", against="supported")
    assert (found.contradicted_by, found.refuted_by, found.limits) == (("against/odd",), ("fatal/odd",), ("limit/odd",))


def test_claim_that_audits_another_sentence_says_nothing(claims):
    other = dataclasses.replace(SENTENCE, id="other")
    assert ruling(claims, other, against="supported").verdict == "not audited"


def test_claims_count_in_the_order_of_their_names(claims):
    both = {"zeta": dataclasses.replace(claims["against"], name="zeta"), "against": claims["against"]}
    found = rule(SENTENCE, both, dict.fromkeys(both, ("supported", ("odd",))))
    assert found.contradicted_by == ("against/odd", "zeta/odd")
