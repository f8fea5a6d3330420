import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from descent_audit.workflow.cluster import cancel_orphans
from descent_audit.workflow.lock import hold_lock
from descent_audit.workflow.mending import no_rate_limit, remember_job_age, start_again
from descent_audit.workflow.outcome import advice, outcome
from descent_audit.workflow.plan import (
    job_environment,
    plan_or_exit,
    project_file,
    project_files,
)
from descent_audit.figures.styles import DRAWN, REPORT

# Outputs are named from the working folder, what the project holds through `project_file`: a run may work in any folder.
plan = plan_or_exit(config)
SCALE = plan.scale
CLAIMS = list(plan.selected)
RESULTS = f"results/{SCALE}"
REPORTS = f"reports/{SCALE}"
CAPTIONS = f"{RESULTS}/captions"
LOGS = f"results/{SCALE}/logs"
TIMES = f"results/{SCALE}/benchmarks"
ENVIRONMENT = f"{workflow.basedir}/workflow/envs/jobs.yaml"
WORKING_FOLDER = os.path.relpath(".", f"{workflow.basedir}/workflow/rules")

# What comes before all figures where both could start: figures fill the cores that the last simulations leave free.
FIRST = 1

shell.prefix(job_environment())


# What a job makes its files of has a digest, and the record that holds it is named for that digest. An edit asks for
# another record, which is not there. So Snakemake runs again what is stale, and needs no memory of its own for it.
def record(stage):
    return f"{RESULTS}/{plan.records[stage]}"


def of_claims(folder, claims=CLAIMS, form="csv"):
    return [f"{RESULTS}/{folder}/{claim}.{form}" for claim in claims]


def records(claims=CLAIMS):
    return [f"{RESULTS}/{plan.recipes.simulations[claim].record}" for claim in claims]


def drawn_records(claims, style, formats):
    return [f"{RESULTS}/{path}" for path in plan.drawn_records(claims, style, formats)]


def targets():
    return set(workflow.dag_settings.targets)


def is_work():
    return targets() != {"status"}


wildcard_constraints:
    claim="[a-z][a-z0-9_]*",
    shard=r"\d+",
    shards=r"\d+",
    digest="[0-9a-f]+",


localrules:
    all,
    judge,
    judging,
    tables,
    tabulating,
    ledger,
    printing,
    manifest,
    listing,
    drawings,
    figures,
    page,
    paper,
    typeset,
    gallery,
    report,
    crate,
    describing,
    calibrate,
    calibrating,
    numpy,
    stability,
    comparing,
