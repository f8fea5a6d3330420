import json
import shutil
from pathlib import Path

import pytest
from conftest import tabled

from descent_audit.assurance import integrity
from descent_audit.claims.catalogue import ROOT
from descent_audit.records.storage import write_text

NAME = "quadratic_divergence_threshold"
FILE = f"config/claim/gradient_descent/{NAME}.yaml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return tabled(tmp_path_factory.mktemp("run") / "smoke", [NAME])


@pytest.fixture
def results(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "smoke"))


def edited_manifest(results, change):
    content = json.loads((results / "manifest.json").read_text())
    change(content)
    write_text(results / "manifest.json", json.dumps(content))


def printed(capsys, results):
    integrity.main(["--results", str(results)])
    return capsys.readouterr().out


def test_untouched_run_follows(capsys, results):
    assert "every table follows" in printed(capsys, results)


def test_no_run_is_no_fault(capsys, tmp_path):
    assert "no run is complete here" in printed(capsys, tmp_path)


@pytest.mark.parametrize("position", [-3, -40, 200])
def test_one_changed_digit_of_an_observation_is_named(capsys, results, position):
    table = results / "observations" / f"{NAME}.csv"
    content = bytearray(table.read_bytes())
    content[position] = ord("7") if content[position] != ord("7") else ord("8")
    table.write_bytes(content)
    with pytest.raises(SystemExit, match="1 tables are not what the run wrote"):
        integrity.main(["--results", str(results)])
    line = capsys.readouterr().out.strip()
    assert line.startswith(f"{table}: changed since the run wrote it")
    assert "checks.csv, verdicts.csv and statements.csv no longer follow" in line


@pytest.mark.parametrize("name", ["checks.csv", "coverage.csv", f"curves/{NAME}.csv"])
def test_removed_table_is_named(capsys, results, name):
    (results / name).unlink()
    with pytest.raises(SystemExit, match="not what the run wrote"):
        integrity.main(["--results", str(results)])
    assert f"{results / name}: missing" in capsys.readouterr().out


def test_parameter_edited_after_the_run_is_named_with_both_values(capsys, results):
    def edit(content):
        content["claims"][NAME]["config"]["claim"]["steps"] = [100, 999]

    edited_manifest(results, edit)
    line = f"{FILE}: claim.steps: [100, 999] -> [100, 1000]; observations/{NAME}.csv no longer"
    assert line in printed(capsys, results)


def test_expectation_and_seed_edited_after_the_run_are_named(capsys, results):
    edited_manifest(results, lambda content: content.update(seed=3) or content["claims"][NAME].update(expectations=""))
    text = printed(capsys, results)
    assert (
        f"config/claim/gradient_descent/{NAME}.yaml: expect: changed; the verdict of {NAME} no longer follows" in text
    )
    assert "config/config.yaml: seed: 3 -> " in text


@pytest.mark.parametrize(
    ("source", "follows"),
    [
        ("experiments/gradient_descent/divergence.py", f"observations/{NAME}.csv"),
        ("judge.py", "checks.csv and all verdicts"),
        ("stages/tables.py", "verdicts.csv, statements.csv"),
    ],
)
def test_source_edited_after_the_run_is_named_with_what_it_made(capsys, results, source, follows):
    edited_manifest(results, lambda content: content["sources"].update({source: "0" * 64}))
    lines = [line for line in printed(capsys, results).splitlines() if source in line]
    assert lines == [
        f"src/descent_audit/{source}: changed since the run; no longer follows from it: {follows}",
    ]
    assert (ROOT / "src" / "descent_audit" / source).is_file()
