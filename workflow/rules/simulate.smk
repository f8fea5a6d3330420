rule simulate:
    message:
        "Simulating {wildcards.claim} at {SCALE} scale"
    input:
        code=lambda wildcards: plan.code("simulate", wildcards.claim),
        settings=["config/config.yaml", f"config/scale/{SCALE}.yaml"],
    output:
        observations=f"{RESULTS}/observations/{{claim}}.csv",
        curves=f"{RESULTS}/curves/{{claim}}.csv",
        seal=f"{RESULTS}/seals/{{claim}}.sha256",
    params:
        claim=lambda wildcards: plan.simulation(wildcards.claim),
    log:
        f"{LOGS}/simulate/{{claim}}.log",
    benchmark:
        f"{TIMES}/simulate/{{claim}}.tsv"
    resources:
        mem_mb=300,
        runtime=10,
    shell:
        "python -m descent_audit.simulate claim={wildcards.claim} scale={SCALE} output={RESULTS} print=false >{log} 2>&1"
