"""What Snakemake asks: the plan, the cluster, the state."""
