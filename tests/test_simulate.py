import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT, clean_environment, copy_project
from threadpoolctl import threadpool_info

from descent_audit.claims.catalogue import claim_names
from descent_audit.measurement.randomness import Streams
from descent_audit.stages.arms import blas_threads, simulate
from descent_audit.stages.recipes import configured

QUADRATIC = "quadratic_divergence_threshold"
CHOICE = f"gradient_descent/{QUADRATIC}"


def by_hand(folder, *overrides, module="simulate"):
    command = [sys.executable, "-m", f"descent_audit.{module}", *overrides]
    environment = {**clean_environment(), "PYTHONPATH": str(PROJECT / "src")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def fault(folder, *overrides):
    done = by_hand(folder, *overrides)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert not list(folder.rglob("*.csv"))
    return done.stderr


def record_of(folder):
    (record,) = folder.glob(f"made/{QUADRATIC}.*.json")
    return str(record.relative_to(folder))


def test_one_job_prints_and_writes_under_outputs(tmp_path):
    done = by_hand(tmp_path, f"claim={CHOICE}", "scale=smoke", "claim.experiment.growth_relative_rates=[2.5]")
    assert done.returncode == 0, done.stderr
    assert "measured" in done.stdout.splitlines()[0].split()
    (line,) = [line for line in done.stdout.splitlines() if line.split()[:2] == ["claim", "growth_factor"]]
    assert line.split()[-2:] == ["1.5", "1.5"]
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert written == [
        f"outputs/{part}"
        for part in (
            f"composed/{QUADRATIC}.json",
            f"curves/{QUADRATIC}.csv",
            record_of(tmp_path / "outputs"),
            f"observations/{QUADRATIC}.csv",
            f"seals/{QUADRATIC}.sha256",
        )
    ]


BLAS = "gradient_noise/escape_time_width_ratio"


def test_threads_of_the_machine_change_no_byte(tmp_path, monkeypatch):
    for count in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", count)
        assert by_hand(tmp_path, f"claim={BLAS}", "scale=smoke", f"output={count}").returncode == 0
    for path in (tmp_path / "1").rglob("*.*"):
        assert (tmp_path / "2" / path.relative_to(tmp_path / "1")).read_bytes() == path.read_bytes()


def test_threads_are_pinned_in_an_arm_and_as_before_after_it():
    def counts():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    before, environment = counts(), dict(os.environ)
    with blas_threads(1):
        assert counts() == {1}
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert counts() == before
    assert dict(os.environ) == environment


def test_a_rule_of_the_pipeline_runs_what_a_person_types(tmp_path):
    rules = (PROJECT / "workflow/rules/simulate.smk").read_text()
    *_, shell = re.findall(r'^ +shell:\n +"(.*)"\n +"(.*) >\{log\}', rules, re.M)
    typed = "".join(shell).replace("{params.choice}", CHOICE).replace("{params.scale}", "smoke")
    planned = configured("smoke", [QUADRATIC]).simulations[QUADRATIC].digest
    typed = typed.replace("{params.shards}", "1").replace("{params.planned}", planned)
    program, *overrides = typed.replace("{params.results}", "results").removeprefix("python -m descent_audit.").split()
    done = by_hand(tmp_path, *overrides, module=program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    by_hand(tmp_path, f"claim={CHOICE}", "scale=smoke")
    files = sorted(path.relative_to(tmp_path / "outputs") for path in (tmp_path / "outputs").rglob("*.*"))
    files.remove(Path("composed") / f"{QUADRATIC}.json")
    assert len(files) == 4
    for file in files:
        assert (tmp_path / "results" / file).read_bytes() == (tmp_path / "outputs" / file).read_bytes()


def test_list_without_an_entry_is_taken_where_the_experiment_can_do_without(tmp_path):
    claim = "claim=momentum/heavy_ball_wall_crossing"
    assert by_hand(tmp_path, claim, "scale=smoke", "claim.experiment.further_momentum=[]").returncode == 0
    (tmp_path / "other").mkdir()
    empty = fault(tmp_path / "other", claim, "scale=smoke", "claim.experiment.learning_rates=[]")
    assert "learning_rates: found [] (too short), allowed: at least 1" in empty


def test_override_outweighs_the_scale(tmp_path):
    by_hand(tmp_path, f"claim={CHOICE}", "scale=smoke", "claim.experiment.steps=[150]")
    with (tmp_path / "outputs" / "observations" / f"{QUADRATIC}.csv").open() as file:
        points = {
            row["at"] for row in csv.DictReader(file) if row["arm"] == "claim" and row["quantity"] == "threshold_ratio"
        }
    assert points == {"smoothness=3.0;steps=150"}


def test_sweep_writes_a_folder_for_each_job_and_one_table_of_all(tmp_path):
    for values in ("seed=1,2", "seed=3"):
        done = by_hand(tmp_path, "-m", f"claim={CHOICE}", "scale=smoke", "print=false", values, "output=out")
        assert done.returncode == 0, done.stderr
    first, second = sorted((tmp_path / "out" / "sweeps").iterdir())
    assert set(pd.read_csv(second / "sweep.csv")["job"]) == {0}
    gathered = dict(list(pd.read_csv(first / "sweep.csv").groupby("job")))
    assert set(gathered) == {0, 1}
    for number, table in gathered.items():
        written = pd.read_csv(first / str(number) / "observations" / f"{QUADRATIC}.csv")
        assert table["overrides"].str.contains(f"seed={number + 1};").all()
        assert table["value"].tolist() == written["value"].tolist()
    assert gathered[0]["value"].tolist() != gathered[1]["value"].tolist()


def test_sweep_that_names_no_claim_is_one_line(tmp_path):
    line = fault(tmp_path, "-m", "claim=glob(*)", "scale=smoke")
    assert "claim=glob(*)" in line
    assert "TOPIC/NAME" in line


def test_seal_can_be_checked_with_the_usual_tool(tmp_path):
    by_hand(tmp_path, f"claim={CHOICE}", "scale=smoke")
    seal = tmp_path / "outputs" / "seals" / f"{QUADRATIC}.sha256"
    done = subprocess.run(["sha256sum", "--check", str(seal)], cwd=tmp_path / "outputs", capture_output=True)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("claim.experiment.stepz=3", ["claim.experiment.stepz", "did you mean 'steps'"]),
        ("+claim.experiment.stepz=3", ["experiment.stepz", "did you mean 'steps'"]),
        ("claim.experiment.steps=[]", ["experiment.steps", "at least 1"]),
        ("claim.experiment.smoothness=[-1.0]", ["experiment.smoothness.0", "-1.0", "above 0"]),
        ("claim.experiment.smoothness=[nan]", ["experiment.smoothness.0", "nan", "finite"]),
        ("claim.experiment.steps=many", ["experiment.steps", "'many'", "list[int]"]),
        ("claim.experiment._target_=os.system", ["experiment._target_", "os.system"]),
        ("+claim.experiment.momentum=1.5", ["experiment.momentum", "1.5", "below 1"]),
        ("claim.experiment.start=here", ["experiment.start", "'here'", "Literal"]),
        ("claim.experiment.steps=[1", ["command line"]),
        ("claim.audits=[stable_rang]", ["claim.audits", "did you mean 'stable_range'"]),
        ("scale=smoky", ["did you mean 'smoke'"]),
        ("claim.experiment.growth_relative_rates=[1.0]", ["arm claim", "ValueError", "divergence.py", "fit together"]),
        ("seed=-1", ["seed", "-1"]),
        ("seed=1.5", ["seed", "1.5"]),
        ("output=${nothing}", ["nothing"]),
    ],
)
def test_wrong_override_is_one_line(tmp_path, override, parts):
    line = fault(tmp_path, f"claim={CHOICE}", *(["scale=smoke"] if "scale" not in override else []), override)
    assert line.startswith("command line: ")
    assert all(part in line for part in parts), line


