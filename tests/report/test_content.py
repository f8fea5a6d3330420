import hashlib
import json
import math
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pypandoc
import pytest
import typst
from conftest import FEW_CLAIMS, PROJECT, SENTENCES, claim_path, row
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.claims.catalogue import citations, load_claims, parse_claim
from descent_audit.claims.texts import Text
from descent_audit.records.storage import StorageError
from descent_audit.report import content, page, paper, wording
from descent_audit.results import frame


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (-2.5, "−2.5"),
        (1234.5678, "1234.57"),
        (1e-7, r"$1\times10^{-7}$"),
        (-3.21e20, r"$-3.21\times10^{20}$"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_number_is_shown_as_readers_write_it(value, text):
    assert wording.shown_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9999.7, "10000"), (1702.4, "1702"), (0.00123456, "0.00123"), (12.345, "12.3")]
)
def test_number_of_few_digits_keeps_those_before_the_point(value, text):
    assert wording.shown_number(value, 3) == text


@given(st.text(alphabet="ab 1*_`<>$|~^[]{}#@\\", min_size=1))
def test_escaped_text_comes_out_as_it_went_in(text):
    plain = " ".join(text.split())
    assume_letters = f"x{plain}x"
    back = pypandoc.convert_text(wording.escaped(assume_letters), "plain", "markdown", extra_args=["--wrap=none"])
    assert back.strip() == assume_letters


@pytest.mark.parametrize(
    ("caption", "filled"),
    [
        ("It is {final_distance[n=1]}.", "It is 0.5."),
        ("{final_distance|max} and {final_distance|min}", "0.7 and 0.5"),
        ("{odd/escape_step}", "30"),
        ("{odd/escape_step|predicted}", "31"),
        ("{final_distance}", "–"),
        ("{nothing}", "–"),
        ("|x| stays", "|x| stays"),
    ],
)
def test_caption_is_filled_with_numbers(caption, filled):
    rows = [row(at="n=1"), row(value=0.7, at="n=2"), row("odd", "escape_step", 30.0, predicted=31.0)]
    read = pypandoc.convert_text(wording.filled_caption(caption, rows), "plain", "markdown", extra_args=["--wrap=none"])
    assert read.strip() == filled


def test_number_in_a_caption_carries_what_it_is():
    rows = [row(at="n=1"), row(value=0.7, at="n=2")]
    filled = wording.filled_caption("{final_distance|max}", rows)
    assert filled == '[0.7]{.bound title="small/claim/final_distance[n=2]"}'


@pytest.mark.parametrize(
    ("name", "heading"),
    [("two_cycle_beyond_threshold", "Two cycle beyond threshold"), ("rmsprop_step_floor", "RMSProp step floor")],
)
def test_heading_is_the_name_of_the_claim(name, heading):
    assert wording.title(name) == heading


def check(value, relation="close", predicted=1.0, tolerance=0.1, **cells):
    numbers = {"value": value, "lower": value, "upper": value, "predicted": predicted, "tolerance": tolerance}
    return {"claim": "some", "arm": "claim", "quantity": "q", "met": True, "relation": relation, **numbers, **cells}


def groups(*checks):
    return wording.check_groups(frame("checks", checks))


def test_group_shows_the_point_that_is_nearest_to_failing():
    (group,) = groups(check(1.01, at="n=1"), check(1.2, at="n=2", met=False), check(0.95, at="n=3"))
    assert (group["at"], group["points"], group["met"]) == ("n=2", 3, 2)
    assert group["measured"] == "1.2"
    assert group["allowed"] == "within 0.1"


def test_points_of_many_digits_are_rounded_for_the_eye():
    at = "learning_rate=0.1111111111111111;rate=1.2345678e-12;steps=1000000;method=adam"
    assert wording.shown_point(at) == "learning_rate=0.111111, rate=1.23457e-12, steps=1000000, method=adam"


def test_group_with_a_missing_number_shows_it():
    none = dict.fromkeys(("lower", "upper", "predicted", "tolerance"), math.nan)
    (group,) = groups(check(1.01), check(math.nan, met=False, **none))
    assert (group["measured"], group["met"], group["points"]) == ("–", 1, 2)


def test_sampled_number_is_shown_with_its_interval():
    (group,) = groups(check(1.0, lower=0.9, upper=1.1))
    assert group["measured"] == "1 ± 0.1"


@pytest.mark.parametrize(
    ("relation", "checks", "nearest"),
    [
        ("at_most", [(0.5, 1.0), (3.0, 4.0), (0.9, 1.0)], 0.9),
        ("at_least", [(5.0, 1.0), (1.5, 1.0)], 1.5),
        ("increasing", [(5.0, 0.0), (0.1, 0.0), (2.0, 0.0)], 0.1),
    ],
)
def test_nearest_to_failing_follows_the_relation(relation, checks, nearest):
    rows = [check(value, relation, tolerance=bound) for value, bound in checks]
    (group,) = groups(*rows)
    assert group["measured"].removeprefix("steps from ") == f"{nearest:g}"


