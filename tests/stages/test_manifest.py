import hashlib
import json

import pytest

from descent_audit.claims.catalogue import load_claims
from descent_audit.records.storage import write_text
from descent_audit.stages import manifest, observe

NAME = "quadratic_divergence_threshold"


@pytest.fixture
def results(tmp_path):
    claim = load_claims([NAME])[NAME]
    observe.write_results(tmp_path, NAME, observe.simulate(NAME, claim.arms("smoke")[:1], 1))
    for name in manifest.TABLES:
        write_text(tmp_path / name, f"{name}\n")
    return tmp_path


def test_manifest_names_digests_configuration_code_and_versions(results):
    manifest.main(["--scale", "smoke", "--results", str(results), "--claims", NAME])
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
        manifest.main(["--scale", "smoke", "--results", str(results), "--claims", NAME])
    assert "\n" not in str(caught.value.code)
