rule report:
    message:
        "Writing the report"
    input:
        tables=[*rules.tables.output, *rules.judge.output],
        observations=rules.judge.input.observations,
        figures=rules.figures.input,
        sources=["reports/audit.md.jinja", "reports/audit.css", "reports/audit.typ"],
        code=plan.code("report"),
    output:
        html=f"{REPORTS}/audit.html",
        pdf=f"{REPORTS}/audit.pdf",
    params:
        wording=lambda wildcards: plan.wording(),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{TIMES}/report.tsv"
    resources:
        mem_mb=600,
    shell:
        "python -m descent_audit.report --scale {SCALE} --results {RESULTS} --output {REPORTS} >{log} 2>&1"