def test_unknown_and_missing_claim_are_one_line(tmp_path):
    assert "did you mean" in fault(tmp_path, "claim=gradient_descent/quadratic_divergence_treshold")
    assert fault(tmp_path, f"claim={QUADRATIC}").endswith(f"found '{QUADRATIC}', allowed: {CHOICE}\n")
    assert "found none, allowed: claim=TOPIC/NAME" in fault(tmp_path)


def test_help_needs_no_claim(tmp_path):
    done = by_hand(tmp_path, "--help")
    assert done.returncode == 0
    assert "gradient_descent" in done.stdout
    assert not list(tmp_path.iterdir())


def test_verdict_is_printed(tmp_path):
    done = by_hand(tmp_path, "claim=gradient_descent/loss_half_factor", "scale=smoke")
    assert done.stdout.splitlines()[-1] == "loss_half_factor: supported"


def test_full_disk_is_one_line_and_keeps_the_old_result(tmp_path):
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", tmp_path]).returncode:
        pytest.skip("a small file system needs the right to mount one")
    try:
        old = tmp_path / "outputs" / "observations" / f"{QUADRATIC}.csv"
        old.parent.mkdir(parents=True)
        old.write_text("old")
        (tmp_path / "filler").write_bytes(b"x" * 20_000)
        done = by_hand(tmp_path, f"claim={CHOICE}", "scale=smoke", "print=false")
        assert done.returncode == 1
        assert "cannot be written (No space left on device)" in done.stderr
        assert done.stderr.count("\n") == 1
        assert not list(tmp_path.rglob("*.part"))
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_too_old_python_is_one_line():
    script = "import sys; sys.version_info = (3, 9, 2); import descent_audit"
    environment = {**clean_environment(), "PYTHONPATH": str(PROJECT / "src")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "descent_audit: found Python 3.9, allowed: 3.11 or newer\n"


def test_arms_and_claims_draw_from_streams_of_their_own():
    drawn = {
        tuple(Streams(*names).generator("cell").random(2))
        for names in ((1, "a", "claim"), (1, "a", "flat"), (1, "b", "claim"), (2, "a", "claim"))
    }
    assert len(drawn) == 4


def test_numpy_settings_are_left_as_they_were():
    before = np.geterr()
    simulate(QUADRATIC, [], 1)
    assert np.geterr() == before


def test_every_claim_is_known_by_its_stem():
    assert QUADRATIC in claim_names()


CARELESS = '''
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class HeavyBall:
    """Heavy ball as it is easily got wrong: the gradient is averaged with weight 1 - beta."""

    momentum: float

    def init(self, x):
        return np.zeros_like(x)

    def update(self, x, gradient, state, learning_rate):
        velocity = self.momentum * state - (1 - self.momentum) * learning_rate * gradient
        return x + velocity, velocity
'''


def judged_with(folder, rule):
    claim = "velocity_terminal_gain"
    done = by_hand(
        folder, f"claim=momentum/{claim}", "scale=smoke", "print=false", f"claim.experiment.optimizer={rule}"
    )
    assert done.returncode == 0, done.stderr
    done = by_hand(folder, "--scale", "smoke", "--results", "outputs", "--claims", claim, module="judge")
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "outputs" / "judgements.json").read_text())["claims"][claim]["verdict"]


