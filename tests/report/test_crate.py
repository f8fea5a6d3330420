import hashlib
import json
import re
import shutil
from io import BytesIO
from pathlib import Path

import pytest
import rocrate
from conftest import FEW_CLAIMS, PROJECT
from requests.adapters import BaseAdapter, HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from urllib3 import HTTPResponse

from descent_audit.records.storage import write_text
from descent_audit.report import crate
from descent_audit.report.recipes import reports, write_pages
from descent_audit.stages.recipes import configured

NAME = "loss_half_factor"
PAGES = {"page": "audit.html", "typeset": "audit.pdf", "gallery": "figures.html"}
UNTOLD = ("made", "seals", "kept")
"""Folders of a run that it needs itself."""


def describe(results, report):
    crate.main(["--scale", "smoke", "--results", str(results), "--report", str(report)])


@pytest.fixture
def results(few_results, tmp_path):
    folder, report = tmp_path / "results" / "smoke", tmp_path / "reports" / "smoke"
    shutil.copytree(few_results, folder)
    for stage, page in PAGES.items():
        recipe = reports(configured("smoke", FEW_CLAIMS))[stage]
        write_pages(folder, recipe, {report / page: page})
    describe(folder, report)
    return folder


class Shipped(BaseAdapter):
    """Answers every request with the JSON-LD context that the library carries: that of RO-Crate 1.3.

    The terms of Bioschemas have a longer address there than in the context of 1.1, which has no ``sha256``.
    """

    def send(self, request, **_):
        shipped = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
        older = shipped.replace(b"https://bioschemas.org/terms/", b"https://bioschemas.org/")
        context = BytesIO(older.replace(b'"sha256"', b'"sha256_of_later_versions"'))
        headers = {"Content-Type": "application/ld+json"}
        raw = HTTPResponse(context, headers, 200, preload_content=False, request_url=request.url)
        return HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def faults(folder, cache):
    """Return what the validator has against a crate, at its required level, from a filled cache and no network."""
    with CachedSession(str(cache)) as session:
        session.mount("https://", Shipped())
        session.get(
            "https://w3id.org/ro/crate/1.1/context",
            headers={"Accept": "application/ld+json, application/json, */*;q=0.1"},
        )
    settings = ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier="workflow-run-crate",
        requirement_severity=Severity.REQUIRED,
        offline=True,
        cache_path=str(cache),
    )
    return [issue.message for issue in services.validate(settings).get_issues()]


def test_validator_accepts_the_crate(results, tmp_path):
    assert faults(results, tmp_path / "cache") == []


def test_crate_without_its_workflow_is_refused(results, tmp_path):
    path = results / "ro-crate-metadata.json"
    content = json.loads(path.read_text())
    for entity in content["@graph"]:
        entity.pop("mainEntity", None)
    write_text(path, json.dumps(content))
    assert faults(results, tmp_path / "cache")


def test_everything_described_is_there_and_everything_there_is_described(results):
    graph = {entity["@id"]: entity for entity in json.loads((results / "ro-crate-metadata.json").read_text())["@graph"]}
    files = {name for name, entity in graph.items() if "File" in entity["@type"]}
    there = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    told = {name for name in there if name.partition("/")[0] not in UNTOLD}
    assert files == told - {"ro-crate-metadata.json", "judgements.json"}
    made = {one["@id"] for one in graph["#run"]["result"]}
    assert {"checks.csv", f"figures/{NAME}.svg", "report/audit.pdf"} <= made
    assert {f"source/config/claim/gradient_descent/{NAME}.yaml", "source/config/text/principles.yaml"} <= {
        one["@id"] for one in graph["#run"]["object"]
    }
    assert graph["checks.csv"]["sha256"] == hashlib.sha256((results / "checks.csv").read_bytes()).hexdigest()
    assert (results / "source" / "Snakefile").read_text() == (PROJECT / "Snakefile").read_text()


def test_crate_holds_no_time_and_is_the_same_every_time(results, tmp_path):
    first = (results / "ro-crate-metadata.json").read_text()
    describe(results, tmp_path / "reports" / "smoke")
    assert (results / "ro-crate-metadata.json").read_text() == first
    assert not re.search(r"\d\d:\d\d:\d\d", first)
    assert str(tmp_path) not in first


def test_missing_report_is_one_line(results, tmp_path):
    with pytest.raises(SystemExit, match=r"audit\.html: cannot be copied to .* \(No such file or directory\)"):
        describe(results, tmp_path)
