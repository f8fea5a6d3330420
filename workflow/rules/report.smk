rule render:
    input:
        tables=[*rules.tables.output, *rules.judge.output],
        observations=rules.judge.input.observations,
        curves=expand(rules.simulate.output.curves, claim=CLAIMS),
        figures=rules.drawings.input,
        sources=sorted(map(str, Path("reports").glob("*.*"))),
        citation="CITATION.cff",
        manifest=rules.manifest.output,
        widgets=sorted(str(path) for path in Path("reports/explore").rglob("*.*")),
        reference=expand(
            "reports/reference/{name}.csv",
            name=["calibration", "stability", "faults"],
        ),
        benchmarks=sorted(map(str, Path("benchmarks/results").glob("*.json"))),
        code=plan.code("report"),
    output:
        f"{REPORTS}/audit.{{form}}",
    log:
        f"{LOGS}/report/{{form}}.log",
    benchmark:
        f"{TIMES}/report/{{form}}.tsv"
    wildcard_constraints:
        form="html|pdf",
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the report as {wildcards.form}"
    shell:
        "python -m descent_audit.report --scale {params.scale} --results {params.results} --output {output} >{log} 2>&1"


rule gallery:
    input:
        judgements=rules.judge.output.judgements,
        observations=rules.judge.input.observations,
        figures=rules.drawings.input,
        sources=["reports/figures.html.jinja", "reports/audit.css"],
        code=plan.code("gallery"),
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
        "python -m descent_audit.gallery --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


rule report:
    input:
        gallery=rules.gallery.output,
        html=f"{REPORTS}/audit.html",
        pdf=f"{REPORTS}/audit.pdf",


rule crate:
    input:
        rules.report.input,
        rules.drawings.input,
        manifest=rules.manifest.output,
        citation="CITATION.cff",
        code=plan.code("crate"),
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
        "python -m descent_audit.crate --results {params.results} --report {params.reports} >{log} 2>&1"
