rule tabulating:
    input:
        rules.judging.output,
    output:
        verdicts=report(
            f"{RESULTS}/verdicts.csv",
            caption="../report/verdicts.rst",
            category="Tables",
            labels={"table": "verdicts", "a row for every": "claim"},
        ),
        statements=report(
            f"{RESULTS}/statements.csv",
            caption="../report/statements.rst",
            category="Tables",
            labels={"table": "statements", "a row for every": "statement"},
        ),
        coverage=report(
            f"{RESULTS}/coverage.csv",
            caption="../report/coverage.rst",
            category="Tables",
            labels={"table": "coverage", "a row for every": "section"},
        ),
        record=record("tables"),
    log:
        f"{LOGS}/tables.log",
    benchmark:
        f"{TIMES}/tables.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Writing the tables of verdicts and statements"
    shell:
        "python -m descent_audit.stages.tables --scale {params.scale} --results {params.results} >{log} 2>&1"


rule tables:
    input:
        rules.judge.input,
        rules.tabulating.output,
    message:
        "The tables are written"


rule printing:
    input:
        rules.tabulating.output,
    output:
        f"{RESULTS}/ledger.txt",
        record("ledger"),
    log:
        f"{LOGS}/ledger.log",
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Printing the ledger"
    shell:
        "python -m descent_audit.stages.tables --scale {params.scale} --results {params.results} --ledger 2>{log}"


rule ledger:
    input:
        rules.tables.input,
        rules.printing.output,
    message:
        "The ledger is printed"


rule listing:
    input:
        records(),
        rules.tabulating.output,
    output:
        f"{RESULTS}/manifest.json",
        record("manifest"),
    log:
        f"{LOGS}/manifest.log",
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
    message:
        "Writing the manifest of all tables"
    shell:
        "python -m descent_audit.stages.manifest --scale {params.scale} --results {params.results} >{log} 2>&1"


rule manifest:
    input:
        rules.tables.input,
        rules.listing.output,
    message:
        "The manifest is written"