def audit_of(claims, findings=(), **rulings):
    """Return an audit in which all claims ran and their arm ``odd`` was observed."""
    sentences = {name: replace(one, better=f"Better {name}.") for name, one in SENTENCES.items()}
    text = Text("small", "A text", "A source", ("One", "Two"), tuple(findings), tuple(sentences.values()))
    none = {"verdict": "supported", "contradicted_by": [], "refuted_by": [], "limits": []}
    judged = {name: {"worst_margin": margin} for name, margin in zip(claims, (2.0, 0.5), strict=False)}
    return content.Audit(claims, text, judged, {name: {**none, **rulings.get(name, {})} for name in SENTENCES}, {})


@pytest.fixture
def denying(document):
    """Return two claims whose counterexample contradicts or refutes the first sentence, or limits the second."""
    observes = document["expect"]["odd"]
    said = {"contradicts": {"divergence_beyond": "will diverge"}, "refutes": {"divergence_beyond": "diverge"}}
    claims = {}
    for name, key in (("small", "contradicts"), ("other", "refutes")):
        document["expect"]["odd"] = {"observes": observes, "shows": f"{name} shows.", key: said[key]}
        document["expect"]["odd"]["limits"] = ["large_rate_overshoots"]
        claims[name] = parse_claim(f"gradient_descent/{name}", document, SENTENCES)
    return claims


def test_corrections_are_the_sentences_against_which_something_speaks(denying):
    against = {"verdict": "conditional", "contradicted_by": ["small/odd"]}
    (found,) = content.corrections(audit_of(denying, divergence_beyond=against))
    assert found == {
        "id": "divergence_beyond", "better": "Better divergence_beyond.", "words": "will diverge", "claim": "small",
        "arm": "odd", "shows": "small shows.",
    }  # fmt: skip
    assert content.corrections(audit_of(denying)) == []


def test_what_refutes_a_sentence_is_named_before_what_contradicts_it(denying):
    both = {"verdict": "refuted", "contradicted_by": ["small/odd"], "refuted_by": ["other/odd"]}
    (found,) = content.corrections(audit_of(denying, divergence_beyond=both))
    assert (found["claim"], found["words"]) == ("other", "diverge")


def test_findings_of_the_text_lead_its_corrections(denying):
    against = {"verdict": "conditional", "contradicted_by": ["small/odd"]}
    for claim in denying.values():
        claim.expect["odd"]["contradicts"] = dict.fromkeys(SENTENCES, "words")
    rulings = dict.fromkeys(SENTENCES, against)
    assert [one["id"] for one in content.corrections(audit_of(denying, **rulings))] == list(SENTENCES)
    led = content.corrections(audit_of(denying, ["large_rate_overshoots"], **rulings))
    assert [one["id"] for one in led] == list(SENTENCES)[::-1]


def test_ledger_shows_what_speaks_against_a_sentence_and_its_limits(denying):
    statement = {"id": "divergence_beyond", "claims": "absent;other;small"}
    ruling = {"verdict": "conditional", "contradicted_by": ["other/odd"], "limits": ["small/odd"]}
    entry = content.ledger_entry(statement, audit_of(denying, divergence_beyond=ruling))
    assert entry == {
        "against": [{"claim": "other", "shows": "other shows."}],
        "limits": [{"claim": "small", "shows": "small shows."}],
        "closest": "other",
        "margin": 0.5,
    }
    pictures = {"small": "<svg/>", "other": "<svg/>"}
    assert page.pictured(statement, entry, pictures) == "other"
    assert page.pictured(statement, entry, {**pictures, "other": ""}) == "small"


def test_ledger_of_a_statement_without_judged_claims_is_empty():
    entry = content.ledger_entry({"id": "divergence_beyond", "claims": "small"}, audit_of({}))
    assert entry == {"against": [], "limits": [], "closest": "", "margin": None}
    assert page.pictured({"claims": "small"}, entry, {}) == ""


@pytest.mark.parametrize("name", ["audit.md.jinja", "ledger.html.jinja"])
def test_no_digit_stands_in_the_prose(name):
    template = (PROJECT / "reports" / name).read_text()
    prose = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<#.*?#>", "", template, flags=re.DOTALL)
    assert not re.findall(r"\d", prose)


