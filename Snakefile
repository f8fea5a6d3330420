report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/stability.smk"
include: "workflow/rules/status.smk"


rule all:
    default_target: True
    input:
        rules.crate.input,
        [path for path in rules.figures.input if plan.figure_style != REPORT],
    message:
        "Everything is made at {SCALE} scale"


onstart:
    no_rate_limit(workflow)
    if is_work():
        hold_lock()
        if cancel_orphans(Path.cwd()):
            start_again()
        remember_job_age()


onsuccess:
    if is_work():
        print(outcome(targets(), Path(RESULTS), Path(REPORTS)), flush=True)


onerror:
    print(advice(), flush=True)
