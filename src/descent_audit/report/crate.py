"""A run described as a Workflow Run RO-Crate: workflow, inputs, tables, figures, report, software, authors.

``python -m descent_audit.report.crate --scale full --results results/full --report reports/full`` copies what lies
outside of the results into them (``source/``, ``report/``) and writes ``ro-crate-metadata.json`` beside the tables, so
that the folder can be packed and passed on. It holds no time of the run: the date is that of the release, in
``CITATION.cff``.
"""

import argparse
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

from descent_audit.claims.catalogue import ROOT, Claim, read_claims
from descent_audit.claims.validation import read_yaml
from descent_audit.figures.draw import taken_along
from descent_audit.figures.styles import DRAWN, REPORT, drawing
from descent_audit.records.made import Recipe, check_made, write_made
from descent_audit.records.storage import StorageError, json_text, read_json
from descent_audit.report.recipes import drawn, reports
from descent_audit.stages.programs import program

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
MEDIA = {
    ".csv": "text/csv", ".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png", ".html": "text/html",
    ".json": "application/json", ".yaml": "application/yaml", ".smk": "text/plain",
}  # fmt: skip
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
"""What the context of RO-Crate 1.1 lacks."""
COMPLETED = "http://schema.org/CompletedActionStatus"


def source_files(claims: Iterable[Claim]) -> list[Path]:
    """Return what a run starts from, relative to the project: the workflow, then its configuration."""
    workflow = [Path("Snakefile"), *sorted(path.relative_to(ROOT) for path in ROOT.glob("workflow/rules/*.smk"))]
    shared = [*ROOT.glob("config/*.yaml"), *ROOT.glob("config/scale/*.yaml"), *ROOT.glob("config/text/*.yaml")]
    claim_files = [Path(claim.file) for claim in claims]
    return [*workflow, *sorted([*(path.relative_to(ROOT) for path in shared), *claim_files])]


def gather(results: Path, report: Path, claims: Iterable[Claim]) -> tuple[list[str], list[str]]:
    """Copy sources and report into the results; return the names of both there. Raises ``StorageError``."""
    sources = {f"source/{path.as_posix()}": ROOT / path for path in source_files(claims)}
    pages = {f"report/{name}": report / name for name in ("audit.html", "audit.pdf", "figures.html")}
    for name, path in {**sources, **pages}.items():
        try:
            (results / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, results / name)
        except OSError as error:
            raise StorageError(f"{path}: cannot be copied to {results / name} ({error.strerror})") from None
    return list(sources), list(pages)


def crate(
    manifest: Mapping[str, Any], citation: Mapping[str, Any], sources: Sequence[str], results: Sequence[str]
) -> ROCrate:
    """Return the description of a run that made ``results`` from ``sources``, the first of which is its workflow."""
    described = ROCrate(version="1.1")
    described.metadata.extra_terms.update(TERMS)
    described.name = f"{citation['title']} ({manifest['scale']} scale)"
    described.description = " ".join(citation["abstract"].split())
    described.license = f"https://spdx.org/licenses/{citation['license']}"
    described.datePublished = str(citation["date-released"])
    described.keywords = ", ".join(citation["keywords"])
    described.root_dataset["author"] = [_author(described, author) for author in citation["authors"]]
    described.root_dataset["conformsTo"] = [_profile(described, one) for one in PROFILES]
    workflow = _workflow(described, sources[0], citation, manifest["packages"])
    action = {
        "@type": "CreateAction",
        "name": f"Audit at {manifest['scale']} scale from seed {manifest['seed']}",
        "actionStatus": COMPLETED,
    }
    run = described.add(ContextEntity(described, "#run", properties=action))
    run["instrument"] = workflow
    run["agent"] = described.root_dataset["author"]
    run["object"] = [_file(described, name) for name in sources[1:]]
    run["result"] = [_file(described, name, manifest["tables"].get(name)) for name in results]
    described.root_dataset["mentions"] = [run]
    return described


def _workflow(described: ROCrate, name: str, citation: Mapping[str, Any], packages: Mapping[str, str]) -> Any:
    properties = {"name": citation["title"], "version": str(citation["version"]), "license": described.license}
    workflow = described.add(ComputationalWorkflow(described, dest_path=name, properties=properties))
    language = {
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "version": packages["snakemake"],
        "url": "https://snakemake.readthedocs.io",
        "identifier": "https://snakemake.readthedocs.io",
    }
    workflow["programmingLanguage"] = described.add(ContextEntity(described, LANGUAGE, properties=language))
    workflow["softwareRequirements"] = [_package(described, *package) for package in sorted(packages.items())]
    described.mainEntity = workflow
    return workflow


def _package(described: ROCrate, name: str, version: str) -> Any:
    properties = {"@type": "SoftwareApplication", "name": name, "softwareVersion": version}
    return described.add(ContextEntity(described, f"#package-{name}", properties=properties))


def _author(described: ROCrate, author: Mapping[str, Any]) -> Any:
    person = "family-names" in author
    name = f"{author['given-names']} {author['family-names']}" if person else author["name"]
    identifier = author.get("orcid") or f"#{'-'.join(name.lower().split())}"
    properties = {"@type": "Person" if person else "Organization", "name": name}
    return described.add(ContextEntity(described, identifier, properties=properties))


def _profile(described: ROCrate, identifier: str) -> Any:
    name, version = PROFILES[identifier]
    properties = {"@type": "CreativeWork", "name": name, "version": version}
    return described.add(ContextEntity(described, identifier, properties=properties))


def _file(described: ROCrate, name: str, sha256: str | None = None) -> Any:
    properties = {"name": name, "encodingFormat": MEDIA[Path(name).suffix]}
    digest = {"sha256": sha256} if sha256 else {}
    return described.add(File(described, dest_path=name, properties={**properties, **digest}))


def write_crate(results: Path, report: Path, recipe: Recipe) -> None:
    """Write the description of a finished run. Raises ``ConfigurationError`` or ``StorageError``."""
    manifest, citation = read_json(results / "manifest.json"), read_yaml(ROOT / "CITATION.cff", "CITATION.cff")
    claims = read_claims(list(manifest["claims"]))
    sources, pages = gather(results, report, claims.values())
    figures = [drawing(name, REPORT, form) for name in claims for form in DRAWN]
    made = [*manifest["tables"], "manifest.json", *figures, *taken_along(results, claims), *pages]
    described = crate(manifest, citation, sources, made)
    write_made(results, recipe, {"ro-crate-metadata.json": json_text(described.metadata.generate())})


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the crate; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--report", required=True, type=Path)
    options = parser.parse_args(arguments)
    recipes = drawn(options.results, options.scale)
    made = reports(recipes)
    for recipe in (recipes.manifest, made["page"], made["typeset"], made["gallery"]):
        check_made(options.results, recipe)
    write_crate(options.results, options.report, made["crate"])


if __name__ == "__main__":
    main()