REFERENCES = json.loads((PROJECT / "reports" / "references.json").read_text())
ADDRESSES = {
    f"https://doi.org/{one['DOI']}" if "DOI" in one else one["URL"] for one in REFERENCES if {"DOI", "URL"} & {*one}
}


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.anchors, self.targets, self.cited, self.outside = set(), set(), [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.add(found.get("id"))
        for key in ("href", "src"):
            link = found.get(key) or ""
            if link.startswith("#"):
                self.targets.add(link[1:])
            elif tag == "a" and link in ADDRESSES:
                self.cited.append(link)
            elif link and not link.startswith("data:"):
                self.outside.append(link)


@pytest.fixture(scope="module")
def html(few_results, tmp_path_factory):
    """Return the report of a partial run."""
    output = tmp_path_factory.mktemp("report") / "audit.html"
    page.main(["--scale", "smoke", "--results", str(few_results), "--output", str(output)])
    return output.read_text()


def test_partial_run_still_renders(html):
    assert "not part of this run" in html
    assert "Quadratic divergence threshold" in html


def test_html_needs_no_network_and_its_links_resolve(html):
    links = Links()
    links.feed(html)
    assert set(links.outside) == {"figures.html"}
    assert links.targets <= links.anchors
    assert not re.search(r"<script[^>]*\bsrc=", html)
    assert not re.search(r"url\((?!data:)", re.sub(r'src="data:[^"]*"', "", html))
    assert "default-src 'none'" in html


def test_every_number_of_a_check_says_what_it_is(html):
    from descent_audit.claims import identifiers

    cells = re.findall(r'<td [^>]*style="text-align: right;"[^>]*>(.*?)</td>', html, re.DOTALL)
    numbers = [re.sub(r"<[^>]+>", "", cell) for cell in cells]
    assert sum(any(sign.isdigit() for sign in number) for number in numbers) > 100
    for cell, number in zip(cells, numbers, strict=True):
        if any(sign.isdigit() for sign in number):
            title = re.search(r'<span\s+class="bound"\s+title="([^"]+)"', cell)
            assert title, cell
            assert not isinstance(identifiers.parse(title[1]), identifiers.Drawn)


def test_every_claim_has_its_derivation_and_its_citations_link_to_the_references(html):
    assert html.count("Derivation.</strong>") == len(load_claims())
    links = Links()
    links.feed(html)
    cited = {key for claim in load_claims().values() for key in citations(claim.derivation)}
    assert {f"ref-{key}" for key in cited} <= links.targets
    assert {f"ref-{one['id']}" for one in REFERENCES} <= links.anchors
    assert set(links.cited) == ADDRESSES
    assert html.index('id="references"') > max(match.start() for match in re.finditer("Run it again", html))


def test_formulas_are_mathml(html):
    assert "<math" in html
    assert "\\frac" not in re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)


def test_every_picture_has_a_text(html):
    assert all('alt="' in image or "aria-label" in image for image in re.findall(r"<img[^>]*>", html))


@pytest.mark.parametrize("name", list(load_claims()))
def test_formula_and_derivation_of_every_claim_are_mathematics_in_both_forms(name):
    claim = load_claims([name])[name]
    text = f"---\nlink-citations: true\n---\n\n$${claim.formula}$$\n\n{claim.derivation}"
    options = [*content.CITED, "--fail-if-warnings"]
    html = pypandoc.convert_text(text, "html5", "markdown", extra_args=[*options, "--mathml"])
    assert html.count("<math") == 1 + claim.derivation.count("$") // 2
    assert not re.findall(r"[\\$@]|\*\*", re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL))
    assert typst.compile(pypandoc.convert_text(text, "typst", "markdown", extra_args=options).encode("utf-8"))


def test_manifest_of_another_version_is_refused():
    with pytest.raises(StorageError, match=r"manifest\.json: found no key 'seed', allowed: "):
        page.provenance({"claims": {}, "scale": "smoke"}, {})


def test_page_tells_of_every_claim_its_own_file_and_the_digests_of_its_record(html, few_results):
    told = json.loads(re.search(r'id="provenance-data">(.*?)</script>', html, re.DOTALL)[1])
    assert set(told["origins"]) == set(FEW_CLAIMS)
    for name, origin in told["origins"].items():
        made = json.loads(next((few_results / "made").glob(f"{name}.*")).read_text())
        assert origin["file"] == str(claim_path(name).relative_to(PROJECT))
        plain = json.dumps(made["arms"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert origin["parameters"] == hashlib.sha256(plain.encode()).hexdigest()
        assert origin["code"] == made["code"] != origin["parameters"]
        assert told["seed"] == made["seed"]
    assert len({origin["code"] for origin in told["origins"].values()}) == len(FEW_CLAIMS)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("judgements.json", "{}", "found no mapping 'claims', allowed: what judge wrote; remove it and run again"),
        ("judgements.json", "[1]", "found no mapping 'claims', allowed: what judge wrote; remove it and run again"),
        ("checks.csv", "a,b\n1,2\n", "found columns a, b, allowed: claim, arm, quantity, at, "),
        ("statements.csv", "", "found no table of statements ("),
        ("coverage.csv", "section\n", "found columns section, allowed: section, statements, "),
    ],
)
@pytest.mark.parametrize("stage", [page, paper])
def test_table_that_is_none_is_one_line(few_results, tmp_path, stage, name, content, fault):
    results = tmp_path / "results"
    shutil.copytree(few_results, results)
    (results / name).write_text(content)
    with pytest.raises(SystemExit) as stopped:
        stage.main(["--scale", "smoke", "--results", str(results), "--output", str(tmp_path / "written")])
    assert stopped.value.code.startswith(f"{results / name}: {fault}")
    assert "\n" not in stopped.value.code
    assert not (tmp_path / "written").exists()
