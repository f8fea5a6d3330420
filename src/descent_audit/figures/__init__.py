"""Curves in, drawings out."""
