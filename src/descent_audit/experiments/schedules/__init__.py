"""Learning-rate schedules and line search."""
