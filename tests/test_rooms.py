"""The rooms of the package: which way imports may point, as import-linter holds it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, clean_environment

LAYERS, BY_NAME, JOBS = (
    "Imports point one way through the rooms",
    "Experiments are loaded by the names in claim files alone",
    "What one job runs, no other runs",
)


@pytest.fixture
def tree(tmp_path) -> Path:
    """Return a copy of the package and of the contracts."""
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def broken_contracts(tree: Path) -> set[str]:
    """Return the contracts that the imports of a tree break; it is left without a cache."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**clean_environment(), "PYTHONPATH": str(tree / "src"), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    plain = re.sub(r"\x1b\[\d*m", "", done.stdout)
    broken = {name for name in (LAYERS, BY_NAME, JOBS) if f"{name} BROKEN" in plain}
    assert (done.returncode == 0) == (not broken)
    assert {path.name for path in tree.iterdir()} == {"src", "pyproject.toml"}
    return broken


def test_imports_keep_all_contracts(tree):
    assert broken_contracts(tree) == set()


@pytest.mark.parametrize(
    ("file", "text", "contract"),
    [
        ("optimizers/adam.py", "import descent_audit.landscapes.quadratic", LAYERS),
        ("measurement/cells.py", "from descent_audit.numerics import bisection", LAYERS),
        ("dynamics/langevin.py", "def late():\n    from descent_audit.theory import beta_law", LAYERS),
        ("landscapes/wall.py", "from descent_audit.claims.validation import fault", LAYERS),
        ("experiments/momentum/__init__.py", "from descent_audit import judge", LAYERS),
        ("figures/styles.py", "from descent_audit.report.wording import title", LAYERS),
        ("records/storage.py", "from descent_audit.stages.programs import program", LAYERS),
        ("annexe/__init__.py", "", LAYERS),
        ("stages/arms.py", "from descent_audit.experiments.gradient_descent import divergence", BY_NAME),
        ("claims/sources.py", "def late():\n    import descent_audit.experiments.momentum", BY_NAME),
        ("stages/tables.py", "from descent_audit.stages.observe import observe", JOBS),
        ("report/content.py", "def late():\n    from descent_audit.stages import tables", JOBS),
    ],
)
def test_import_that_points_the_wrong_way_is_noticed(tree, file, text, contract):
    path = tree / "src" / "descent_audit" / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as module:
        module.write(f"\n{text}\n")
    assert broken_contracts(tree) == {contract}
