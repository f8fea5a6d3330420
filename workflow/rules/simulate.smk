rule shard:
    output:
        f"{RESULTS}/shards/{{claim}}/{{digest}}/{{shard}}_of_{{shards}}.json",
    log:
        f"{LOGS}/shard/{{claim}}/{{digest}}/{{shard}}_of_{{shards}}.log",
    benchmark:
        f"{TIMES}/shard/{{claim}}/{{digest}}/{{shard}}_of_{{shards}}.tsv"
    priority: FIRST
    group:
        "shards"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=lambda wildcards, attempt: 5 * attempt,
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        choice=lambda wildcards: plan.claims[wildcards.claim].choice,
    message:
        "Drawing shard {wildcards.shard} of {wildcards.shards} of {wildcards.claim} at {SCALE} scale"
    shell:
        "python -m descent_audit.simulate claim={params.choice} scale={params.scale} shard={wildcards.shard} shards={wildcards.shards}"
        " planned={wildcards.digest} output={params.results} print=false >{log} 2>&1"


for claim in CLAIMS:

    rule:
        name:
            f"simulate_{claim}"
        input:
            shards=plan.shard_files(claim, RESULTS),
        output:
            observations=f"{RESULTS}/observations/{claim}.csv",
            curves=f"{RESULTS}/curves/{claim}.csv",
            seal=f"{RESULTS}/seals/{claim}.sha256",
            record=records([claim]),
        log:
            f"{LOGS}/simulate/{claim}.log",
        benchmark:
            f"{TIMES}/simulate/{claim}.tsv"
        priority: FIRST
        group:
            "simulations"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=lambda wildcards, attempt: 500 * attempt,
            runtime=lambda wildcards, attempt: 2 * attempt,
        params:
            scale=SCALE,
            results=lambda wildcards: RESULTS,
            choice=plan.claims[claim].choice,
            planned=plan.planned(claim),
            shards=plan.shards.get(claim, 1),
        message:
            f"Simulating {claim} at {SCALE} scale"
        shell:
            "python -m descent_audit.simulate claim={params.choice} scale={params.scale} shards={params.shards}"
            " planned={params.planned} output={params.results} print=false >{log} 2>&1"


SIMULATED = [
    *of_claims("observations"),
    *of_claims("curves"),
    *of_claims("seals", form="sha256"),
    *records(),
]
