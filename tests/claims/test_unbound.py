import copy

import pytest
import yaml
from conftest import claim_path

from descent_audit.claims import unbound
from descent_audit.claims.catalogue import ConfigurationError, load_claims, parse_claim

NAME = "quadratic_divergence_threshold"


@pytest.fixture
def document():
    return copy.deepcopy(yaml.safe_load(claim_path(NAME).read_text()))


@pytest.mark.parametrize("key", ["statement", "condition", "derivation"])
@pytest.mark.parametrize("digits", ["0.8317", "3517", "1.7e-9", "12 345"])
def test_result_typed_into_words_is_a_fault_of_the_file(document, key, digits):
    document[key] += f" We found {digits} there."
    with pytest.raises(ConfigurationError, match=rf"{NAME}\.yaml: {key}: found the number {digits}, allowed: a param"):
        parse_claim(NAME, document)


def test_result_typed_into_a_caption_is_a_fault_and_a_placeholder_is_none(document):
    document["figure"]["caption"] += " The ratio is {threshold_ratio|max}."
    parse_claim(NAME, document)
    document["figure"]["caption"] += " The ratio is 1.0000031."
    with pytest.raises(ConfigurationError, match=r"figure\.caption: found the number 1\.0000031"):
        parse_claim(NAME, document)


def test_parameters_and_mathematics_may_stand(document):
    document["condition"] += " Curvature 40 and 1000 steps, rates below 2/L, $0.123 x^2$, three of 12."
    parse_claim(NAME, document)


def test_place_in_a_source_may_stand_in_a_derivation(document):
    document["derivation"] += (
        " It is $1.234$ there, as in @nesterov2018 [section 2.1.5] and elsewhere [@cauchy1847, p. 536]."
    )
    parse_claim(NAME, document)


def test_every_number_of_the_claim_is_given():
    claim = load_claims([NAME])[NAME]
    assert {100.0, 1000.0, 40.0, 1e-6} <= unbound.given_numbers(claim)


@pytest.mark.parametrize(
    ("template", "digits"),
    [
        ("We judged 60 claims.", ["60"]),
        ("We judged {{ claims | length + 100 }} claims.", []),
        ("{% if n > 100 %}x{% endif %} [a]{.b width=300} $2^{100}$", []),
        ("It took 52.0 s on 2 cores, 1,024 walkers", ["52.0", "2", "1,024"]),
    ],
)
def test_digits_of_a_template_are_found(template, digits):
    assert unbound.unbound_prose(template) == digits
