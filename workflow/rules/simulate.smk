rule shard:
    input:
        code=lambda wildcards: plan.code("stages.observe", wildcards.claim),
        settings=SETTINGS,
    output:
        f"{RESULTS}/shards/{{claim}}/{{shard}}_of_{{shards}}.json",
    log:
        f"{LOGS}/shard/{{claim}}/{{shard}}_of_{{shards}}.log",
    benchmark:
        f"{TIMES}/shard/{{claim}}/{{shard}}_of_{{shards}}.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=lambda wildcards, attempt: 5 * attempt,
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        choice=lambda wildcards: plan.claims[wildcards.claim].choice,
        claim=lambda wildcards: plan.simulation(wildcards.claim),
    message:
        "Drawing shard {wildcards.shard} of {wildcards.shards} of {wildcards.claim} at {SCALE} scale"
    shell:
        "python -m descent_audit.simulate claim={params.choice} scale={params.scale} shard={wildcards.shard} shards={wildcards.shards} output={params.results} print=false >{log} 2>&1"


rule simulate:
    input:
        shards=lambda wildcards: plan.shard_files(wildcards.claim, RESULTS),
        code=lambda wildcards: plan.code("stages.observe", wildcards.claim),
        settings=SETTINGS,
    output:
        observations=f"{RESULTS}/observations/{{claim}}.csv",
        curves=f"{RESULTS}/curves/{{claim}}.csv",
        seal=f"{RESULTS}/seals/{{claim}}.sha256",
    log:
        f"{LOGS}/simulate/{{claim}}.log",
    benchmark:
        f"{TIMES}/simulate/{{claim}}.tsv"
    priority: FIRST
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=lambda wildcards, attempt: 2 * attempt,
    params:
        scale=SCALE,
        results=lambda wildcards: RESULTS,
        choice=lambda wildcards: plan.claims[wildcards.claim].choice,
        claim=lambda wildcards: plan.simulation(wildcards.claim),
        shards=lambda wildcards: plan.shards.get(wildcards.claim, 1),
    message:
        "Simulating {wildcards.claim} at {SCALE} scale"
    shell:
        "python -m descent_audit.simulate claim={params.choice} scale={params.scale} shards={params.shards} output={params.results} print=false >{log} 2>&1"
