import json

import pytest

from descent_audit.assurance import verify
from descent_audit.records.storage import StorageError, seal_text, write_text
from descent_audit.results import csv_text, frame

CHECK = {"claim": "a", "arm": "claim", "quantity": "q", "at": "n=1", "relation": "close", "tolerance": 0.1}
OBSERVATION = {"claim": "a", "arm": "claim", "quantity": "q", "at": "n=1", "replicates": 1}
ENVIRONMENT = {"scale": "full", "packages": {"numpy": "2"}, "platform": {"system": "Linux"}, "kernels": {}}


CURVE = {"claim": "a", "arm": "claim", "panel": "p", "series": "s", "role": "predicted", "x": 1.0, "y": 2.0}


def written(
    folder, *, value=1.0, met=True, verdict="supported", environment=ENVIRONMENT, shown=(), cells=(), curve=(), **check
):
    tables = {
        "verdicts": [{"claim": "a", "verdict": verdict, "section": "One", **dict(cells).get("verdicts", {})}],
        "statements": [{"id": "s", "verdict": verdict, **dict(cells).get("statements", {})}],
        "coverage": [{"section": "all", "statements": 1, **dict(cells).get("coverage", {})}],
        "checks": [{**CHECK, "value": value, "met": met, **check}],
    }
    observed = {**OBSERVATION, "value": value, "at": check.get("at", "n=1")}
    text = csv_text(frame("observations", [{**observed, **one} for one in ({}, *shown)]))
    points = csv_text(frame("curves", [{**CURVE, **one} for one in ({}, *curve)]))
    contents = {"observations/a.csv": text, "curves/a.csv": points}
    for name, content in contents.items():
        write_text(folder / name, content)
    write_text(folder / "seals" / "a.sha256", seal_text(contents))
    for name, rows in tables.items():
        write_text(folder / f"{name}.csv", csv_text(frame(name, rows)))
    write_text(folder / "manifest.json", json.dumps({**environment, "more": 1}))
    return folder


@pytest.fixture
def reference(tmp_path):
    verify.update(written(tmp_path / "first"), tmp_path / "reference")
    return tmp_path / "reference"


def outcome(capsys, reference, results):
    with pytest.raises(SystemExit) as ended:
        verify.main(["--results", str(results), "--reference", str(reference)])
    return ended.value.code, capsys.readouterr().out


def test_same_run_changes_nothing(capsys, reference, tmp_path):
    code, text = outcome(capsys, reference, written(tmp_path / "new"))
    assert code == 0
    assert "bit for bit" in text


def test_last_digit_is_a_drift_on_the_same_platform(capsys, reference, tmp_path):
    code, text = outcome(capsys, reference, written(tmp_path / "new", value=1.0000000000000002))
    assert code == 1
    assert "1.0 -> 1.0000000000000002 (tolerance 0.1)" in text


@pytest.mark.parametrize("change", [{"platform": {"system": "Darwin"}}, {"kernels": {"openblas": "Nehalem"}}])
@pytest.mark.parametrize(("value", "code"), [(1.05, 0), (1.2, 1)])
def test_number_may_move_within_its_tolerance_on_another_platform(capsys, reference, tmp_path, value, code, change):
    other = {**ENVIRONMENT, **change}
    found, text = outcome(capsys, reference, written(tmp_path / "new", value=value, environment=other))
    assert found == code
    assert "within tolerances" in text


def test_bounded_number_may_move_on_its_side_of_the_bound_alone(capsys, tmp_path):
    bounded = {"relation": "at_most", "tolerance": 5.0}
    verify.update(written(tmp_path / "first", **bounded), tmp_path / "reference")
    other = {**ENVIRONMENT, "packages": {"numpy": "3"}}
    moved = written(tmp_path / "moved", value=4.0, environment=other, **bounded)
    assert outcome(capsys, tmp_path / "reference", moved)[0] == 0
    crossed = written(tmp_path / "crossed", value=6.0, met=False, environment=other, **bounded)
    assert outcome(capsys, tmp_path / "reference", crossed)[0] == 1


