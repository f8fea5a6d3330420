rule status:
    log:
        f"{LOGS}/status.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        config=[f"{key}={value}" for key, value in config.items()],
    message:
        "Telling the state of every claim at {SCALE} scale"
    shell:
        "python -m descent_audit.workflow.status {params.config:q} 2>{log}"
