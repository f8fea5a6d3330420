include: "workflow/rules/common.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    input:
        rules.report.output,
        rules.manifest.output,
        rules.figures.input,
    default_target: True


onstart:
    lock = hold_lock(LOCK)


onsuccess:
    print(f"Report: {rules.report.output.html}")