@pytest.mark.parametrize("key", ["kernels", "packages"])
def test_manifest_of_another_version_is_one_line(reference, tmp_path, key):
    old = {name: value for name, value in ENVIRONMENT.items() if name != key}
    found = written(tmp_path / "old", environment=old)
    with pytest.raises(SystemExit, match=rf"^manifest\.json: found no key '{key}', allowed: .*run again$"):
        verify.main(["--results", str(found), "--reference", str(reference)])


SHOWN = {"quantity": "shown", "value": 2.0, "predicted": 2.5}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"value": 2.0000000000000004}, "a claim shown n=1, value: 2.0 -> 2.0000000000000004"),
        ({"predicted": 2.6}, "a claim shown n=1, predicted: 2.5 -> 2.6"),
        ({"standard_error": 0.1}, "a claim shown n=1, standard_error: none -> 0.1"),
        ({"replicates": 3}, "a claim shown n=1, replicates: 1 -> 3"),
        ({"at": "n=7"}, "a claim shown n=1: gone"),
    ],
)
def test_what_no_expectation_compares_is_held_to_the_last_bit_on_the_same_platform_alone(
    capsys, tmp_path, change, line
):
    verify.update(written(tmp_path / "first", shown=[SHOWN]), tmp_path / "reference")
    new = written(tmp_path / "new", shown=[{**SHOWN, **change}])
    code, text = outcome(capsys, tmp_path / "reference", new)
    assert code == 1
    assert line in text
    other = written(tmp_path / "other", shown=[{**SHOWN, **change}], environment={**ENVIRONMENT, "packages": {}})
    assert outcome(capsys, tmp_path / "reference", other)[0] == 0


@pytest.mark.parametrize(
    ("change", "line", "elsewhere"),
    [
        ({"verdicts": {"section": "Two"}}, "verdicts: a, section: One -> Two", True),
        ({"verdicts": {"control_failed": True}}, "verdicts: a, control_failed: none -> true", True),
        ({"verdicts": {"worst_quantity": "q"}}, "verdicts: a, worst_quantity:  -> q", False),
        ({"statements": {"limits": "a/odd"}}, "statements: s, limits:  -> a/odd", True),
        ({"coverage": {"statements": 2}}, "coverage: all, statements: 1 -> 2", True),
    ],
)
def test_every_cell_of_the_tables_that_people_read_is_compared(capsys, reference, tmp_path, change, line, elsewhere):
    code, text = outcome(capsys, reference, written(tmp_path / "new", cells=tuple(change.items())))
    assert code == 1
    assert line in text
    other = written(tmp_path / "other", cells=tuple(change.items()), environment={**ENVIRONMENT, "packages": {}})
    assert outcome(capsys, reference, other)[0] == elsewhere


@pytest.mark.parametrize(
    ("point", "line", "elsewhere"),
    [
        ({"y": 2.5}, "a claim p s predicted, points: 1 -> 2", True),
        ({"series": "t"}, "a claim p t predicted: new", True),
        ({"arm": "other"}, "a other p s predicted: new", True),
    ],
)
def test_curve_with_another_point_or_of_another_arm_is_told(capsys, reference, tmp_path, point, line, elsewhere):
    code, text = outcome(capsys, reference, written(tmp_path / "new", curve=[point]))
    assert code == 1
    assert line in text
    other = written(tmp_path / "other", curve=[point], environment={**ENVIRONMENT, "packages": {}})
    assert outcome(capsys, reference, other)[0] == elsewhere


