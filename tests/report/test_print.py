"""The report for print: what stands on its pages, by way of a reader of PDF and of pixels."""

import csv
import io
import re
import shutil
from collections import Counter
from inspect import getsource
from pathlib import Path

import jinja2
import numpy as np
import pypdf
import pytest
import typst
import yaml
from conftest import FEW_CLAIMS, PROJECT
from jinja2 import meta
from PIL import Image

from descent_audit.claims.catalogue import load_claims
from descent_audit.report import content, paper, typeset, wording
from descent_audit.report.recipes import reports, write_pages
from descent_audit.stages.recipes import configured


@pytest.fixture(scope="module")
def text(few_results):
    """Return the report for print as Markdown, with its figures at paths below the root of the machine."""
    return content.markdown(content.report_context(content.read_audit(few_results), few_results, "smoke"), "pdf")


@pytest.fixture(scope="module")
def source(text):
    return paper.typst_source(text)


@pytest.fixture(scope="module")
def pdf(source):
    return pypdf.PdfReader(io.BytesIO(typeset.pdf(source, Path("/"))))


def test_title_page_says_what_by_whom_and_how_much(pdf, few_results):
    text = pdf.pages[0].extract_text().replace("\u00a0", " ")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert all(
        words in text for words in ("Descent Audit", citation["authors"][0]["name"], citation["version"], "smoke")
    )
    with (few_results / "statements.csv").open() as file:
        verdicts = Counter(row["verdict"] for row in csv.DictReader(file))
    assert all(re.search(rf"\b{verdicts[verdict]}\s+\S\s+{verdict}", text) for verdict in ("supported", "conditional"))
    assert pdf.metadata.author == citation["authors"][0]["name"]
    assert pdf.metadata.creation_date is None


def test_outline_leads_to_every_section_and_claim(pdf):
    top = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    below = [entry.title for group in pdf.outline if isinstance(group, list) for entry in group]
    assert [re.sub(r"^[\d.]+ ", "", one) for one in top][-3:] == ["Reading a verdict", "Claims", "References"]
    assert {wording.title(name) for name in load_claims()} <= {re.sub(r"^[\d.]+ ", "", one) for one in below}


def test_every_page_but_the_first_has_its_section_and_number_on_top(pdf):
    places = [entry for group in pdf.outline for entry in (group if isinstance(group, list) else [group])]
    starts = {pdf.get_destination_page_number(entry): entry.title for entry in reversed(places)}
    for number, page in enumerate(pdf.pages[1:], 1):
        head = page.extract_text().replace("\u00a0", " ").splitlines()[0]
        assert head.startswith("Descent Audit")
        assert head.rstrip().endswith(str(number + 1))
        if number in starts:
            assert re.sub(r"^[\d.]+ ", "", starts[number]) in head


def test_figures_and_tables_are_numbered_and_referred_to(pdf):
    text = "\n".join(page.extract_text().replace("\u00a0", " ") for page in pdf.pages)
    tables = [int(number) for number in re.findall(r"^Table (\d+)\.", text, flags=re.MULTILINE)]
    assert tables == list(range(1, len(tables) + 1))
    shown = re.findall(r"Figure (\d+) shows what was measured, Table (\d+)", text)
    assert len(shown) == len(FEW_CLAIMS)
    for figure, table in shown:
        (claim,) = re.findall(rf"^Figure {figure}\. ([^.]+)\.", text, flags=re.MULTILINE)
        assert re.search(rf"^Table {table}\. {claim}: measured against predicted", text, flags=re.MULTILINE)


def test_table_repeats_its_header_on_the_next_page(pdf):
    heads = [page.extract_text().replace("\u00a0", " ").count("the text says") for page in pdf.pages]
    captions = [page.extract_text().replace("\u00a0", " ").count("What the text says:") for page in pdf.pages]
    assert any(head > caption for head, caption in zip(heads, captions, strict=True))


def test_nothing_leaves_the_text_block_of_a_page(source):
    pages = typst.compile(source.encode(), root="/", ignore_system_fonts=True, format="png", ppi=36)
    margin = 36 * 21 / 25.4
    for number, page in enumerate(pages, 1):
        ink = np.asarray(Image.open(io.BytesIO(page)).convert("L")) < 160
        columns = np.flatnonzero(ink.any(axis=0))
        if columns.size:
            assert columns[0] >= margin - 1, number
            assert columns[-1] <= ink.shape[1] - margin, number


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, r"cannot be read \(No such file or directory\)"),
        ("= Cut off", r"found no last line '// End of the report\.' \(truncated\); remove it and run again"),
        (f'#image("a.svg")\n{typeset.END}\n', r"cannot be typeset \(file not found \(searched at .*a\.svg\)\)"),
        (f"#let\n{typeset.END}\n", r"cannot be typeset \(expected pattern\)"),
    ],
)
def test_source_that_cannot_be_typeset_is_one_line_and_no_file(few_results, tmp_path, text, fault):
    results, output = shutil.copytree(few_results, tmp_path / "results"), tmp_path / "audit.pdf"
    source = results / "audit.typ"
    write_pages(results, reports(configured("smoke", FEW_CLAIMS))["paper"], {source: text or ""})
    if text is None:
        source.unlink()
    with pytest.raises(SystemExit) as stopped:
        typeset.main(["--scale", "smoke", "--results", str(results), "--output", str(output)])
    assert re.fullmatch(rf"{re.escape(str(source))}: {fault}", stopped.value.code)
    assert not output.exists()


def test_source_that_is_cut_anywhere_is_refused(few_results, tmp_path, source):
    assert source.endswith(f"{typeset.END}\n")
    results = shutil.copytree(few_results, tmp_path / "results")
    for length in (0, len(source) // 2, len(source) - 1):
        paper = {results / "audit.typ": source[:length]}
        write_pages(results, reports(configured("smoke", FEW_CLAIMS))["paper"], paper)
        with pytest.raises(SystemExit, match=r"\(truncated\)"):
            typeset.main(["--scale", "smoke", "--results", str(results), "--output", str(tmp_path / "audit.pdf")])


def test_source_names_its_figures_and_nothing_that_only_a_page_has(text, source):
    assert all(f"{name}.svg" in source for name in FEW_CLAIMS)
    assert "{=typst}" in text
    assert "{=html}" not in text


def test_workflow_writes_the_source_again_for_every_template_in_it():
    made_of = {Path(name).name for name in reports(configured("smoke", FEW_CLAIMS))["paper"].parts["files"]}
    prose = jinja2.Environment(comment_start_string="<#", comment_end_string="#>").parse(
        (content.TEMPLATES / content.PROSE).read_text()
    )
    named = {content.PROSE, *meta.find_referenced_templates(prose), *re.findall(r"'([\w.]+)'", getsource(paper))}
    read = {name for name in named if (content.TEMPLATES / name).is_file()}
    assert {"audit.md.jinja", "ledger.html.jinja", "audit.typ", "print.lua"} <= read
    assert read <= made_of
