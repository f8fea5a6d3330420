rule judging:
    input:
        SIMULATED,
    output:
        checks=report(
            f"{RESULTS}/checks.csv",
            caption="../report/checks.rst",
            category="Tables",
            labels={"table": "checks", "a row for every": "comparison"},
        ),
        judgements=f"{RESULTS}/judgements.json",
        record=record("judge"),
    log:
        f"{LOGS}/judge.log",
    benchmark:
        f"{TIMES}/judge.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        claims=",".join(CLAIMS),
    message:
        "Judging the observations at {SCALE} scale"
    shell:
        "python -m descent_audit.judge --scale {params.scale} --results {params.results} --claims {params.claims} >{log} 2>&1"


rule judge:
    input:
        SIMULATED,
        rules.judging.output,
    message:
        "The observations are judged"
