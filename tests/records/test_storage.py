import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.measurement.observations import sample_steps
from descent_audit.records import storage
from descent_audit.records.storage import StorageError, parameter_point, plain
from descent_audit.results import csv_text, frame, read_sealed


@pytest.fixture
def results(tmp_path):
    text = csv_text(frame("observations", [{"claim": "a", "arm": "claim", "quantity": "q", "value": 1.5}]))
    storage.write_text(tmp_path / "observations" / "a.csv", text)
    storage.write_text(tmp_path / "seals" / "a.sha256", storage.seal_text({"observations/a.csv": text}))
    return tmp_path


def read(results):
    return read_sealed(results, "observations", "a")


def one_line_fault(results):
    with pytest.raises(StorageError) as caught:
        read(results)
    assert "\n" not in str(caught.value)
    assert "observations/a.csv" in str(caught.value)
    return str(caught.value)


def test_sealed_file_reads_back(results):
    assert read(results)["value"].tolist() == [1.5]


@pytest.mark.parametrize("kept", [0, 1, -1, -5])
def test_truncated_file_is_noticed(results, kept):
    path = results / "observations" / "a.csv"
    path.write_bytes(path.read_bytes()[:kept])
    assert "truncated" in (line := one_line_fault(results)) and "remove" in line


def test_file_cut_at_the_end_of_a_line_is_noticed(results):
    path = results / "observations" / "a.csv"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert "truncated" in one_line_fault(results)


def test_missing_file_and_missing_seal_are_noticed(results):
    (results / "seals" / "a.sha256").unlink()
    one_line_fault(results)
    (results / "observations" / "a.csv").unlink()
    one_line_fault(results)


def test_file_that_is_not_text_is_noticed(results):
    (results / "observations" / "a.csv").write_bytes(b"\xff\xfe\x00")
    (results / "seals" / "a.sha256").write_bytes(b"\xff\xfe\x00")
    one_line_fault(results)


def test_other_columns_are_noticed(results):
    text = "claim,arm\na,b\n"
    storage.write_text(results / "observations" / "a.csv", text)
    storage.write_text(results / "seals" / "a.sha256", storage.seal_text({"observations/a.csv": text}))
    assert "columns" in one_line_fault(results)


@pytest.mark.parametrize("call", ["open", "replace"])
def test_full_disk_is_one_line_and_loses_nothing(results, monkeypatch, call):
    path = results / "observations" / "a.csv"
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, call, full)
    with pytest.raises(StorageError, match=r"a\.csv: cannot be written \(No space left on device\)"):
        storage.write_text(path, "new")
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.part"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_to_the_last_bit(value):
    assert float(plain(value)) == value


def test_parameter_point_sorts_its_keys():
    assert parameter_point({"b": 1, "a": 0.1, "c": "x"}) == "a=0.1;b=1;c=x"


def test_parameter_point_has_one_name_whatever_the_last_digits_of_its_numbers():
    names = {parameter_point({"rate": rate}) for rate in (0.056234132519034905, 0.05623413251903491, 10**-1.25)}
    assert names == {"rate=0.056234132519"}
    assert (
        parameter_point({"scale": 1e300, "count": 10**17, "flag": True})
        == "count=100000000000000000;flag=true;scale=1e+300"
    )


@given(last=st.integers(0, 10**6), log=st.booleans())
def test_sampled_steps_are_few_and_include_both_ends(last, log):
    steps = sample_steps(last, 40, log=log)
    assert len(steps) <= 40
    assert steps[-1] == max(last, 1 if log else 0)
    assert steps[0] == (1 if log else 0)
