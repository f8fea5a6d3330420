rule simulate:
    input:
        code=lambda wildcards: plan.code("simulate", wildcards.claim),
        settings=["config/config.yaml", f"config/scale/{SCALE}.yaml"],
    output:
        observations=f"{RESULTS}/observations/{{claim}}.csv",
        curves=f"{RESULTS}/curves/{{claim}}.csv",
        seal=f"{RESULTS}/seals/{{claim}}.sha256",
    log:
        f"{LOGS}/simulate/{{claim}}.log",
    benchmark:
        f"{TIMES}/simulate/{{claim}}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=300,
        runtime=10,
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        claim=lambda wildcards: plan.simulation(wildcards.claim),
    message:
        "Simulating {wildcards.claim} at {SCALE} scale"
    shell:
        "python -m descent_audit.simulate claim={wildcards.claim} scale={params.scale} output={params.results} print=false >{log} 2>&1"
