for batch, claims in plan.batches().items():

    rule:
        name:
            f"figures_{batch}"
        input:
            curves=expand(rules.simulate.output.curves, claim=claims),
            seals=expand(rules.simulate.output.seal, claim=claims),
            code=plan.code("figures"),
        output:
            report(
                expand(f"{RESULTS}/figures/{{claim}}.svg", claim=claims),
                caption="../report/figure.rst",
                category="Figures",
                subcategory=batch.rpartition("_")[0].replace("_", " "),
            ),
            expand(f"{RESULTS}/figures/{{claim}}.pdf", claim=claims),
            expand(f"{RESULTS}/figures/{{claim}}_strip.svg", claim=plan.strips(claims)),
        log:
            f"{LOGS}/figures/{batch}.log",
        benchmark:
            f"{TIMES}/figures/{batch}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda wildcards: RESULTS,
            panels=lambda wildcards, claims=claims: plan.drawing(claims),
            claims=",".join(claims),
        message:
            f"Drawing the figures of {batch.replace('_', ' ')}"
        shell:
            "python -m descent_audit.figures --results {params.results} --claims {params.claims} >{log} 2>&1"


rule figures:
    input:
        expand(
            f"{RESULTS}/figures/{{claim}}.{{format}}",
            claim=CLAIMS,
            format=["svg", "pdf"],
        ),
        expand(f"{RESULTS}/figures/{{claim}}_strip.svg", claim=plan.strips(CLAIMS)),
