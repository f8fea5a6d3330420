rule judge:
    message:
        "Judging {SCALE} observations"
    input:
        observations=expand(rules.simulate.output.observations, claim=CLAIMS),
        seals=expand(rules.simulate.output.seal, claim=CLAIMS),
        code=plan.code("judge"),
    output:
        checks=f"{RESULTS}/checks.csv",
        judgements=f"{RESULTS}/judgements.json",
    params:
        expectations=lambda wildcards: plan.judgement(),
        claims=",".join(CLAIMS),
    log:
        f"{LOGS}/judge.log",
    benchmark:
        f"{TIMES}/judge.tsv"
    shell:
        "python -m descent_audit.judge --scale {SCALE} --results {RESULTS} --claims {params.claims} >{log} 2>&1"
