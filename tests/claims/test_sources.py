import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import PROJECT, QUADRATIC, clean_environment, copy_project

from descent_audit.claims import sources
from descent_audit.claims.catalogue import ConfigurationError, load_claims
from descent_audit.claims.claims import SCALES

DIVERGENCE = "descent_audit.experiments.gradient_descent.divergence"


def ask(code: str, source: Path, folder: Path) -> object:
    """Return what a piece of Python prints as JSON, where the package is on the path alone and nothing is installed."""
    environment = {**clean_environment(), "PYTHONPATH": str(source)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def modules_loaded_by(module: str, folder: Path) -> set[str]:
    return set(ask(f"import {module}, json, sys; print(json.dumps([*sys.modules]))", PROJECT / "src", folder))


def file_of(module: str) -> Path | None:
    stem = sources.SOURCE.parent.joinpath(*module.split("."))
    return next((path for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()), None)


def imported_by(path: Path) -> set[str]:
    """Return the names that a file imports, at its top or in a function, whether they are modules or in one."""
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    from_nodes = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    named = {f"{node.module}.{one.name}" for node in from_nodes for one in node.names}
    return named | {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}


def with_parents(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}


def walked(module: str, imports: Mapping[Path, set[str]], seen: set[Path]) -> set[Path]:
    """Add the files that a module needs, the packages that it lies in among them, to those that were seen."""
    for path in filter(None, map(file_of, with_parents(module))):
        if path not in seen:
            seen.add(path)
            for needed in imports[path]:
                walked(needed, imports, seen)
    return seen


ALL_MODULES = [
    ".".join(path.relative_to(PROJECT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(sources.SOURCE.rglob("*.py"))
]


def test_closure_of_every_module_is_that_of_its_syntax_tree():
    imports = {path: imported_by(path) for path in sources.SOURCE.rglob("*.py")}
    for module in ALL_MODULES:
        assert set(sources.import_closure([module])) == walked(module, imports, set()), module


@pytest.mark.parametrize("module", [DIVERGENCE, "descent_audit.claims.catalogue", "descent_audit.judge"])
def test_closure_holds_what_python_really_imports(module, tmp_path):
    loaded = {file_of(name) for name in modules_loaded_by(module, tmp_path) if name.startswith(sources.PACKAGE)}
    assert loaded == set(sources.import_closure([module]))


def test_closure_leaves_out_what_is_not_imported():
    found = {path.relative_to(sources.SOURCE).as_posix() for path in sources.import_closure([DIVERGENCE])}
    assert {"experiments/gradient_descent/divergence.py", "landscapes/quadratic.py", "__init__.py"} <= found
    assert not {"judge.py", "figures/draw.py", "landscapes/huber.py"} & found


def test_closure_of_what_is_no_module_of_this_package_is_empty():
    assert sources.import_closure(["numpy", "descent_audit.nowhere", ""]) == ()


def test_what_is_reported_is_what_the_syntax_tree_calls():
    for path in sources.SOURCE.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text()))
        called = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "Observation"]
        literal = [node.args[0] for node in called if node.args and isinstance(node.args[0], ast.Constant)]
        assert sources.reported_quantities([path]) == {node.value for node in literal}, path


