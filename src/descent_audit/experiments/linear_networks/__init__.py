"""Deep linear networks: interpolation and generalization."""
