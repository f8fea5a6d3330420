for section, claims in plan.sections().items():

    rule:
        name:
            f"figures_{section}"
        message:
            f"Drawing the figures of the section {section.replace('_', ' ')}"
        input:
            curves=expand(rules.simulate.output.curves, claim=claims),
            seals=expand(rules.simulate.output.seal, claim=claims),
            code=plan.code("figures"),
        output:
            expand(f"{RESULTS}/figures/{{claim}}.{{format}}", claim=claims, format=["svg", "pdf"]),
        params:
            panels=lambda wildcards, claims=claims: plan.drawing(claims),
            claims=",".join(claims),
        log:
            f"{LOGS}/figures/{section}.log",
        benchmark:
            f"{TIMES}/figures/{section}.tsv"
        resources:
            mem_mb=300,
            runtime=10,
        shell:
            "python -m descent_audit.figures --results {RESULTS} --claims {params.claims} >{log} 2>&1"


rule figures:
    input:
        expand(f"{RESULTS}/figures/{{claim}}.{{format}}", claim=CLAIMS, format=["svg", "pdf"]),
