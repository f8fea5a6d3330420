for section, claims in plan.sections().items():

    rule:
        name:
            f"figures_{section}"
        input:
            curves=expand(rules.simulate.output.curves, claim=claims),
            seals=expand(rules.simulate.output.seal, claim=claims),
            code=plan.code("figures"),
        output:
            report(
                expand(f"{RESULTS}/figures/{{claim}}.svg", claim=claims),
                caption="../report/figure.rst",
                category="Figures",
                subcategory=section.replace("_", " "),
            ),
            expand(f"{RESULTS}/figures/{{claim}}.pdf", claim=claims),
        log:
            f"{LOGS}/figures/{section}.log",
        benchmark:
            f"{TIMES}/figures/{section}.tsv"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=300,
            runtime=10,
        params:
            results=lambda wildcards: RESULTS,
            panels=lambda wildcards, claims=claims: plan.drawing(claims),
            claims=",".join(claims),
        message:
            f"Drawing the figures of the section {section.replace('_', ' ')}"
        shell:
            "python -m descent_audit.figures --results {params.results} --claims {params.claims} >{log} 2>&1"


rule figures:
    input:
        expand(
            f"{RESULTS}/figures/{{claim}}.{{format}}",
            claim=CLAIMS,
            format=["svg", "pdf"],
        ),
