rule tables:
    input:
        checks=rules.judge.output.checks,
        judgements=rules.judge.output.judgements,
        code=plan.code("stages.tables"),
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
    log:
        f"{LOGS}/tables.log",
    benchmark:
        f"{TIMES}/tables.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        results=lambda wildcards: RESULTS,
        wording=lambda wildcards: plan.wording(),
    message:
        "Writing the tables of verdicts and statements"
    shell:
        "python -m descent_audit.stages.tables --results {params.results} >{log} 2>&1"


rule ledger:
    input:
        statements=rules.tables.output.statements,
        code=plan.code("stages.tables"),
    output:
        f"{RESULTS}/ledger.txt",
    log:
        f"{LOGS}/ledger.log",
    conda:
        ENVIRONMENT
    params:
        results=lambda wildcards: RESULTS,
    message:
        "Printing the ledger"
    shell:
        "python -m descent_audit.stages.tables --results {params.results} --ledger {output} 2>{log}"


rule manifest:
    input:
        tables=[*rules.tables.output, rules.judge.output.checks],
        seals=rules.judge.input.seals,
        code=plan.sources(),
        settings=project_file("config/config.yaml"),
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{LOGS}/manifest.log",
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        claims=rules.judge.params.claims,
        simulations=lambda wildcards: [plan.simulation(claim) for claim in CLAIMS],
        expectations=lambda wildcards: plan.judgement(),
    message:
        "Writing the manifest of all tables"
    shell:
        "python -m descent_audit.stages.manifest --scale {params.scale} --results {params.results} --claims {params.claims} >{log} 2>&1"