@pytest.fixture(scope="module")
def bent(tmp_path_factory) -> Path:
    """Return a copy of the package with modules of many kinds in a topic of their own, ``experiments/bent``."""
    source = tmp_path_factory.mktemp("bent") / "src"
    shutil.copytree(sources.SOURCE, source / "descent_audit", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in {**SOUND, **BROKEN}.items():
        path = source / "descent_audit" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    return source


SOUND = {
    "experiments/bent/__init__.py": "import descent_audit.numerics.of_the_package\n",
    "experiments/bent/lazy.py": "def late(*, steps: int):\n    import descent_audit.numerics.one\n",
    "experiments/bent/quoted.py": "def late(*, steps: 'int', rates: 'list[float]'):\n    pass\n",
    "experiments/loose/late.py": "def late(*, steps: int):\n    pass\n",
    "numerics/of_the_package.py": "",
    "numerics/one.py": "from descent_audit.numerics import (\n    two,  # and\n    three,\n)\n",
    "numerics/two.py": "",
    "numerics/three.py": "import os\n",
}
BROKEN = {
    "experiments/bent/no_python.py": "import numpy\n\ndef late(:\n    pass\n",
    "experiments/bent/no_text.py": "SIGN = '\xff'\n",
    "experiments/bent/no_code.py": "SIGN = '\0'\n",
    "experiments/bent/raising.py": "def late():\n    pass\n\nraise RuntimeError('over\\ntwo lines')\n",
    "experiments/bent/lacking.py": "\nimport descent_audit.numerics.nowhere\n",
    "experiments/bent/misspelt.py": "from descent_audit.numerics.bisection import bisekt\n",
    "experiments/bent/above.py": "from descent_audit.numerics import fallen\n\n\ndef late():\n    pass\n",
    "experiments/bent/untold.py": "def late(*, steps: 'Nothing'):\n    pass\n",
    "numerics/fallen.py": "ONE = 1\nTWO = ONE / 0\n",
}
ERRORS = {
    "no_python": ("bent/no_python.py: line 3: found SyntaxError (invalid syntax)",),
    "no_text": ("bent/no_text.py: line 1: found SyntaxError (", "utf-8"),
    "no_code": ("bent/no_code.py: line 1: found ", "null bytes"),
    "raising": ("bent/raising.py: line 4: found RuntimeError (over two lines)",),
    "lacking": ("bent/lacking.py: line 2: found ModuleNotFoundError (", "numerics.nowhere"),
    "misspelt": ("bent/misspelt.py: line 1: found ImportError (", "bisekt"),
    "above": ("src/descent_audit/numerics/fallen.py: line 2: found ZeroDivisionError (division by zero)",),
    "untold": ("bent/untold.py: line 1: found NameError (", "Nothing"),
}
NAMES = """
import json
from descent_audit.claims import sources
from descent_audit.claims.validation import ConfigurationError
def names(modules):
    return [path.relative_to(sources.SOURCE).as_posix() for path in sources.import_closure(modules)]
"""


def test_imports_of_packages_on_the_way_over_several_lines_and_inside_of_a_function_count(bent, tmp_path):
    found = ask(f"{NAMES}print(json.dumps(names(['descent_audit.experiments.bent.lazy'])))", bent, tmp_path)
    folders = ("", "experiments/", "experiments/bent/", "numerics/")
    files = ("experiments/bent/lazy.py", "numerics/of_the_package.py", "numerics/one.py", "numerics/two.py")
    assert set(found) == {*(f"{folder}__init__.py" for folder in folders), *files, "numerics/three.py"}


def test_files_that_are_no_python_leave_the_closures_of_all_others_alone(bent, tmp_path):
    code = f"{NAMES}print(json.dumps([names([module]) for module in {ALL_MODULES!r}]))"
    assert ask(code, bent, tmp_path) == ask(code, PROJECT / "src", tmp_path)
    broken = ask(f"{NAMES}print(json.dumps(names(['descent_audit.experiments.bent.above'])))", bent, tmp_path)
    assert {"experiments/bent/above.py", "numerics/fallen.py"} <= set(broken)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("module", ERRORS)
def test_module_that_cannot_be_imported_is_one_line_with_its_file_and_its_error(bent, tmp_path, module):
    code = f"""{NAMES}
target = "descent_audit.experiments.bent.{module}.late"
try:
    sources.signature(target)
except sources.BrokenModule as error:
    print(json.dumps([str(error), sources.is_sampled(target), sources.takes_streams(target)]))
"""
    text, is_sampled, takes_streams = ask(code, bent, tmp_path)
    assert text.startswith("src/descent_audit/")
    assert "\n" not in text
    assert all(part in text for part in (*ERRORS[module], ", allowed: code that can be imported"))
    assert not is_sampled
    assert not takes_streams


def test_annotations_may_be_text(bent, tmp_path):
    target = "descent_audit.experiments.bent.quoted.late"
    code = f"{NAMES}print(json.dumps([*map(str, sources.keyword_parameters({target!r}).values())]))"
    assert ask(code, bent, tmp_path) == ["steps: int", "rates: list[float]"]


def test_experiment_in_a_folder_that_is_no_package_is_refused_since_no_closure_would_hold_it(bent, tmp_path):
    code = f"""{NAMES}
try:
    sources.experiment("descent_audit.experiments.loose.late.late")
except ConfigurationError as error:
    print(json.dumps(str(error)))
"""
    assert "every folder a package" in ask(code, bent, tmp_path)


@pytest.mark.parametrize(
    "target",
    ["this.s", "descent_audit.judge.main", "descent_audit.experiments.f", "descent_audit.experiments_.f", "f", ""],
)
def test_target_outside_of_the_experiments_is_refused_and_not_imported(target):
    with pytest.raises(ConfigurationError, match=r"claim\.yaml: arms\.one: found .*descent_audit\.experiments"):
        sources.experiment(target, "claim.yaml", "arms.one")
    assert "this" not in sys.modules


@pytest.mark.parametrize("name", ["divergence_threshol", "_thresholds", "final", "Observation", "RENORMALISE"])
def test_name_that_is_no_public_function_of_the_module_itself_is_refused(name):
    with pytest.raises(ConfigurationError, match=rf"unknown name '{name}'.*allowed: .*divergence_threshold"):
        sources.experiment(f"{DIVERGENCE}.{name}")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("adam.Adm", "did you mean 'Adam'"),
        ("adm.Adam", "module.Class"),
        ("Adam", "module.Class"),
        ("adam.NamedTuple", "unknown name"),
        ("", "module.Class"),
    ],
)
def test_name_that_is_no_optimizer_is_refused(name, part):
    assert sources.optimizer("adam.Adam", "claim.yaml", "optimizer").__name__ == "Adam"
    with pytest.raises(ConfigurationError, match=part):
        sources.optimizer(name, "claim.yaml", "optimizer")


