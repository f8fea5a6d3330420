OLDEST_NUMPY = "2.0.0"
VARIATIONS = ["process", "threads", "single", "oldest", "newest"]
OPTIONS = {"single": "--single"}
THREADS = {"threads": 2}


rule numpy:
    input:
        lock=project_file("requirements.lock"),
    output:
        python="results/stability/numpy/{which}/bin/python",
    log:
        "results/stability/logs/numpy_{which}.log",
    wildcard_constraints:
        which="oldest|newest",
    conda:
        ENVIRONMENT
    params:
        folder=lambda wildcards, output: str(Path(output.python).parents[1]),
        numpy=lambda wildcards: {"oldest": f"=={OLDEST_NUMPY}"}.get(wildcards.which, ""),
    message:
        "Installing the {wildcards.which} NumPy"
    shell:
        "(python -m venv --without-pip {params.folder} && uv pip sync --python {output.python} --require-hashes {input.lock} && uv pip install --python {output.python} --no-deps --upgrade 'numpy{params.numpy}') >{log} 2>&1"


rule variation:
    input:
        python=lambda wildcards: (
            expand(rules.numpy.output.python, which=wildcards.which)
            if wildcards.which in ("oldest", "newest")
            else []
        ),
    output:
        checks="results/stability/{which}/checks.csv",
        about="results/stability/{which}/variation.json",
        record=f"results/stability/{{which}}/{plan.assurance()['variation'].record}",
    log:
        "results/stability/logs/{which}.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        folder=lambda wildcards: f"results/stability/{wildcards.which}",
        python=lambda wildcards, input: input.python or "python",
        threads=lambda wildcards: THREADS.get(wildcards.which, 1),
        options=lambda wildcards: OPTIONS.get(wildcards.which, ""),
        claims=",".join(CLAIMS),
        scale=SCALE,
    message:
        "Running every claim with one thing changed: {wildcards.which}"
    shell:
        "{params.python} -m descent_audit.assurance.stability --run {params.folder} --scale {params.scale} --claims {params.claims} --threads {params.threads} {params.options} >{log} 2>&1"


rule comparing:
    input:
        expand(rules.variation.output, which=VARIATIONS),
        rules.tables.input,
    output:
        "results/stability/stability.csv",
        f"results/stability/{plan.assurance()['stability'].record}",
    log:
        "results/stability/logs/stability.log",
    conda:
        ENVIRONMENT
    params:
        scale=SCALE,
        folder=lambda wildcards: "results/stability",
        results=lambda wildcards: RESULTS,
        named=" ".join(f"{which}=results/stability/{which}" for which in VARIATIONS),
    message:
        "Counting what moved under every variation"
    shell:
        "python -m descent_audit.assurance.stability --compare {params.named} --scale {params.scale} --results {params.results} --output {params.folder} >{log} 2>&1"


rule stability:
    input:
        rules.comparing.input,
        rules.comparing.output,
    message:
        "The runs with one thing changed are compared"