def test_line_in_another_place_is_told_on_the_same_platform(capsys, tmp_path):
    verify.update(written(tmp_path / "first", curve=[{"x": 2.0, "y": 3.0}]), tmp_path / "reference")
    moved = written(tmp_path / "moved", curve=[{"x": 2.0, "y": 3.0000000000000004}])
    code, text = outcome(capsys, tmp_path / "reference", moved)
    assert code == 1
    assert "a claim p s predicted, sha256: " in text
    other = written(tmp_path / "other", curve=[{"x": 2.0, "y": 3.1}], environment={**ENVIRONMENT, "packages": {}})
    assert outcome(capsys, tmp_path / "reference", other)[0] == 0


def test_value_that_is_compared_is_named_once(capsys, reference, tmp_path):
    _, text = outcome(capsys, reference, written(tmp_path / "new", value=1.5, met=False))
    assert text.count("1.0 -> 1.5") == 1


def test_verdict_comes_first(capsys, reference, tmp_path):
    code, text = outcome(capsys, reference, written(tmp_path / "new", value=3.0, met=False, verdict="refuted"))
    assert code == 1
    assert text.index("a: supported -> refuted") < text.index("a claim q")


def test_number_that_is_gone_or_new_is_named(capsys, reference, tmp_path):
    _, text = outcome(capsys, reference, written(tmp_path / "new", at="n=2"))
    assert "n=1 close: gone" in text
    assert "n=2 close: new" in text


def test_missing_table_is_one_line(reference, tmp_path):
    with pytest.raises(SystemExit, match="cannot be read"):
        verify.main(["--results", str(tmp_path / "nowhere"), "--reference", str(reference)])
    with pytest.raises(StorageError):
        verify.update(tmp_path / "nowhere", tmp_path / "other")


def test_new_reference_is_written_with_what_changed_into_the_changelog(reference, tmp_path):
    changelog = tmp_path / "CHANGELOG.md"
    write_text(changelog, "# Changelog\n\nHead.\n\n## 2001-02-03\n\nOld.\n")
    new = written(tmp_path / "new", value=3.0, met=False, verdict="refuted")
    command = ["--results", str(new), "--reference", str(reference), "--changelog", str(changelog), "--update"]
    with pytest.raises(SystemExit) as ended:
        verify.main(command)
    text = changelog.read_text()
    assert ended.value.code == 0
    assert text.startswith("# Changelog\n\nHead.\n\n## 20") and text.endswith("\n## 2001-02-03\n\nOld.\n")
    assert "  - a: supported -> refuted\n" in text
    assert "  - a claim q n=1 close: 1.0 -> 3.0 (tolerance 0.1)\n" in text
    with pytest.raises(SystemExit):
        verify.main(command)
    assert changelog.read_text() == text


def test_first_reference_is_written_without_one_to_compare_with(capsys, tmp_path):
    run = written(tmp_path / "run")
    verify.main(["--results", str(run), "--reference", str(tmp_path / "reference"), "--update"])
    assert "a new reference" in capsys.readouterr().out
    assert outcome(capsys, tmp_path / "reference", run)[0] == 0


def test_reference_stays_where_the_changelog_is_missing(reference, tmp_path):
    before = (reference / "checks.csv").read_text()
    command = ["--results", str(written(tmp_path / "new", value=1.5)), "--reference", str(reference), "--update"]
    with pytest.raises(SystemExit, match=r"nowhere\.md: cannot be read"):
        verify.main([*command, "--changelog", str(tmp_path / "nowhere.md")])
    assert (reference / "checks.csv").read_text() == before


def test_entry_joins_the_heading_of_its_day():
    assert verify.with_entry("# C\n\n## 2001-02-03\n\n- a\n", "2001-02-03", ["- b"]) == (
        "# C\n\n## 2001-02-03\n\n- b\n\n- a\n"
    )


def test_long_lists_are_counted_in_the_changelog():
    entry = verify.changelog_entry({"Numbers": [f"n{i}" for i in range(50)], "Verdicts": []})
    assert len(entry) == verify.LISTED + 2
    assert entry[-1] == f"  - and {50 - verify.LISTED} more"
