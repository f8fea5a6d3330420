"""Adaptive rates: RMSProp and Adam."""
