"""Files between stages: written whole, sealed."""
