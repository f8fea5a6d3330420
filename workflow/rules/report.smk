REPORTED = {
    "tables": [*rules.tables.output, *rules.judge.output],
    "observations": rules.judge.input.observations,
    "reference": [
        project_file(f"reports/reference/{name}.csv")
        for name in ("calibration", "stability", "faults")
    ],
    "benchmarks": project_files("benchmarks/results/*.json"),
}


rule page:
    input:
        **REPORTED,
        curves=expand(rules.simulate.output.curves, claim=CLAIMS),
        figures=rules.drawings.input,
        manifest=rules.manifest.output,
        sources=project_files("reports/*.*"),
        widgets=project_files("reports/explore/**/*.*"),
        code=plan.code("report.page"),
    output:
        f"{REPORTS}/audit.html",
    log:
        f"{LOGS}/report/page.log",
    benchmark:
        f"{TIMES}/report/page.tsv"
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the report as HTML"
    shell:
        "python -m descent_audit.report.page --scale {params.scale} --results {params.results} --output {output} >{log} 2>&1"


# What Pandoc has to do for the PDF needs no figure: it fills a core while the last ones are drawn.
rule paper:
    input:
        **REPORTED,
        sources=[
            project_file(f"reports/{name}")
            for name in (
                "audit.md.jinja",
                "ledger.html.jinja",
                "audit.typ",
                "print.lua",
                "references.json",
            )
        ],
        citation=project_file("CITATION.cff"),
        code=plan.code("report.paper"),
    output:
        f"{RESULTS}/audit.typ",
    log:
        f"{LOGS}/report/paper.log",
    benchmark:
        f"{TIMES}/report/paper.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the source of the report as PDF"
    shell:
        "python -m descent_audit.report.paper --scale {params.scale} --results {params.results} --output {output} >{log} 2>&1"


rule typeset:
    input:
        source=rules.paper.output,
        figures=rules.drawings.input,
        code=plan.code("report.typeset"),
    output:
        f"{REPORTS}/audit.pdf",
    log:
        f"{LOGS}/report/typeset.log",
    benchmark:
        f"{TIMES}/report/typeset.tsv"
    conda:
        ENVIRONMENT
    message:
        "Writing the report as PDF"
    shell:
        "python -m descent_audit.report.typeset {input.source} {output} >{log} 2>&1"


rule gallery:
    input:
        judgements=rules.judge.output.judgements,
        observations=rules.judge.input.observations,
        figures=rules.drawings.input,
        sources=[
            project_file(f"reports/{name}")
            for name in ("figures.html.jinja", "audit.css")
        ],
        code=plan.code("report.gallery"),
    output:
        page=f"{REPORTS}/figures.html",
        captions=expand(f"{CAPTIONS}/{{claim}}.rst", claim=CLAIMS),
    log:
        f"{LOGS}/report/gallery.log",
    benchmark:
        f"{TIMES}/report/gallery.tsv"
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the page of all figures"
    shell:
        "python -m descent_audit.report.gallery --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


rule report:
    input:
        gallery=rules.gallery.output,
        html=rules.page.output,
        pdf=rules.typeset.output,
    message:
        "The report is written"


rule crate:
    input:
        rules.report.input,
        rules.drawings.input,
        manifest=rules.manifest.output,
        citation=project_file("CITATION.cff"),
        code=plan.code("report.crate"),
    output:
        f"{RESULTS}/ro-crate-metadata.json",
    log:
        f"{LOGS}/crate.log",
    conda:
        ENVIRONMENT
    params:
        results=lambda wildcards: RESULTS,
        reports=lambda wildcards: REPORTS,
    message:
        "Describing the run as an RO-Crate"
    shell:
        "python -m descent_audit.report.crate --results {params.results} --report {params.reports} >{log} 2>&1"
