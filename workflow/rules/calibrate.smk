CALIBRATION = "results/calibration"


rule calibration:
    output:
        f"{CALIBRATION}/runs/{{claim}}.{{digest}}.json",
    log:
        f"{CALIBRATION}/logs/{{claim}}.{{digest}}.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=300,
        runtime=60,
    params:
        seeds=plan.seeds,
        results=lambda wildcards: CALIBRATION,
    message:
        "Running {wildcards.claim} under {params.seeds} seeds"
    shell:
        "python -m descent_audit.assurance.calibrate --claim {wildcards.claim} --seeds {params.seeds} --results {params.results} >{log} 2>&1"


rule calibrating:
    input:
        plan.calibration_files(CALIBRATION),
    output:
        claims=f"{CALIBRATION}/calibration.csv",
        laws=f"{CALIBRATION}/calibration_laws.csv",
        record=f"{CALIBRATION}/{plan.assurance()['calibrate'].record}",
    log:
        f"{CALIBRATION}/logs/calibrate.log",
    conda:
        ENVIRONMENT
    params:
        seeds=plan.seeds,
        results=lambda wildcards: CALIBRATION,
        claims=",".join(plan.calibrated()),
    message:
        "Testing the false-alarm rates of all sampled claims"
    shell:
        "python -m descent_audit.assurance.calibrate --gather {params.claims} --seeds {params.seeds} --results {params.results} >{log} 2>&1"


rule calibrate:
    input:
        rules.calibrating.input,
        rules.calibrating.output,
    message:
        "The false-alarm rates are tested"
