import json
import re
import shutil
import subprocess

import pytest
from conftest import PROJECT, tabled
from hypothesis import given
from hypothesis import strategies as st

from descent_audit import trace
from descent_audit.claims import identifiers
from descent_audit.claims.catalogue import root_seed
from descent_audit.figures import draw
from descent_audit.records.storage import seal_text, write_text
from descent_audit.report import upkeep
from descent_audit.results import load

NAME = "quadratic_divergence_threshold"
SAMPLED = "saddle_escape_noise"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return tabled(tmp_path_factory.mktemp("run") / "smoke", [NAME, SAMPLED])


def observations(results, name):
    lines = (results / "observations" / f"{name}.csv").read_text().splitlines()
    return [line.split(",") for line in lines[1:]]


def printed(capsys, results, identifier, *options):
    trace.main([identifier, "--results", str(results), *options])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [NAME, SAMPLED])
def test_number_is_traced_to_its_line_and_computed_again(capsys, results, name):
    index, (claim, arm, quantity, at, value, *_) = next(iter(enumerate(observations(results, name))))
    text = printed(
        capsys, results, f"{claim}/{arm}/{quantity}[{at}]" if at else f"{claim}/{arm}/{quantity}", "--recompute"
    )
    assert f"observations/{name}.csv, line {index + 2}; equal to its seal" in text
    assert re.search(rf"^value +{re.escape(value)}$", text, re.MULTILINE)
    assert f"recomputed: {value}, equal to the last bit" in text
    assert str(root_seed()) in text


def test_number_that_is_not_what_the_source_makes_is_refused(results, tmp_path):
    edited = tmp_path / "smoke"
    shutil.copytree(results, edited)
    claim, arm, quantity, at, value, *_ = observations(edited, NAME)[0]
    table = edited / "observations" / f"{NAME}.csv"
    write_text(table, table.read_text().replace(value, "0.125", 1))
    seal = edited / "seals" / f"{NAME}.sha256"
    names = [line[66:] for line in seal.read_text().splitlines()]
    write_text(seal, seal_text({name: (edited / name).read_text() for name in names}))
    with pytest.raises(SystemExit, match=rf"recomputed: found {re.escape(value)}, in the table: 0\.125"):
        trace.main([identifiers.observed(claim, arm, quantity, at), "--results", str(edited), "--recompute"])


def test_figure_and_count_are_traced(capsys, results):
    assert f"curves/{NAME}.csv" in printed(capsys, results, NAME)
    text = printed(capsys, results, "coverage.csv/all/statements")
    rows = load("coverage", results)
    assert f"value       {rows['statements'].iloc[-1]}" in re.sub(r"^value +", "value       ", text, flags=re.MULTILINE)
    assert f"line {len(rows) + 1}, column statements" in text


@pytest.mark.parametrize("identifier", ["faults.csv/written, optimizers/noticed", "survivors.csv/1/count"])
def test_faults_are_counted_in_the_committed_table(results, capsys, identifier):
    text = printed(capsys, results, identifier)
    assert int(re.search(r"^value +(\d+)$", text, re.MULTILINE)[1]) > 0
    assert "faults.csv" in text
    assert "make faults" in text


def test_speed_is_followed_to_its_platform(results, capsys, tmp_path, monkeypatch):
    tables = {name: [dict.fromkeys(columns, 0.625)] for name, columns in upkeep.SPEED.items()}
    write_text(tmp_path / "some.json", json.dumps({**dict.fromkeys(upkeep.MACHINE, ""), **tables}))
    monkeypatch.setattr(trace, "BENCHMARKS", tmp_path)
    text = printed(capsys, results, "speed.csv/some whole 1/median")
    assert "0.625" in text
    assert "make benchmark" in text


@pytest.mark.parametrize(
    ("identifier", "fault"),
    [
        ("nonsense/", "found 'nonsense/', allowed: claim/arm/quantity"),
        ("quadratic_divergence_treshold/claim/x", "did you mean 'quadratic_divergence_threshold'"),
        (f"{NAME}/clam/threshold_ratio", "arm: found unknown name 'clam' (did you mean 'claim'?)"),
        (f"{NAME}/claim/threshold_ration", "quantity: found unknown name 'threshold_ration'"),
        ("coverage.csv/Momentun/statements", "did you mean 'Momentum'"),
        ("coverage.csv/all/sentences", "column: found unknown name 'sentences'"),
        ("faults.csv/written, optimisers/tried", "did you mean 'written, optimizers'"),
        ("cover.csv/all/statements", "did you mean 'coverage.csv'"),
        ("loss_half_factor/claim/x", "allowed: quadratic_divergence_threshold, saddle_escape_noise"),
    ],
)
def test_unknown_identifier_is_one_line(results, identifier, fault):
    with pytest.raises(SystemExit, match=re.escape(fault)) as caught:
        trace.main([identifier, "--results", str(results)])
    assert "\n" not in str(caught.value.code)