def test_another_optimizer_is_put_in_place_without_touching_an_experiment(tmp_path, monkeypatch):
    folder = copy_project(tmp_path / "project", ["velocity_terminal_gain"])
    (folder / "src" / "descent_audit" / "optimizers" / "careless.py").write_text(CARELESS)
    monkeypatch.setattr("test_simulate.PROJECT", folder)
    assert judged_with(folder, "heavy_ball.HeavyBall") == "supported"
    assert judged_with(folder, "careless.HeavyBall") in ("refuted", "void")


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("heavy_ball.HeavyBal", ["'HeavyBal'", "did you mean 'HeavyBall'"]),
        ("nowhere.Rule", ["'nowhere.Rule'", "module.Class of descent_audit.optimizers"]),
        ("os.system", ["'os.system'", "text that matches"]),
        ("averaged_gradient.AveragedGradient", ["unexpected keyword argument 'momentum'"]),
    ],
)
def test_unknown_optimizer_is_one_line(tmp_path, rule, parts):
    line = fault(tmp_path, "claim=momentum/velocity_terminal_gain", "scale=smoke", f"claim.experiment.optimizer={rule}")
    assert line.startswith("command line: ")
    assert all(part in line for part in parts), line


SAMPLED = "noise_escape_probability"


def test_shards_by_hand_are_gathered_to_the_same_bytes(tmp_path):
    whole, split = tmp_path / "whole", tmp_path / "split"
    by_hand(PROJECT, f"claim=gradient_noise/{SAMPLED}", "scale=smoke", f"output={whole}")
    for shard in (1, 0):
        by_hand(
            PROJECT, f"claim=gradient_noise/{SAMPLED}", "scale=smoke", f"output={split}", "shards=2", f"shard={shard}"
        )
    by_hand(PROJECT, f"claim=gradient_noise/{SAMPLED}", "scale=smoke", f"output={split}", "shards=2")
    for table in ("observations", "curves"):
        name = f"{table}/{SAMPLED}.csv"
        assert (whole / name).read_bytes() == (split / name).read_bytes()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["shards=1000", "shard=0"], ["shards", "1000", "the blocks of"]),
        (["shards=0"], ["shards", "0", "a whole number from 1"]),
        (["shards=2", "shard=2"], ["shard", "2", "0 to 1"]),
        (["shards=2"], ["0_of_2.json", "cannot be read"]),
        (["claim.experiment.learning_rate=0.5"], ["learning_rate", "0.5"]),
        (["claim.experiment.steps=0"], ["steps", "0"]),
        (["claim.experiment.temperatures=[-0.1]"], ["temperatures", "-0.1"]),
    ],
)
def test_bad_sampling_is_one_line(tmp_path, overrides, words):
    text = fault(tmp_path, f"claim=gradient_noise/{SAMPLED}", "scale=smoke", "output=out", *overrides)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-40], lambda text: text.replace('"replicates":', '"replicates":1')]
)
def test_damaged_shard_is_one_line(tmp_path, damage):
    arguments = [f"claim=gradient_noise/{SAMPLED}", "scale=smoke", "output=out", "shards=2"]
    for shard in (0, 1):
        by_hand(tmp_path, *arguments, f"shard={shard}")
    (path,) = (tmp_path / "out" / "shards" / SAMPLED).glob("*/1_of_2.json")
    path.write_text(damage(path.read_text()))
    assert "1_of_2.json" in fault(tmp_path, *arguments)
