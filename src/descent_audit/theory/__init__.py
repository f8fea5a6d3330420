"""What is known exactly: operators, stationary laws, second moments."""
