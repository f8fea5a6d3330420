"""Mini-batch gradients."""
