"""Tables as typed frames: what is written is read back, byte for byte, and what is none is one line."""

import csv
import doctest
import io
import json
import math
import struct

import pandas as pd
import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from descent_audit import results
from descent_audit.claims.validation import ConfigurationError
from descent_audit.records.storage import StorageError, seal_text, write_text

ODD = ["", "NA", "nan", "null", "None", "true", "1e5", "a,b", 'say "so"', "two\nlines", " spaces ", "κ ≥ 1", "-", "#"]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20))
NUMBERS = st.one_of(st.just(math.nan), st.floats(allow_nan=False, allow_infinity=True))
CELLS = {
    results.TEXT: TEXTS,
    results.NUMBER: NUMBERS,
    results.COUNT: st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    results.FLAG: st.one_of(st.none(), st.booleans()),
}


@pytest.mark.parametrize("table", list(results.TABLES))
@given(data=st.data())
def test_table_is_read_back_as_it_was_and_written_again_to_the_same_bytes(table, data):
    columns = {name: CELLS[kind] for name, kind in results.TABLES[table].items()}
    rows = data.draw(st.lists(st.fixed_dictionaries(columns), max_size=4))
    made = results.frame(table, rows)
    text = results.csv_text(made)
    read = results.parsed(text, table, "a.csv")
    pd.testing.assert_frame_equal(read, made)
    assert results.csv_text(read) == text
    for row, plain in zip(rows, csv.DictReader(io.StringIO(text, newline="")), strict=True):
        for name, cell in plain.items():
            assert cell == expected_cell(row[name]), name


def expected_cell(value):
    """Return a cell as Python itself writes it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@given(bits=st.integers(0, 2**64 - 1))
def test_parser_loses_no_bit_of_a_number(bits):
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    if math.isfinite(value):
        text = results.csv_text(results.frame("curves", [{"x": value}]))
        read = results.parsed(text, "curves", "a.csv")["x"][0]
        assert struct.pack("<d", read) == struct.pack("<d", value)


def test_examples_in_the_documentation_hold():
    tried = doctest.testmod(results)
    assert tried.attempted >= 4
    assert not tried.failed


@pytest.mark.parametrize("path", sorted((PROJECT / "reports" / "reference").glob("*.csv")), ids=lambda path: path.stem)
def test_committed_table_is_written_again_to_the_same_bytes(path):
    text = path.read_text()
    assert results.csv_text(results.read(path, text.split("\n")[0].split(","))) == text


@pytest.fixture
def run(tmp_path):
    """Return the results of two claims, each with one observation."""
    for name, value in (("one", 0.5), ("two", math.nan)):
        row = {"claim": name, "arm": "claim", "quantity": "q", "at": "rate=0.5;exact=true", "value": value}
        text = results.csv_text(results.frame("observations", [row]))
        write_text(tmp_path / "observations" / f"{name}.csv", text)
        write_text(tmp_path / "seals" / f"{name}.sha256", seal_text({f"observations/{name}.csv": text}))
    verdicts = [{"claim": "one", "verdict": "supported", "control_failed": True}, {"claim": "two", "verdict": "void"}]
    write_text(tmp_path / "verdicts.csv", results.csv_text(results.frame("verdicts", verdicts)))
    return tmp_path


def test_a_notebook_starts_with_two_lines(run):
    table = results.points(results.load("observations", run))
    assert table["claim"].tolist() == ["one", "two"]
    assert table["rate"].tolist() == [0.5, 0.5]
    assert table["exact"].tolist() == [True, True]
    assert "at" not in table


def test_table_of_some_claims(run):
    assert results.load("observations", run, "two")["claim"].tolist() == ["two"]
    assert results.load("verdicts", run, ["one"])["control_failed"].tolist() == [True]
    assert results.load("verdicts", str(run))["control_failed"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("table", "claims", "parts"),
    [
        ("observation", None, ["load: table", "did you mean 'observations'"]),
        ("stability", None, ["load: table", "'stability'"]),
        ("observations", "oen", ["load: claims", "did you mean 'one'"]),
        ("verdicts", ["three"], ["load: claims", "'three'", "one, two"]),
    ],
)
def test_unknown_name_is_one_line(run, table, claims, parts):
    with pytest.raises(ConfigurationError) as caught:
        results.load(table, run, claims)
    assert all(part in str(caught.value) for part in parts)


@pytest.mark.parametrize("table", ["curves", "checks"])
def test_missing_table_is_one_line(run, table):
    with pytest.raises(StorageError, match=table) as caught:
        results.load(table, run)
    assert "\n" not in str(caught.value)


def test_edited_table_is_refused(run):
    path = run / "observations" / "one.csv"
    path.write_text(path.read_text().replace("0.5,", "0.6,"))
    with pytest.raises(StorageError, match=r"one\.csv: found .* differ from the seal"):
        results.load("observations", run)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("claim,verdict\n", "found columns claim, verdict, allowed: claim, section"),
        ("", "no table of verdicts"),
        ("{}", "columns"),
    ],
)
def test_other_columns_are_one_line(tmp_path, text, part):
    (tmp_path / "verdicts.csv").write_text(text)
    with pytest.raises(StorageError, match=part) as caught:
        results.load("verdicts", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("column", "cell"), [("worst_margin", "many"), ("control_failed", "maybe")])
def test_cell_of_another_type_is_one_line(tmp_path, column, cell):
    columns = list(results.TABLES["verdicts"])
    cells = [cell if name == column else "" for name in columns]
    (tmp_path / "verdicts.csv").write_text(f"{','.join(columns)}\n{','.join(cells)}\n")
    with pytest.raises(StorageError, match=r"verdicts\.csv: found no table of verdicts") as caught:
        results.load("verdicts", tmp_path)
    assert "\n" not in str(caught.value)


def test_points_keep_what_is_no_number_as_text():
    table = pd.DataFrame({"at": ["n=1;by=hand", "n=2;by=7", ""]})
    found = results.points(table)
    assert found["by"].tolist()[:2] == ["hand", "7"]
    assert found["n"].dropna().tolist() == [1, 2]
    assert json.loads(found["n"].to_json())["2"] is None
