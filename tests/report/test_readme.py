"""What the README shows of the results is what the reference says, and its pictures are what the pipeline draws."""

import csv
import io
import re

import numpy as np
import pytest
from conftest import PROJECT, simulated

from descent_audit.assurance import verify
from descent_audit.claims.catalogue import ConfigurationError, load_text
from descent_audit.figures import draw
from descent_audit.report import readme
from descent_audit.results import read

TEXT = (PROJECT / "README.md").read_text()
LEDGER = TEXT[TEXT.index(readme.START) : TEXT.index(readme.END)]
STATEMENTS = load_text().by_id()
KEPT = read(PROJECT / "reports" / "reference" / "statements.csv", verify.TABLES["statements"])
REFERENCE = dict(zip(KEPT["id"], KEPT["verdict"], strict=True))


def test_counts_are_those_of_the_reference():
    words, _, numbers = (re.findall(r"[^|]+", line) for line in LEDGER.splitlines()[1:4])
    shown = {
        " ".join(word.split()[-2:]).lstrip("✓◐✗– ").strip(): int(number)
        for word, number in zip(words, numbers, strict=True)
    }
    assert shown.pop("sentences") == len(REFERENCE) == len(STATEMENTS)
    assert sum(shown.values()) == len(REFERENCE)
    assert all(list(REFERENCE.values()).count(verdict) == number for verdict, number in shown.items())


def test_sentences_are_in_the_words_and_with_the_verdicts_of_the_project():
    found = re.findall(r"^- \*(.+?)\* \S ([a-z ]+)\. Better: (.+)$", LEDGER, flags=re.MULTILINE)
    assert len(found) == LEDGER.count("\n- ") == readme.LEADING
    by_words = {" ".join(one.says.split()): one for one in STATEMENTS.values()}
    for says, verdict, better in found:
        assert REFERENCE[by_words[says].id] == verdict != "supported"
        assert better.replace("\\<", "<") == " ".join(by_words[says].better.split())


@pytest.mark.parametrize("name", readme.FIGURES)
def test_picture_is_what_the_pipeline_draws_at_full_scale(tmp_path, name):
    draw.main(["--scale", "full", "--results", str(simulated(tmp_path, [name], "full")), "--claims", name])

    def outlines(text):
        return [np.array(re.findall(r"-?\d+\.?\d*", path), float) for path in re.findall(r' d="([^"]+)"', text)]

    fresh = outlines((tmp_path / "figures" / f"{name}.svg").read_text())
    shown = outlines((PROJECT / "docs" / f"{name}.svg").read_text())
    assert len(fresh) == len(shown)
    for one, other in zip(fresh, shown, strict=True):
        np.testing.assert_allclose(one, other, atol=0.05)
    assert f"docs/{name}.svg" in TEXT


def test_readme_without_its_marks_is_one_line():
    with pytest.raises(ConfigurationError, match="no place for the ledger"):
        readme.with_head("# Title\n", "text")


def test_only_what_stands_between_the_marks_is_written_again():
    before, after = "# Title\n\n", "\n\nThe end.\n"
    text = f"{before}{readme.START}\nold\n{readme.END}{after}"
    found = [{"says": "a *b*", "verdict": "refuted", "better": "c|d"}]
    written = readme.with_head(text, readme.head(["supported", "refuted", "refuted"], found))
    assert written.startswith(before + readme.START)
    assert written.endswith(readme.END + after)
    rows = list(csv.reader(io.StringIO(written.split("\n\n")[1]), delimiter="|"))
    assert [cell.strip() for cell in rows[3][1:-1]] == ["3", "1", "0", "2"]
    assert r"*a \*b\** ✗ refuted. Better: c\|d" in written