def test_number_without_its_point_is_told_the_points(results):
    claim, arm, quantity, *_ = next(row for row in observations(results, NAME) if row[3])
    with pytest.raises(SystemExit) as stopped:
        trace.main([f"{claim}/{arm}/{quantity}", "--results", str(results)])
    points = {row[3] for row in observations(results, NAME) if row[1:3] == [arm, quantity]}
    assert f"found no point, allowed: {arm}/{quantity}[POINT] with POINT one of " in stopped.value.code
    assert all(point in stopped.value.code for point in points)


def test_run_at_another_scale_is_named_where_there_is_none_at_this_one(results):
    with pytest.raises(SystemExit) as stopped:
        trace.main([NAME, "--results", str(results.parent / "full")])
    assert stopped.value.code.endswith("found no finished run; there is a run at another scale: --scale smoke")
    with pytest.raises(SystemExit, match="found no finished run; run snakemake --cores all"):
        trace.main([NAME, "--results", str(results / "nowhere" / "full")])


def test_chain_shows_the_parameters_of_the_arm_that_is_asked_for(results, capsys):
    """Each parameter is that of the record, in which the arms differ."""
    made = json.loads(next((results / "made").glob(f"{NAME}.*")).read_text())
    told = {}
    for arm in made["arms"]:
        row = next(row for row in observations(results, NAME) if row[1] == arm)
        text = printed(capsys, results, identifiers.observed(*row[:4]))
        shown = dict(re.findall(r"^  (\w+) +(.+)$", text, re.MULTILINE))
        assert shown == {key: str(value) for key, value in made["arms"][arm].items() if key != "_target_"}
        assert made["code"] in text and str(made["seed"]) in text
        told[arm] = shown
    assert len({str(shown) for shown in told.values()}) == len(made["arms"])


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
POINTS = st.lists(st.tuples(NAMES, st.from_regex(r"[a-z0-9.+-]{1,6}", fullmatch=True)), max_size=3)


@given(NAMES, NAMES, NAMES, POINTS)
def test_identifier_comes_back(claim, arm, quantity, point):
    at = ";".join("=".join(pair) for pair in point)
    text = identifiers.observed(claim, arm, quantity, at)
    assert identifiers.parse(text) == identifiers.Observed(claim, arm, quantity, at)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_page_reads_identifiers_as_the_command_does():
    texts = ["a_b/claim/q1[x=0.5;y=b]", "a_b/odd/q1", "coverage.csv/Gradient noise/audited", "a_b"]
    code = (
        'import {parts, chain} from "./reports/provenance.mjs";'
        f"const ids = {json.dumps(texts)};"
        'const made = {file: "config/claim/t/a_b.yaml", parameters: "c", code: "d"};'
        'const page = {scale: "smoke", seed: 5, origins: {a_b: made}};'
        "console.log(JSON.stringify(ids.map((id) => [parts(id), Object.fromEntries(chain(id, page))])))"
    )
    command = ["node", "--input-type=module", "--eval", code]
    found = json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, text=True).stdout)
    for text, (parts, chain) in zip(texts, found, strict=True):
        kind = type(identifiers.parse(text)).__name__.lower()
        assert parts == {"kind": kind, **vars(identifiers.parse(text))}
        assert chain["trace"].startswith("python -m descent_audit.trace --scale smoke ")
    assert found[0][1]["recompute"] == f"python -m descent_audit.trace --scale smoke --recompute '{texts[0]}'"
    assert found[1][1]["sha256 of the code"] == "d"
    assert (found[1][1]["parameters"], found[1][1]["sha256 of them"]) == ("config/claim/t/a_b.yaml", "c")


def test_recomputing_a_figure_forgets_what_is_kept_of_it(results, capsys):
    draw.main(["--scale", "smoke", "--results", str(results), "--claims", NAME])
    kept = results / "kept" / "figures"
    assert {path.name for path in kept.iterdir()} == {f"{NAME}.svg"}
    forget, _, again = re.search(r"^recompute +(.+)$", printed(capsys, results, NAME), re.MULTILINE)[1].partition(
        " && "
    )
    assert again.startswith("snakemake ")
    subprocess.run(forget, shell=True, check=True)
    assert not list(kept.iterdir())


def test_speed_that_nobody_measured_is_one_line(results, tmp_path, monkeypatch):
    monkeypatch.setattr(trace, "BENCHMARKS", tmp_path)
    with pytest.raises(SystemExit, match=r"found no rows for speed\.csv, allowed: .*make benchmark"):
        trace.main(["speed.csv/some whole 1/median", "--results", str(results)])
