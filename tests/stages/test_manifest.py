import hashlib
import json
import shutil

import pytest

from descent_audit.stages import manifest

NAME = "quadratic_divergence_threshold"


@pytest.fixture
def results(few_results, tmp_path):
    return shutil.copytree(few_results, tmp_path / "results")


def test_manifest_names_digests_configuration_code_and_versions(results):
    manifest.main(["--scale", "smoke", "--results", str(results)])
    found = json.loads((results / "manifest.json").read_text())
    table = results / "observations" / f"{NAME}.csv"
    assert found["tables"][f"observations/{NAME}.csv"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert found["claims"][NAME]["config"]["claim"]["steps"] == [100, 1000]
    assert len(found["claims"][NAME]["code"]) == 64
    assert found["packages"]["numpy"]
    assert set(found["platform"]) == {"system", "machine", "python"}
    assert found["kernels"]["numpy"]


def test_manifest_without_a_table_is_one_line(results):
    (results / "checks.csv").unlink()
    with pytest.raises(SystemExit, match=r"checks\.csv: cannot be read") as caught:
        manifest.main(["--scale", "smoke", "--results", str(results)])
    assert "\n" not in str(caught.value.code)
