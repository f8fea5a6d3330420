"""What the report says of faults and of speed."""

import json

import pytest

from descent_audit.records.storage import StorageError
from descent_audit.report import upkeep
from descent_audit.results import frame


def fault(outcome, *, source="generated", module="optimizers/adam.py", because="", seen_by=""):
    return {"seen_by": seen_by, "source": source, "module": module, "outcome": outcome, "because": because}


def test_faults_that_change_nothing_do_not_matter():
    rows = [
        fault(one) for one in ("noticed", "noticed", "unnoticed", "unexplained", "equivalent", "curves", "rounding")
    ]
    (counted,) = upkeep.fault_counts(frame("faults", rows)).to_dict("records")
    assert (counted["tried"], counted["matter"], counted["noticed"]) == (7, 4, 2)


def test_written_faults_come_first_and_folders_are_apart():
    rows = [fault("noticed"), fault("noticed", module="judge.py"), fault("noticed", source="written")]
    counted = upkeep.fault_counts(frame("faults", rows))
    assert counted["faults"].tolist() == [
        "written, optimizers",
        "generated, modules of their own",
        "generated, optimizers",
    ]


def test_reasons_are_counted_and_what_has_none_says_so():
    rows = [fault("unnoticed", because="One-sided."), fault("unnoticed", because="One-sided."), fault("unexplained")]
    rows = [*rows, fault("noticed", because="A reason for a noticed one.")]
    found = upkeep.reason_counts(frame("faults", rows))
    assert list(zip(found["row"], found["reason"], found["count"], strict=True)) == [
        ("1", "One-sided.", 2),
        ("2", "not explained", 1),
    ]


def measurements(platform="some", **tables):
    empty = {**dict.fromkeys(upkeep.MACHINE, ""), **{table: [] for table in upkeep.SPEED}}
    return json.dumps({**empty, "platform": platform, **tables})


def test_platforms_are_read_in_order(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(measurements(name))
    assert [one["platform"] for one in upkeep.speed(tmp_path)] == ["a", "b"]


def test_file_without_a_table_is_refused(tmp_path):
    (tmp_path / "a.json").write_text(measurements().replace('"stages"', '"stage"'))
    with pytest.raises(StorageError, match=r"a\.json: found no key 'stages', allowed: platform, .*, stages"):
        upkeep.speed(tmp_path)


def test_row_without_a_column_is_refused(tmp_path):
    (tmp_path / "a.json").write_text(measurements(growth=[{"what": "walkers"}]))
    with pytest.raises(StorageError, match=r"a\.json: growth\.1: found no 'against', allowed: what, against"):
        upkeep.speed(tmp_path)


def test_every_row_of_every_table_has_a_name_of_its_own(tmp_path):
    tables = {name: [dict.fromkeys(columns, value) for value in "ab"] for name, columns in upkeep.SPEED.items()}
    (tmp_path / "some.json").write_text(measurements(**tables))
    rows = upkeep.speed_rows(tmp_path)
    assert len({row["row"] for row in rows}) == 2 * len(upkeep.SPEED)
    assert (rows[1]["row"], rows[1]["median"]) == ("some whole 2", "b")


def test_verify_alone_sees_what_matters_and_no_verdict_notices():
    rows = [
        fault("noticed", seen_by="verdict"),
        fault("unnoticed", seen_by="verify"),
        fault("rounding", seen_by="verify"),
        fault("unnoticed"),
    ]
    assert upkeep.fault_counts(frame("faults", rows))["verify"].tolist() == [1]
