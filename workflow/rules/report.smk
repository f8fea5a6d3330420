rule report:
    input:
        tables=[*rules.tables.output, *rules.judge.output],
        observations=rules.judge.input.observations,
        figures=rules.figures.input,
        sources=["reports/audit.md.jinja", "reports/audit.css", "reports/audit.typ"],
        code=plan.code("report"),
    output:
        html=f"{REPORTS}/audit.html",
        pdf=f"{REPORTS}/audit.pdf",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{TIMES}/report.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=600,
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        reports=lambda wildcards: REPORTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the report"
    shell:
        "python -m descent_audit.report --scale {params.scale} --results {params.results} --output {params.reports} >{log} 2>&1"
