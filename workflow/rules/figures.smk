for batch, claims in plan.batches().items():

    rule:
        name:
            f"figures_{batch}"
        input:
            of_claims("curves", claims),
            of_claims("seals", claims, "sha256"),
            records(claims),
        output:
            [
                report(
                    f"{RESULTS}/figures/{claim}.svg",
                    caption=f"{WORKING_FOLDER}/{CAPTIONS}/{claim}.rst",
                    category="Figures",
                    subcategory=plan.section(claim),
                    labels=lambda wildcards, claim=claim: plan.labels(claim, RESULTS),
                )
                for claim in claims
            ],
            expand(f"{RESULTS}/figures/{{claim}}_strip.svg", claim=plan.strips(claims)),
            drawn_records(claims, REPORT, DRAWN),
        log:
            f"{LOGS}/figures/{batch}.log",
        benchmark:
            f"{TIMES}/figures/{batch}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda wildcards: RESULTS,
            scale=SCALE,
            claims=",".join(claims),
        message:
            f"Drawing the figures from {claims[0]} to {claims[-1]}"
        shell:
            "python -m descent_audit.figures.draw --scale {params.scale} --results {params.results} --claims {params.claims} >{log} 2>&1"

    rule:
        name:
            f"take_along_{batch}"
        input:
            of_claims("curves", claims),
            of_claims("seals", claims, "sha256"),
            records(claims),
        output:
            expand(f"{RESULTS}/{{drawing}}", drawing=plan.taken_along(claims)),
            drawn_records(claims, plan.figure_style, plan.formats()),
        log:
            f"{LOGS}/figures/{batch}_{plan.figure_style}.log",
        benchmark:
            f"{TIMES}/figures/{batch}_{plan.figure_style}.tsv"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=300,
            runtime=10,
        params:
            results=lambda wildcards: RESULTS,
            scale=SCALE,
            claims=",".join(claims),
            style=plan.figure_style,
            formats=",".join(plan.formats()),
        message:
            f"Drawing the figures from {claims[0]} to {claims[-1]} in the style {plan.figure_style}"
        shell:
            "python -m descent_audit.figures.draw --scale {params.scale} --results {params.results} --claims {params.claims}"
            " --style {params.style} --formats {params.formats} >{log} 2>&1"


rule drawings:
    input:
        SIMULATED,
        expand(f"{RESULTS}/figures/{{claim}}.{{form}}", claim=CLAIMS, form=DRAWN),
        expand(f"{RESULTS}/figures/{{claim}}_strip.svg", claim=plan.strips(CLAIMS)),
        drawn_records(CLAIMS, REPORT, DRAWN),
    message:
        "The figures of the report are drawn"


rule figures:
    input:
        rules.drawings.input,
        expand(f"{RESULTS}/{{drawing}}", drawing=plan.taken_along(CLAIMS)),
        drawn_records(CLAIMS, plan.figure_style, plan.formats()),
    message:
        "The figures to take along are drawn"
