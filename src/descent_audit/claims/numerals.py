"""Digits as small raised letters, for powers of ten in plain text: 10⁻³."""

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
