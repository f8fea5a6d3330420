"""The project as a whole: what its files promise each other."""

import json
import re
import subprocess
import tomllib

import pytest
import yaml
from conftest import PROJECT, SAMPLE
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
LOCK = (PROJECT / "requirements.lock").read_text()
SLURM_LOCK = (PROJECT / "requirements-slurm.lock").read_text()
TRACKED = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True).stdout.split()


def requirements(lines):
    return {canonicalize_name(one.name): one.specifier for one in map(Requirement, lines)}


def locked():
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK, flags=re.MULTILINE)
    return {
        name: [version for pin, version in pins if canonicalize_name(pin) == name]
        for name in {canonicalize_name(pin) for pin, _ in pins}
    }


def test_lock_holds_every_dependency_at_an_allowed_version():
    wanted = requirements([*METADATA["dependencies"], *METADATA["optional-dependencies"]["dev"]])
    for name, specifier in wanted.items():
        assert locked().get(name), name
        assert all(version in specifier for version in locked()[name]), name


def test_lock_of_the_slurm_extra_adds_to_the_other_and_disagrees_nowhere():
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", SLURM_LOCK, flags=re.MULTILINE))
    for name, specifier in requirements(METADATA["optional-dependencies"]["slurm"]).items():
        assert pins[name] in specifier
    assert not {canonicalize_name(name) for name in pins} & set(locked())


def container() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (PROJECT / "Containerfile").read_text())
    return [
        tuple(line.split(maxsplit=1))
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


def test_container_starts_from_a_python_that_the_package_allows():
    ((first, image), *rest) = container()
    assert first == "FROM"
    assert "FROM" not in dict(rest)
    version = re.fullmatch(r"python:(\d+\.\d+)-slim-\w+", image)
    assert version and version[1] in SpecifierSet(METADATA["requires-python"])


def test_container_installs_from_the_locks_alone():
    commands = [part for key, text in container() if key == "RUN" for part in text.split("&&") if " install " in part]
    pip = [command for command in commands if "pip install" in command]
    assert len(pip) == 3
    for command in pip:
        assert "--no-deps" in command if "--editable" in command else "--require-hashes -r requirements" in command
    sources = [word for key, text in container() if key == "COPY" for word in text.split()[:-1] if word[:2] != "--"]
    assert all((PROJECT / source).exists() for source in sources)
    assert {"requirements.lock", "requirements-uv.lock", "."} == set(sources)


def test_container_runs_the_workflow_and_not_as_root():
    found = dict(container())
    assert int(found["USER"]) > 0
    assert [*json.loads(found["ENTRYPOINT"]), *json.loads(found["CMD"])][0] == "snakemake"
    ignored = (PROJECT / ".containerignore").read_text().split()
    assert {".git", "results", ".venv*", ".snakemake"} <= set(ignored)


def conda(file: str) -> tuple[list[str], list[str]]:
    """Return what an environment file takes from conda and from pip."""
    listed = yaml.safe_load((PROJECT / file).read_text())["dependencies"]
    (pip,) = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    return [entry for entry in listed if isinstance(entry, str)], pip


def test_conda_environment_asks_for_the_same_and_installs_the_package():
    names, pip = conda("environment.yml")
    assert pip[-1] == "--editable ."
    (python,) = [entry for entry in names if entry.startswith("python")]
    packages = [*(name for name in names if name not in (python, "pip")), *pip[:-1]]
    assert requirements(packages) == requirements(METADATA["dependencies"])
    assert python == f"python{METADATA['requires-python']}"


def test_environment_of_the_jobs_is_the_same_without_the_package():
    names, pip = conda("environment.yml")
    assert conda("workflow/envs/jobs.yaml") == (names, pip[:-1])
    common = (PROJECT / "workflow" / "rules" / "common.smk").read_text()
    assert 'ENVIRONMENT = f"{workflow.basedir}/workflow/envs/jobs.yaml"' in common


def test_sample_holds_claims_of_every_topic():
    claims = list((PROJECT / "config" / "claim").glob("*/*.yaml"))
    assert len(SAMPLE) == len(set(SAMPLE))
    assert set(SAMPLE) <= {path.stem for path in claims}
    assert {path.parent.name for path in claims if path.stem in SAMPLE} == {path.parent.name for path in claims}


@pytest.mark.parametrize("lock", [LOCK, SLURM_LOCK], ids=["all", "slurm"])
def test_lock_has_a_hash_for_every_package_and_names_no_host(lock):
    for block in re.split(r"\n(?=[a-z])", lock.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in lock
    assert "index" not in re.sub(r"[\w-]*index[\w-]*==", "", lock)


def test_small_lock_pins_the_installer_as_the_large_one_does():
    assert (PROJECT / "requirements-uv.lock").read_text().strip() in LOCK


@pytest.mark.parametrize(
    "file",
    ["LICENSE", "CITATION.cff", "CONTRIBUTING.md", "CHANGELOG.md", "README.md", ".pre-commit-config.yaml", ".ci/run"],
)
def test_file_is_there(file):
    assert (PROJECT / file).stat().st_size > 100


def test_citation_agrees_with_the_package():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert citation["version"] == METADATA["version"]
    assert citation["license"] == METADATA["license"]


def test_readme_names_only_files_that_exist():
    text = (PROJECT / "README.md").read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (PROJECT / link).exists(), link


def test_no_machine_is_named():
    pattern = re.compile(r"(?<![\w./])/(?:home|root|work|Users)/\w")
    for name in TRACKED:
        path = PROJECT / name
        if path.is_file() and not path.is_symlink() and path.suffix not in (".png", ".pdf"):
            assert not pattern.search(path.read_text(encoding="utf-8")), name


@pytest.mark.parametrize(("version", "code"), [("3.9.2", 1), ("3.10.13", 1)])
def test_make_refuses_an_old_python_in_one_line(tmp_path, version, code):
    fake = tmp_path / "python-old"
    major, minor, micro = version.split(".")
    fake.write_text(
        "#!/bin/sh\nshift\n"
        f'exec python3 -c "import sys; sys.version_info = ({major}, {minor}, {micro}); exec(sys.argv[1])" "$1"\n'
    )
    fake.chmod(0o755)
    copied = tmp_path / "project"
    copied.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-uv.lock", "pyproject.toml"):
        (copied / name).write_bytes((PROJECT / name).read_bytes())
    done = subprocess.run(["make", "-s", "test", f"PYTHON={fake}"], cwd=copied, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"found Python {major}.{minor}, allowed: 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copied / ".venv").exists()


STUB = """\
#!/bin/sh
case "$1 $2" in "-m venv") mkdir -p .venv/bin; for name in python uv pytest; do cp "$0" .venv/bin/$name; done ;; esac
"""


def test_moved_project_makes_its_environment_anew_and_says_so_in_one_line(tmp_path):
    (stub := tmp_path / "python").write_text(STUB)
    stub.chmod(0o755)
    here = tmp_path / "here"
    here.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-uv.lock", "pyproject.toml"):
        (here / name).write_bytes((PROJECT / name).read_bytes())

    def said(folder):
        command = ["make", "-s", "test", f"PYTHON={stub}"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout

    assert said(here) == ""
    assert (here / ".venv" / ".ready").read_text() == f"{here}\n"
    assert said(here) == ""
    moved = here.rename(tmp_path / "there")
    assert said(moved) == f".venv: made for {here}, found in {moved}; it is made anew\n"
    assert said(moved) == ""
