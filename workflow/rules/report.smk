rule page:
    input:
        rules.tabulating.output,
        drawn_records(CLAIMS, REPORT, DRAWN),
        rules.listing.output,
    output:
        page=f"{REPORTS}/audit.html",
        record=record("page"),
    log:
        f"{LOGS}/report/page.log",
    benchmark:
        f"{TIMES}/report/page.tsv"
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Writing the report as HTML"
    shell:
        "python -m descent_audit.report.page --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


# What Pandoc has to do for the PDF needs no figure: it fills a core while the last ones are drawn.
rule paper:
    input:
        rules.tabulating.output,
    output:
        page=f"{RESULTS}/audit.typ",
        record=record("paper"),
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
    message:
        "Writing the source of the report as PDF"
    shell:
        "python -m descent_audit.report.paper --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


rule typeset:
    input:
        rules.paper.output,
        drawn_records(CLAIMS, REPORT, DRAWN),
    output:
        page=f"{REPORTS}/audit.pdf",
        record=record("typeset"),
    log:
        f"{LOGS}/report/typeset.log",
    benchmark:
        f"{TIMES}/report/typeset.tsv"
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Writing the report as PDF"
    shell:
        "python -m descent_audit.report.typeset --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


rule gallery:
    input:
        rules.tabulating.output,
        drawn_records(CLAIMS, REPORT, DRAWN),
    output:
        page=f"{REPORTS}/figures.html",
        captions=expand(f"{CAPTIONS}/{{claim}}.rst", claim=CLAIMS),
        record=record("gallery"),
    log:
        f"{LOGS}/report/gallery.log",
    benchmark:
        f"{TIMES}/report/gallery.tsv"
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Writing the page of all figures"
    shell:
        "python -m descent_audit.report.gallery --scale {params.scale} --results {params.results} --output {output.page} >{log} 2>&1"


rule report:
    input:
        rules.tables.input,
        rules.drawings.input,
        rules.listing.output,
        rules.paper.output,
        rules.gallery.output,
        rules.page.output,
        rules.typeset.output,
    message:
        "The report is written"


rule describing:
    input:
        rules.listing.output,
        rules.page.output,
        rules.typeset.output,
        rules.gallery.output,
    output:
        f"{RESULTS}/ro-crate-metadata.json",
        record("crate"),
    log:
        f"{LOGS}/crate.log",
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        reports=lambda wildcards: REPORTS,
    message:
        "Describing the run as an RO-Crate"
    shell:
        "python -m descent_audit.report.crate --scale {params.scale} --results {params.results} --report {params.reports} >{log} 2>&1"


rule crate:
    input:
        rules.report.input,
        rules.describing.output,
    message:
        "The run is described"