def test_signatures_are_those_of_the_syntax_tree():
    for target in {arm.target for claim in load_claims().values() for scale in SCALES for arm in claim.arms(scale)}:
        module, _, name = target.rpartition(".")
        body = ast.parse(file_of(module).read_text()).body
        (function,) = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == name]
        pairs = list(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
        found = sources.keyword_parameters(target).values()
        assert [(one.name, one.default is one.empty) for one in found] == [(a.arg, d is None) for a, d in pairs]
        assert sources.is_sampled(target) == (ast.unparse(function.returns) == "Sampling")
        assert sources.takes_streams(target) == ("streams" in [argument.arg for argument, _ in pairs])


def test_broken_module_stops_its_own_claims_alone(tmp_path):
    others = ["two_cycle_beyond_threshold", "descent_lemma_bound"]
    project = copy_project(tmp_path / "project", [QUADRATIC, *others])
    sound = {name: [str(path.relative_to(sources.SOURCE)) for path in load_claims()[name].modules()] for name in others}
    (project / "src" / "descent_audit" / "experiments" / "gradient_descent" / "divergence.py").write_text("def (")
    code = f"""{NAMES}
from descent_audit.workflow.plan import load_plan
plan = load_plan({{"scale": "smoke"}})
found = {{name: [str(path.relative_to(sources.SOURCE)) for path in plan.claims[name].modules()] for name in {others!r}}}
try:
    sources.experiment(plan.claims[{QUADRATIC!r}].experiment["_target_"])
except sources.BrokenModule as error:
    print(json.dumps([found, plan.selected, plan.claims[{QUADRATIC!r}].is_random("full"), str(error)]))
"""
    found, selected, is_random, text = ask(code, project / "src", project)
    assert found == sound
    assert set(selected) == {QUADRATIC, *others}
    assert not is_random
    assert text.startswith("src/descent_audit/experiments/gradient_descent/divergence.py: line 1: found SyntaxError")


def test_code_of_claims_that_do_not_run_is_not_imported(tmp_path):
    code = """
import json, sys
from descent_audit.workflow.plan import load_plan
load_plan({"scale": "smoke", "claims": "two_cycle_beyond_threshold"})
print(json.dumps([name for name in sys.modules if name.startswith("descent_audit.experiments.")]))
"""
    loaded = ask(code, PROJECT / "src", tmp_path)
    assert DIVERGENCE not in loaded
    assert loaded


@pytest.mark.parametrize("module", ["figures.draw", "stages.observe", "workflow.plan"])
def test_job_that_draws_nothing_loads_no_plotting(module, tmp_path):
    assert not {"matplotlib", "seaborn"} & modules_loaded_by(f"descent_audit.{module}", tmp_path)


def test_experiments_load_no_scipy_before_they_run(tmp_path):
    """They are imported at every start of the workflow; ``scipy.special`` takes as long as all of them."""
    modules = [module for module in ALL_MODULES if ".experiments" in module]
    loaded = modules_loaded_by(", ".join(modules), tmp_path)
    assert not {"scipy.special", "scipy.stats", "scipy.sparse", "scipy.linalg"} & loaded


def test_code_digest_follows_the_content(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SOURCE", tmp_path)
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    before = sources.code_digest([path])
    assert sources.code_digest([path]) == before
    path.write_text("x = 2\n")
    assert sources.code_digest([path]) != before


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
