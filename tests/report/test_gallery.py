"""The page of all figures, and the captions of Snakemake's report."""

import re
import shutil
from html import unescape

import pypandoc
import pytest
from conftest import FEW_CLAIMS
from hypothesis import given
from hypothesis import strategies as st
from test_content import Links

from descent_audit.claims.catalogue import load_claims
from descent_audit.figures import draw
from descent_audit.report import gallery, wording
from descent_audit.results import load, observed


@pytest.fixture
def results(few_results, tmp_path):
    return shutil.copytree(few_results, tmp_path / "results")


@pytest.fixture
def page(results):
    gallery.main(["--scale", "smoke", "--results", str(results), "--output", str(results / "figures.html")])
    return (results / "figures.html").read_text()


def captions(results):
    """Return the captions with their numbers as Pandoc reads them."""
    for name, claim in load_claims(FEW_CLAIMS).items():
        rows = observed(load("observations", results, name))
        filled = wording.filled_caption(claim.figure["caption"], rows)
        yield name, pypandoc.convert_text(filled, "plain", "markdown", extra_args=["--wrap=none"]).strip()


def test_caption_to_copy_is_what_pandoc_reads(page, results):
    for name, caption in captions(results):
        (copied,) = re.findall(rf'id="caption-{name}">(.*?)</p>', page)
        assert unescape(copied) == f"{wording.title(name)}. {caption}"


def test_every_figure_has_a_button_for_its_caption_and_the_verdict(page, results):
    buttons = re.findall(r'<button type="button" data-copies="([^"]+)"', page)
    assert sorted(buttons) == sorted(f"caption-{name}" for name in FEW_CLAIMS)
    verdicts = load("verdicts", results).set_index("claim")["verdict"]
    for name in FEW_CLAIMS:
        article = page[page.index(f'<article id="{name}">') :].partition("</article>")[0]
        assert f'class="verdict {verdicts[name]}"' in article
        assert article.count("<img") == 1


def test_page_needs_no_other_file_and_its_links_resolve(page):
    links = Links()
    links.feed(page)
    assert set(links.outside) == {"audit.html", *(f"audit.html#{name}" for name in FEW_CLAIMS)}
    assert links.targets <= links.anchors
    assert not re.search(r"url\((?!data:|%23)|<script[^>]*\bsrc\b|<link", page)


def test_page_names_the_files_of_every_run_and_no_other(page, results):
    draw.main(["--scale", "smoke", "--results", str(results), "--claims", ",".join(FEW_CLAIMS)])
    named = set(re.findall(r"<code>(figures/[^<]+)</code>", page))
    assert named == {f"figures/{name}.svg" for name in FEW_CLAIMS}
    assert all((results / one).is_file() for one in named)


def test_caption_of_the_workflow_report_is_filled_in_nowhere(page, results):
    for name, caption in captions(results):
        text = (results / "captions" / f"{name}.rst").read_text()
        assert text.startswith("{% raw %}")
        assert text.endswith("{% endraw %}\n")
        assert caption in re.sub(r"\\(.)", r"\1", text)


@given(st.floats(-1e300, 1e300))
def test_plain_text_of_a_number_is_that_number(value):
    text = wording.plain(wording.shown_number(value, 3))
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    back = float(text.replace(" × 10", "e").translate(raised))
    assert back == pytest.approx(value, rel=1e-2, abs=5e-324)


@given(st.text(alphabet="ab 1*_`<>$|~^[]{}#\\@", min_size=1))
def test_plain_undoes_escaping(text):
    assert wording.plain(wording.escaped(text)) == " ".join(text.split())
