import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import clean_environment

from descent_audit.claims import sources


def names(paths):
    return {path.relative_to(sources.SOURCE).as_posix() for path in paths}


def modules_loaded_by(module):
    environment = {**clean_environment(), "PYTHONPATH": str(sources.SOURCE.parent)}
    command = [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"]
    return set(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split())


def annotation(text):
    return sources.Parameter("x", ast.parse(text, mode="eval").body, True)


@pytest.mark.parametrize(
    ("text", "value", "accepted"),
    [
        ("int", 3, True),
        ("int", 3.0, False),
        ("int", True, False),
        ("float", 3, True),
        ("float", 3.5, True),
        ("float", "3", False),
        ("float", False, False),
        ("str", "a", True),
        ("bool", True, True),
        ("bool", 1, False),
        ("list[int]", [1, 2], True),
        ("list[int]", [1, 2.5], False),
        ("list[list[float]]", [[1.0], [2, 3]], True),
        ("list[list[float]]", [1.0], False),
        ("float | None", None, True),
        ("float | None", "x", False),
        ("Literal['a', 'b']", "b", True),
        ("Literal['a', 'b']", "c", False),
        ("Literal['a']", "a", True),
    ],
)
def test_parameter_accepts_values_of_its_type(text, value, accepted):
    assert annotation(text).accepts(value) is accepted


def test_parameter_of_another_type_cannot_come_from_a_file():
    with pytest.raises(TypeError, match="dict"):
        annotation("dict").accepts({})


def test_closure_holds_what_python_really_imports():
    module = "descent_audit.experiments.gradient_descent.divergence"
    loaded = [name for name in modules_loaded_by(module) if name.startswith(sources.PACKAGE)]
    assert set(sources.import_closure([module])) == {sources.module_path(name) for name in loaded}


def test_closure_leaves_out_what_is_not_imported():
    found = names(sources.import_closure(["descent_audit.experiments.gradient_descent.divergence"]))
    assert {
        "experiments/gradient_descent/divergence.py",
        "landscapes/quadratic.py",
        "optimizers/gradient_descent.py",
    } <= found
    assert not {"judge.py", "figures/draw.py", "landscapes/huber.py"} & found


def test_imports_and_reports_are_those_of_the_syntax_tree():
    for path in sources.SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        imported = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        modules = {node.module for node in imported} | {
            f"{node.module}.{a.name}" for node in imported for a in node.names
        }
        modules |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        needed = {*filter(sources.module_path, modules), sources.PACKAGE}
        assert set(sources._needed(f"{sources.PACKAGE}.any", path)) == needed, path
        called = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "Observation"]
        literal = [node.args[0] for node in called if node.args and isinstance(node.args[0], ast.Constant)]
        assert sources.reported_quantities([path]) == {node.value for node in literal}, path


def test_import_over_several_lines_or_inside_of_a_function_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SOURCE", tmp_path / "descent_audit")
    sources.SOURCE.mkdir()
    files = {"one": "from descent_audit import (\n    two,  # and\n    three,\n)\n", "two": "", "three": "import os\n"}
    files |= {"four": "def late():\n    import descent_audit.one\n", "__init__": ""}
    for stem, text in files.items():
        (sources.SOURCE / f"{stem}.py").write_text(text)
    sources.module_path.cache_clear()
    try:
        found = {path.stem for path in sources.import_closure(["descent_audit.four"])}
    finally:
        sources.module_path.cache_clear()
    assert found == set(files)


@pytest.mark.parametrize("stage", ["observe", "judge", "tables", "figures", "gallery", "page", "paper", "manifest"])
def test_no_stage_imports_another(stage):
    stages = {"observe", "judge", "tables", "figures", "gallery", "page", "paper", "manifest"} - {stage}
    assert not {f"{other}.py" for other in stages} & names(sources.import_closure([f"descent_audit.{stage}"]))


@pytest.mark.parametrize("folder", ["experiments", "landscapes", "optimizers"])
def test_mathematics_imports_no_stage_and_no_configuration(folder):
    modules = [f"descent_audit.{folder}.{path.stem}" for path in (sources.SOURCE / folder).glob("*.py")]
    banned = {
        "catalogue.py",
        "observe.py",
        "judge.py",
        "tables.py",
        "figures.py",
        "report.py",
        "storage.py",
        "plan.py",
    }
    assert not banned & names(sources.import_closure(modules))


def test_simulation_imports_neither_hydra_nor_tables_nor_plotting():
    assert not {"hydra", "matplotlib", "omegaconf", "pandas", "scipy"} & modules_loaded_by(
        "descent_audit.stages.observe"
    )


def test_figures_import_no_plotting_before_there_is_something_to_draw():
    assert not {"matplotlib", "numpy"} & modules_loaded_by("descent_audit.figures.draw")


def test_code_digest_follows_the_content(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SOURCE", tmp_path)
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    before = sources.code_digest([path])
    assert sources.code_digest([path]) == before
    path.write_text("x = 2\n")
    assert sources.code_digest([path]) != before


@pytest.mark.parametrize("module", ["workflow.plan", "stages.tables", "report.gallery", "report.crate"])
def test_stage_that_computes_nothing_loads_no_array_library(module):
    assert not {"numpy", "scipy", "matplotlib", "hydra"} & modules_loaded_by(f"descent_audit.{module}")


PRODUCT = "import numpy as np; x = np.random.default_rng(1).standard_normal((65, 65)); print((x @ x).tobytes().hex())"


def product(kernels, code):
    """Return the bytes of a product of matrices, in a process that may be told which kernels to use."""
    environment = {**clean_environment(), "PYTHONPATH": str(sources.SOURCE.parent), "OPENBLAS_CORETYPE": kernels}
    environment = {name: value for name, value in environment.items() if value is not None}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(
    sys.platform != "linux" or " avx2 " not in Path("/proc/cpuinfo").read_text(), reason="needs Linux, AVX2"
)
@pytest.mark.parametrize(("asked", "used"), [(None, "Haswell"), ("Nehalem", "Nehalem")])
def test_package_multiplies_by_the_same_kernels_on_all_processors(asked, used):
    assert product(asked, f"import descent_audit; {PRODUCT}") == product(used, PRODUCT)
    assert product("Haswell", PRODUCT) != product("Nehalem", PRODUCT)
