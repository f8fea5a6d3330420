rule calibration:
    input:
        code=lambda wildcards: plan.code("assurance.calibrate", wildcards.claim),
    output:
        "results/calibration/{claim}.json",
    log:
        "results/calibration/logs/{claim}.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=300,
        runtime=60,
    params:
        seeds=plan.seeds,
        claim=lambda wildcards: plan.claims[wildcards.claim].calibration_slice(),
    message:
        "Running {wildcards.claim} under {params.seeds} seeds"
    shell:
        "python -m descent_audit.assurance.calibrate --claim {wildcards.claim} --seeds {params.seeds} --output {output} >{log} 2>&1"


rule calibrate:
    input:
        runs=expand(rules.calibration.output, claim=plan.calibrated()),
        code=plan.code("assurance.calibrate"),
    output:
        claims="results/calibration/calibration.csv",
        laws="results/calibration/calibration_laws.csv",
    log:
        "results/calibration/logs/calibrate.log",
    conda:
        ENVIRONMENT
    message:
        "Testing the false-alarm rates of all sampled claims"
    shell:
        "python -m descent_audit.assurance.calibrate --gather {input.runs} --output results/calibration >{log} 2>&1"
