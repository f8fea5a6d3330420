"""Heavy-ball momentum."""
