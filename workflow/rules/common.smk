import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from descent_audit.workflow.cluster import cancel_orphans, remember_job_age, start_again
from descent_audit.workflow.plan import LOCK, hold_lock, job_environment, plan_or_exit
from descent_audit.figures.styles import DRAWN, REPORT

plan = plan_or_exit(config)
SCALE = plan.scale
CLAIMS = list(plan.selected)
RESULTS = f"results/{SCALE}"
REPORTS = f"reports/{SCALE}"
CAPTIONS = f"{RESULTS}/captions"
LOGS = f"results/{SCALE}/logs"
TIMES = f"results/{SCALE}/benchmarks"
ENVIRONMENT = str(Path(workflow.basedir) / "environment.yml")

# What comes before all figures where both could start: figures fill the cores that the last simulations leave free.
FIRST = 1

shell.prefix(job_environment())


def is_work():
    return set(workflow.dag_settings.targets) != {"status"}


def no_rate_limit(workflow):
    """Let the cores alone be the limit on this machine.

    After every job that starts, Snakemake looks again once a second, until the run ends, whether its limit of jobs per second
    lets another start: after a hundred jobs, a hundred times a second, at every input of every job.
    """
    workflow.scheduler.job_rate_limiter = None


wildcard_constraints:
    claim="[a-z][a-z0-9_]*",
    shard=r"\d+",
    shards=r"\d+",


localrules:
    all,
    judge,
    tables,
    ledger,
    manifest,
    drawings,
    figures,
    page,
    paper,
    typeset,
    gallery,
    report,
    crate,
    calibrate,
    numpy,
    stability,
