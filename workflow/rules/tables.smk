rule tables:
    message:
        "Writing the tables of verdicts and statements"
    input:
        checks=rules.judge.output.checks,
        judgements=rules.judge.output.judgements,
        code=plan.code("tables"),
    output:
        verdicts=f"{RESULTS}/verdicts.csv",
        statements=f"{RESULTS}/statements.csv",
        coverage=f"{RESULTS}/coverage.csv",
    params:
        wording=lambda wildcards: plan.wording(),
    log:
        f"{LOGS}/tables.log",
    benchmark:
        f"{TIMES}/tables.tsv"
    shell:
        "python -m descent_audit.tables --results {RESULTS} >{log} 2>&1"


rule ledger:
    message:
        "Printing the ledger"
    input:
        statements=rules.tables.output.statements,
        code=plan.code("tables"),
    output:
        f"{RESULTS}/ledger.txt",
    log:
        f"{LOGS}/ledger.log",
    shell:
        "python -m descent_audit.tables --results {RESULTS} --ledger {output} 2>{log}"


rule manifest:
    message:
        "Writing the manifest"
    input:
        tables=[*rules.tables.output, rules.judge.output.checks],
        seals=rules.judge.input.seals,
        code=plan.code("manifest"),
    output:
        f"{RESULTS}/manifest.json",
    params:
        claims=rules.judge.params.claims,
        simulations=lambda wildcards: [plan.simulation(claim) for claim in CLAIMS],
    log:
        f"{LOGS}/manifest.log",
    shell:
        "python -m descent_audit.manifest --scale {SCALE} --results {RESULTS} --claims {params.claims} >{log} 2>&1"
