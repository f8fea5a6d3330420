"""Warmup and early curvature."""
