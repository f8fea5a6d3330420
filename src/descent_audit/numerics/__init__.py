"""Plain numerical tools: bisection, enumeration, fixed data."""
