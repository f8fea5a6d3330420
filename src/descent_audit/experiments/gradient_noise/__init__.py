"""Gradient noise, escape and flat minima."""
