"""Ill-conditioning and preconditioning."""
